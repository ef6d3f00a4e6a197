#!/usr/bin/env bash
# Puts the kubeconfig of KUBECONFIG_CONTENT where kubectl looks for it, readable
# by nobody else.
set -euo pipefail

[ -n "${KUBECONFIG_CONTENT:-}" ] || { echo "kubeconfig.sh: error: KUBECONFIG_CONTENT is not set" >&2; exit 2; }
umask 077
mkdir -p "$HOME/.kube"
# a file that is there already keeps who may read it
rm -f "$HOME/.kube/config"
printf '%s\n' "$KUBECONFIG_CONTENT" >"$HOME/.kube/config"
