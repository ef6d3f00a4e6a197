#!/usr/bin/env bash
# Runs the migrations of an environment as Jobs of Kubernetes, and shows what
# they say. Needs kubectl 1.21 or newer and nothing else. "migrate.sh --help"
# says how; doc/kubernetes.md says more.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
program=$(basename "${BASH_SOURCE[0]}")

env_name=
overlay=
namespace=
image=
timeout=900
yes=no
running=no
steps=()                # what rollback is given, as one option of slipway's
work=
context=
follower=               # the process that shows a log as it comes
kubectl=("${KUBECTL:-kubectl}")

readonly EXIT_FAILED=1 EXIT_USAGE=2 EXIT_UNKNOWN=3

usage() {
    cat <<END
Usage: $program [OPTION]... COMMAND

Commands:
  migrate           start the migration Job, show what it says, wait for its end
  rollback WHAT     the same for the rollback Job, after a question
  verify            the same for the Job that checks folder, history and database
  status            show the Jobs and their pods; exit 0 if the last migration
                    succeeded, 1 if it failed, 3 if it runs or there is none
  logs [JOB]        show what migrate (default), rollback or verify has said
  cleanup [JOB]     delete the Jobs that have ended; with --running the others too

WHAT of rollback, one of:
  --steps N         the newest N migrations
  --to NAME         all behind NAME, which stays
  --script FILE     run this file of the image in place of the down script
  --all             all migrations

Options:
  -e, --env NAME         environment: a folder of $(short "$here/kubernetes/overlays")
      --overlay DIR      the same, elsewhere
  -n, --namespace NAME   namespace (default: that of the environment)
      --image IMAGE      image with slipway and the migrations, NAME:TAG or NAME@DIGEST
                         (default: that of the environment)
      --context NAME     context of kubectl (default: the current one)
      --timeout SECONDS  how long to wait for the end of a Job (default: $timeout)
  -y, --yes              do not ask before a rollback
  -h, --help             this help

Exit code: 0 done, 1 failed, 2 wrong use.
END
}

say() {
    printf '%s\n' "$*" >&2
}

die() { # EXIT-CODE MESSAGE
    local code=$1
    shift
    say "$program: error: $*"
    exit "$code"
}

misuse() {
    say "$program: error: $*"
    say "hint: Run \"$program --help\"."
    exit "$EXIT_USAGE"
}

# A path as seen from here, if it is below.
short() {
    printf '%s' "${1#"$PWD"/}"
}

k() {
    "${kubectl[@]}" "$@"
}

clean_up() {
    [ -z "$work" ] || rm -rf "$work"
}

# --- the command line

needs_value() { # OPTION COUNT
    [ "$2" -ge 2 ] || misuse "option $1 needs a value"
}

take_step() { # OPTION [VALUE]
    [ ${#steps[@]} -eq 0 ] || misuse "rollback takes one of --steps, --to, --script and --all"
    case $1 in
        --steps) [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || misuse "--steps needs a number from 1, not \"$2\"" ;;
        # They become part of a manifest: nothing that YAML could read otherwise.
        --to | --script) [[ $2 =~ ^[A-Za-z0-9_./+@-]+$ ]] || misuse "$1 needs a name of letters, digits and _ . / + @ -, not \"$2\"" ;;
    esac
    steps=("$1${2:+=$2}")
}

words=()

parse_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --*=*)
                local option=${1%%=*} value=${1#*=}
                shift
                set -- "$option" "$value" "$@"
                ;;
        esac
        case $1 in
            -h | --help) usage; exit 0 ;;
            -y | --yes) yes=yes; shift ;;
            --running) running=yes; shift ;;
            --all) take_step --all; shift ;;
            -e | --env) needs_value "$1" $#; env_name=$2; shift 2 ;;
            --overlay) needs_value "$1" $#; overlay=$2; shift 2 ;;
            -n | --namespace) needs_value "$1" $#; namespace=$2; shift 2 ;;
            --image) needs_value "$1" $#; image=$2; shift 2 ;;
            --context) needs_value "$1" $#; context=$2; kubectl+=(--context "$2"); shift 2 ;;
            --timeout) needs_value "$1" $#; timeout=$2; shift 2 ;;
            --steps | --to | --script) needs_value "$1" $#; take_step "$1" "$2"; shift 2 ;;
            -*) misuse "unknown option $1" ;;
            *) words+=("$1"); shift ;;
        esac
    done
}

