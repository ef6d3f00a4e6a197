# Clients that look at what they do themselves, for test/run. To be sourced.
# shellcheck shell=bash disable=SC2154 # work is set by test/run
#
# INSTRUMENT=asan       built with the address and undefined behaviour sanitizers
# INSTRUMENT=valgrind   run under valgrind
# INSTRUMENT=coverage   that counts its lines, into COVERAGE_FOLDER; see test/coverage
#
# Each finding is a file in the folder "finding", so that it counts even where a
# test expects the client to fail. What is a leak: a command that ends with an
# error leaves its message, and what it was busy with, to the system; that is one
# object from each place. A place that loses several of them would lose more the
# more there is to do.

sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
valgrind_options="--quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=none --error-exitcode=99 --vgdb=no"

# Arguments of make for a build of its own; empty without an instrument.
instrument_flags() {
    case ${INSTRUMENT:-} in
        asan) printf '%s\n' "CFLAGS=-O1 -g $sanitizers" "LDFLAGS=$sanitizers" ;;
        coverage) printf '%s\n' "CFLAGS=-O0 -g --coverage" "LDFLAGS=--coverage -Wl,--wrap=_exit,--wrap=execvp $work/bin/keep_counters.o" "BUILD=$COVERAGE_FOLDER/unit" ;;
        valgrind) printf '%s\n' "CFLAGS=-O1 -g" "RUN=valgrind $valgrind_options --log-file=$work/finding/unit.%p" ;;
    esac
}

# Puts the client to test into WORK/bin, which is first in PATH for the suites.
instrument_client() {
    local flags=()
    [ -n "${INSTRUMENT:-}" ] || return 0
    mapfile -t flags < <(instrument_flags)
    mkdir "$work/bin" "$work/finding"
    [ "$INSTRUMENT" != coverage ] || ${CC:-cc} -c -o "$work/bin/keep_counters.o" "$work/tree/test/fixture/keep_counters.c"
    make --no-print-directory -s -j "$(nproc)" -C "$work/tree/client" "${flags[@]}" \
        BUILD="${COVERAGE_FOLDER:-$work/bin/build}" PROGRAM="$work/bin/slipway"
    if [ "$INSTRUMENT" = valgrind ]; then
        mkdir "$work/bin/plain"
        mv "$work/bin/slipway" "$work/bin/plain/slipway"
        printf '#!/bin/sh\nexec valgrind %s --log-file=%s/finding/slipway.%%p %s/bin/plain/slipway "$@"\n' \
            "$valgrind_options" "$work" "$work" >"$work/bin/slipway"
        chmod 755 "$work/bin/slipway"
    fi
    # 0: a leak is no reason for another exit code than the one that is tested
    export ASAN_OPTIONS="exitcode=0:log_path=$work/finding/asan"
    export UBSAN_OPTIONS="print_stacktrace=1:log_path=$work/finding/ubsan"
    [ "$(id -u)" -ne 0 ] || chown -R "$(server_user)" "$work/bin" "$work/finding"
}

# A report without its paragraphs about single objects, and what goes with them.
filter_report() { # FILE
    sed 's/^==[0-9]*== \{0,1\}//' "$1" | awk 'BEGIN { RS = ""; ORS = "\n\n" }
        /^(=+\n)?ERROR: LeakSanitizer/ || /^SUMMARY: .* leaked in / || /^Indirect leak/ { next }
        /in 1 object\(s\) allocated/ || /in 1 blocks are definitely lost/ { next }
        { print }'
}

# Shows and counts what was found.
count_findings() {
    local file report
    [ -n "${INSTRUMENT:-}" ] || return 0
    while IFS= read -r -d '' file; do
        report=$(filter_report "$file")
        [ -n "$report" ] || continue
        say "--- $(basename "$file")"
        head -n 60 <<<"$report" >&2
        count 0 1
    done < <(find "$work/finding" -type f -size +0 -print0)
}
