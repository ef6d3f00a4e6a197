#!/usr/bin/env bash
# Tries the migrations of a pull request on a throwaway server and writes a report
# in Markdown. First comes what the target branch has, as that is what the
# database will be at; then the plan for what is new, its rehearsal, and the
# migrations themselves with their verify scripts.
#
# The server is the one that DATABASE_URL or another of slipway's variables says;
# the role has to be a superuser, as the extension is created. Everything in the
# database may be changed.
#
# usage: pull-request.sh [BASE]
#   BASE               branch or commit that the pull request is for (default: origin/main)
#   MIGRATIONS_PATH    folder of the migrations (default: migrations)
#   FAIL_ON            severity of findings that is a failure, as "danger" (default: none is)
#   REPORT             file of the report (default: migrations-report.md)
#
# Exit code: 0, or that of the first step that failed; 2 for wrong use. With GITHUB_STEP_SUMMARY
# or TF_BUILD set, the report is handed to GitHub or Azure too.
# shellcheck disable=SC2317 # clean_up and apply_base are called by name
set -euo pipefail

base=${1:-origin/main}
folder=${MIGRATIONS_PATH:-migrations}
report=${REPORT:-migrations-report.md}
slipway=${SLIPWAY:-slipway}
work=
failed=0
unset MIGRATIONS_PATH

say() {
    printf '%s\n' "$*" >&2
}

misuse() {
    say "pull-request.sh: error: $*"
    exit 2
}

clean_up() {
    [ -z "$work" ] || rm -rf "$work"
}

# A step: its title, and what the command says, in the report and here.
step() { # TITLE COMMAND...
    local title=$1 status=0
    shift
    [ "$failed" -eq 0 ] || return 0
    "$@" >"$work/out" 2>&1 || status=$?
    cat "$work/out" >&2
    {
        if [ "$status" -eq 0 ]; then printf '### %s\n\n' "$title"; else printf '### :x: %s\n\n' "$title"; fi
        # four: a script that is shown may have three
        printf '````\n'
        cat "$work/out"
        printf '````\n\n'
        [ "$status" -eq 0 ] || printf 'Exit code %s.\n\n' "$status"
    } >>"$report"
    failed=$status
}

# The migrations as BASE has them.
base_migrations() {
    mkdir "$work/base"
    # a branch that has none yet is one with an empty folder
    if [ -n "$(git ls-tree "$base" -- "$folder")" ]; then
        git archive "$base" -- "$folder" | tar -x -C "$work/base"
    else
        mkdir -p "$work/base/$folder"
    fi
}

apply_base() {
    "$slipway" wait --timeout 120s && "$slipway" init && "$slipway" migrate --dir "$work/base/$folder"
}

hand_over() {
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$report" >>"$GITHUB_STEP_SUMMARY"; fi
    if [ -n "${TF_BUILD:-}" ]; then echo "##vso[task.uploadsummary]$(cd "$(dirname "$report")" && pwd)/$(basename "$report")"; fi
}

[ $# -le 1 ] || misuse "one argument at most"
case $folder in /*) misuse "MIGRATIONS_PATH has to be a folder of the repository, not $folder" ;; esac
# in a container the files often belong to somebody else, which git would refuse
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$PWD
[ -d "$folder" ] || misuse "no folder $folder here"
git rev-parse --quiet --verify "$base^{commit}" >/dev/null || misuse "no commit $base here: has it been fetched?"
command -v "$slipway" >/dev/null || misuse "no program $slipway here"
trap clean_up EXIT
work=$(mktemp -d)
printf '## Migrations\n\nOf %s, for a database as of %s.\n\n' "$(git rev-parse --short HEAD)" "$(git rev-parse --short "$base")" >"$report"
base_migrations
step "State of $base" apply_base
step 'Plan' "$slipway" plan --dir "$folder"
step 'Validation' "$slipway" validate --dir "$folder"
step 'Rehearsal' "$slipway" rehearse --yes --verify ${FAIL_ON:+--fail-on "$FAIL_ON"} --dir "$folder"
step 'Migration' "$slipway" migrate --verify --dir "$folder"
step 'State afterwards' "$slipway" status --exit-code --dir "$folder"
hand_over
exit "$failed"
