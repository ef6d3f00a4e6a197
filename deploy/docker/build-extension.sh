#!/bin/sh
# Builds the extension for PostgreSQL MAJOR on Debian and puts it into ROOT, below the
# paths of the packages postgresql-MAJOR. A stage of Dockerfile.postgres and
# Dockerfile.extension.
#
# usage: build-extension.sh SOURCE MAJOR ROOT
set -eu

[ $# -eq 3 ] || { echo "usage: build-extension.sh SOURCE MAJOR ROOT" >&2; exit 2; }

export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends gcc libc6-dev make libssl-dev "postgresql-server-dev-$2"
make -C "$1/extension" PG_CONFIG="/usr/lib/postgresql/$2/bin/pg_config" clean
make -C "$1/extension" PG_CONFIG="/usr/lib/postgresql/$2/bin/pg_config" -j "$(nproc)"
make -C "$1/extension" PG_CONFIG="/usr/lib/postgresql/$2/bin/pg_config" DESTDIR="$3" install
