#!/bin/sh
# Builds the client on Debian and puts it into ROOT, with everything that it needs
# to run. A stage of Dockerfile.client.
#
# usage: build-client.sh SOURCE ROOT
set -eu

[ $# -eq 2 ] || { echo "usage: build-client.sh SOURCE ROOT" >&2; exit 2; }

export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends gcc libc6-dev make pkg-config libpq-dev libssl-dev libjansson-dev libcurl4-openssl-dev libyaml-dev ca-certificates
make -C "$1/client" clean
make -C "$1/client" -j "$(nproc)"
"$1/deploy/docker/collect-client.sh" "$1/client/slipway" "$2"