check_options() {
    [[ $timeout =~ ^[1-9][0-9]{0,6}$ ]] || misuse "--timeout needs a number of seconds, not \"$timeout\""
    [ -z "$namespace" ] || [[ $namespace =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] || misuse "\"$namespace\" is no name of a namespace"
    [ -z "$image" ] || [[ $image =~ ^[A-Za-z0-9][A-Za-z0-9._/:@-]*$ ]] || misuse "\"$image\" is no name of an image"
    if [ -n "$overlay" ]; then
        [ -z "$env_name" ] || misuse "--env and --overlay exclude each other"
    else
        [ -n "$env_name" ] || misuse "which environment? --env is one of: $(environments)"
        if ! [[ $env_name =~ ^[A-Za-z0-9_.-]+$ ]] || ! [ -d "$here/kubernetes/overlays/$env_name" ]; then
            misuse "no environment \"$env_name\"; there are: $(environments)"
        fi
        overlay=$here/kubernetes/overlays/$env_name
    fi
    [ -f "$overlay/migrate/kustomization.yaml" ] || misuse "$(short "$overlay") has no migrate/kustomization.yaml"
    command -v "${kubectl[0]}" >/dev/null || die "$EXIT_FAILED" "no ${kubectl[0]} here"
}

environments() {
    local folder list=
    for folder in "$here"/kubernetes/overlays/*/; do
        list+=${list:+, }$(basename "$folder")
    done
    printf '%s' "$list"
}

# --- manifests

# The Job as the overlay has it, with what the command line changes. kustomize
# takes no absolute paths, so the way goes up to the root and down again.
render() { # JOB [ROLLBACK]
    local job=$1 up target
    target=$(cd "$overlay/$job" 2>/dev/null && pwd -P) || die "$EXIT_FAILED" "$(short "$overlay") has no folder $job"
    [ -n "$work" ] || work=$(cd "$(mktemp -d)" && pwd -P)
    up=$(printf '%s' "${work#/}/" | sed 's#[^/]*/#../#g')
    {
        echo "resources: ['$up${target#/}']"
        [ -z "$namespace" ] || echo "namespace: '$namespace'"
    } >"$work/kustomization.yaml"
    if [ -n "${2:-}" ]; then
        cat >>"$work/kustomization.yaml" <<END
patches:
  - target: {kind: Job, name: slipway-rollback}
    patch: |-
      apiVersion: batch/v1
      kind: Job
      metadata: {name: slipway-rollback}
      spec: {template: {spec: {initContainers: [{name: rollback, env: [{name: ROLLBACK, value: '$2'}]}]}}}
END
    fi
    k kustomize "$work" >"$work/rendered" || die "$EXIT_FAILED" "the manifests of $(short "$target") cannot be rendered"
    # Not by kustomize, which wants to know the name that is to be replaced.
    if [ -n "$image" ]; then
        sed "s|^\( *-\{0,1\} *\)image: .*|\1image: $image|" "$work/rendered" >"$work/manifest"
    else
        cp "$work/rendered" "$work/manifest"
    fi
}

# Where the rendered Job goes.
find_namespace() {
    [ -z "$namespace" ] || return 0
    render migrate
    namespace=$(sed -n 's/^  namespace: //p' "$work/manifest" | head -n 1)
    [ -n "$namespace" ] || namespace=$(k config view --minify -o 'jsonpath={..namespace}')
    namespace=${namespace:-default}
}

# --- Jobs

# running, complete, failed, none, or unknown if the API does not say.
job_state() { # JOB
    local condition
    condition=$(k -n "$namespace" get job "slipway-$1" --ignore-not-found \
        -o 'jsonpath={.metadata.name}{range .status.conditions[?(@.status=="True")]} {.type}{end}') || {
        echo unknown
        return
    }
    case " $condition " in
        *' Complete '*) echo complete ;;
        *' Failed '*) echo failed ;;
        '  ') echo none ;;
        *) echo running ;;
    esac
}

# Why it failed, in the words of the Job controller.
failure() { # JOB
    k -n "$namespace" get job "slipway-$1" \
        -o 'jsonpath={range .status.conditions[?(@.type=="Failed")]}{.reason}: {.message}{end}'
}

pods_of() { # UID
    k -n "$namespace" get pods -l "controller-uid=$1" --sort-by=.metadata.creationTimestamp \
        -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
}

# All containers, in the order in which they run.
containers_of() { # POD
    k -n "$namespace" get pod "$1" --ignore-not-found \
        -o 'jsonpath={range .spec.initContainers[*]}{.name}{"\n"}{end}{range .spec.containers[*]}{.name}{"\n"}{end}'
}

