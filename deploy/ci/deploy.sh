#!/usr/bin/env bash
# The step of a pipeline that gates a deployment: deletes the migration Job of last
# time, starts one with this release's image, streams what it says, waits for its
# end, and fails if it failed. What is deployed afterwards runs only then.
#
# usage: deploy.sh ENVIRONMENT IMAGE [TIMEOUT]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: deploy.sh ENVIRONMENT IMAGE [TIMEOUT]" >&2
    exit 2
fi

status=0
"$here/../migrate.sh" --env "$1" --image "$2" --timeout "${3:-900}" migrate || status=$?
if [ "$status" -eq 1 ]; then
    echo "--- state" >&2
    "$here/../migrate.sh" --env "$1" status >&2 || true
    if [ -n "${GITHUB_ACTIONS:-}" ]; then
        echo "::error::the migrations of $1 failed: nothing after them is deployed"
    elif [ -n "${TF_BUILD:-}" ]; then
        echo "##vso[task.logissue type=error]the migrations of $1 failed: nothing after them is deployed"
    fi
fi
exit "$status"