# Its state as the API has it, empty if there is no pod any more.
container_state() { # POD CONTAINER
    k -n "$namespace" get pod "$1" --ignore-not-found \
        -o "jsonpath={.status.phase}{.status.initContainerStatuses[?(@.name==\"$2\")].state}{.status.containerStatuses[?(@.name==\"$2\")].state}"
}

show_logs() { # POD CONTAINER [OPTION...]
    local pod=$1 container=$2
    shift 2
    say "--- $pod $container"
    k -n "$namespace" logs "$pod" -c "$container" "$@" || say "no more logs of $pod $container"
}

# Shows a log as it comes, until the container or the time is over. In the background, as a
# signal would otherwise have to wait for its end.
follow_logs() { # POD CONTAINER UNTIL [OPTION...]
    local pod=$1 container=$2 left=$(($3 - SECONDS))
    shift 3
    [ "$left" -gt 0 ] || return 0
    # not through the function: the process is to be kubectl's own
    "${kubectl[@]}" -n "$namespace" logs "$pod" -c "$container" --follow --request-timeout="${left}s" "$@" &
    follower=$!
    wait "$follower" || true
    follower=
}

# What keeps a container from starting, in a word, or nothing.
waiting_reason() { # POD STATE
    local reason
    reason=$(printf '%s' "$2" | sed -n 's/.*"reason":"\([A-Za-z]*\)".*/\1/p')
    [ -n "$reason" ] || reason=$(k -n "$namespace" get pod "$1" --ignore-not-found \
        -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}')
    case $reason in PodInitializing | ContainerCreating) ;; *) printf '%s' "$reason" ;; esac
}

# Follows a container from its start to its end. What keeps it from starting is said once. A
# connection that is cut, as one where nothing is said for long may be, is made anew. Fails when
# the pod is over or the time is.
follow_container() { # POD CONTAINER UNTIL
    local state said='' since='' ended=0
    while :; do
        state=$(container_state "$1" "$2")
        case $state in
            *terminated*)
                [ -n "$since" ] || show_logs "$1" "$2"
                return 0
                ;;
            *running*)
                # the API may be some seconds late to know of an end
                if [ -z "$since" ]; then
                    say "--- $1 $2"
                    follow_logs "$1" "$2" "$3"
                    since=$(date -u +%Y-%m-%dT%H:%M:%SZ) ended=$SECONDS
                elif [ $((SECONDS - ended)) -ge 5 ]; then
                    follow_logs "$1" "$2" "$3" "--since-time=$since"
                    since=$(date -u +%Y-%m-%dT%H:%M:%SZ) ended=$SECONDS
                fi
                ;;
            '' | Failed* | Succeeded*) return 1 ;;
            *)
                state=$(waiting_reason "$1" "$state")
                case $state in
                    '' | "$said") ;;
                    *) said=$state; say "$1 $2 waits: $state" ;;
                esac
                ;;
        esac
        [ "$SECONDS" -lt "$3" ] || return 1
        sleep 1
    done
}

follow_pod() { # POD UNTIL
    local container
    for container in $(containers_of "$1"); do
        follow_container "$1" "$container" "$2" || return 0
    done
}

# Follows the pods of a Job, one after the other, until it has ended.
follow_job() { # JOB UID
    local pod seen=' ' began=$SECONDS until=$((SECONDS + timeout)) state
    while :; do
        if [ "$began" -ge 0 ] && [ "$seen" = ' ' ] && [ $((SECONDS - began)) -ge 10 ]; then
            say "slipway-$1 has no pod yet; \"kubectl -n $namespace describe job slipway-$1\" may say why"
            began=-1
        fi
        # before the pods: whatever it has started by then is shown
        state=$(job_state "$1")
        for pod in $(pods_of "$2"); do
            case $seen in *" $pod "*) continue ;; esac
            seen+="$pod "
            follow_pod "$pod" "$until"
        done
        case $state in
            complete) say "slipway-$1: succeeded"; return 0 ;;
            failed) die "$EXIT_FAILED" "slipway-$1 failed: $(failure "$1")" ;;
            none) die "$EXIT_FAILED" "slipway-$1 was deleted" ;;
        esac
        [ "$SECONDS" -lt "$until" ] ||
            die "$EXIT_FAILED" "slipway-$1 has not ended within $timeout s and goes on; \"$program logs $1\" shows it"
        sleep 1
    done
}

leave() { # JOB
    [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
    say "$program: left; slipway-$1 goes on. \"$program logs $1\" shows it, \"$program cleanup $1 --running\" ends it."
    exit "$EXIT_FAILED"
}

# A Job cannot be changed: the one of the last time goes first.
run_job() { # JOB [ROLLBACK]
    local uid
    render "$@"
    k -n "$namespace" delete job "slipway-$1" --ignore-not-found >&2
    k -n "$namespace" apply -f "$work/manifest" >&2
    uid=$(k -n "$namespace" get job "slipway-$1" -o 'jsonpath={.metadata.uid}')
    trap 'leave "$job"' INT TERM HUP
    follow_job "$1" "$uid"
    trap - INT TERM HUP
}

# --- commands

confirm() { # WHAT
    local answer where
    [ "$yes" = no ] || return 0
    [ -t 0 ] || die "$EXIT_USAGE" "a rollback needs --yes where nobody can be asked"
    # which does not heed --context, and fails where a pod's own account is used
    where=${context:-$(k config current-context 2>/dev/null || echo "this cluster")}
    say "This rolls back ($1) in namespace $namespace of $where."
    say "What the down scripts drop is lost, with its data."
    printf 'Type the name of the namespace to go on: ' >&2
    read -r answer || answer=
    [ "$answer" = "$namespace" ] || die "$EXIT_FAILED" "not confirmed, nothing was done"
}

command_rollback() {
    case $(job_state rollback) in
        running) die "$EXIT_FAILED" "slipway-rollback runs; \"$program cleanup rollback --running\" ends it" ;;
        unknown) exit "$EXIT_FAILED" ;;
    esac
    confirm "${steps[0]}"
    run_job rollback "${steps[0]}"
}

command_status() {
    k -n "$namespace" get jobs,pods -l app.kubernetes.io/name=slipway
    case $(job_state migrate) in
        complete) say "slipway-migrate: succeeded" ;;
        failed) say "slipway-migrate: failed: $(failure migrate)"; exit "$EXIT_FAILED" ;;
        running) say "slipway-migrate: runs"; exit "$EXIT_UNKNOWN" ;;
        none) say "slipway-migrate: there is none"; exit "$EXIT_UNKNOWN" ;;
        unknown) exit "$EXIT_FAILED" ;;
    esac
}

command_logs() { # JOB
    local uid pod container
    uid=$(k -n "$namespace" get job "slipway-$1" --ignore-not-found -o 'jsonpath={.metadata.uid}')
    [ -n "$uid" ] || die "$EXIT_FAILED" "there is no Job slipway-$1 in namespace $namespace"
    for pod in $(pods_of "$uid"); do
        for container in $(containers_of "$pod"); do
            case $(container_state "$pod" "$container") in
                *running* | *terminated*) show_logs "$pod" "$container" ;;
            esac
        done
    done
}

command_cleanup() { # [JOB]
    local one state
    for one in ${1:-migrate rollback verify}; do
        state=$(job_state "$one")
        case $state in
            none) ;;
            unknown) exit "$EXIT_FAILED" ;;
            running)
                if [ "$running" = yes ]; then
                    k -n "$namespace" delete job "slipway-$one"
                else
                    say "slipway-$one runs: kept"
                fi
                ;;
            *) k -n "$namespace" delete job "slipway-$one" ;;
        esac
    done
}

main() {
    local command job=migrate
    parse_options "$@"
    [ ${#words[@]} -gt 0 ] || misuse "which command?"
    command=${words[0]}
    case $command in
        migrate | rollback | verify) job=$command; [ ${#words[@]} -eq 1 ] || misuse "unexpected argument \"${words[1]}\"" ;;
        status) [ ${#words[@]} -eq 1 ] || misuse "unexpected argument \"${words[1]}\"" ;;
        logs | cleanup)
            [ ${#words[@]} -le 2 ] || misuse "unexpected argument \"${words[2]}\""
            case ${words[1]:-migrate} in
                migrate | rollback | verify) ;;
                *) misuse "no Job \"${words[1]}\": there are migrate, rollback and verify" ;;
            esac
            ;;
        *) misuse "unknown command \"$command\"" ;;
    esac
    [ "$command" != rollback ] || [ ${#steps[@]} -eq 1 ] || misuse "rollback needs one of --steps, --to, --script and --all"
    [ "$command" = rollback ] || [ ${#steps[@]} -eq 0 ] || misuse "${steps[0]%%=*} is for rollback"
    [ "$command" = cleanup ] || [ "$running" = no ] || misuse "--running is for cleanup"
    check_options
    trap clean_up EXIT
    find_namespace
    case $command in
        migrate | verify) run_job "$command" ;;
        rollback) command_rollback ;;
        status) command_status ;;
        logs) command_logs "${words[1]:-migrate}" ;;
        cleanup) command_cleanup "${words[1]:-}" ;;
    esac
}

main "$@"
