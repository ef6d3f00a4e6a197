# Targets of test/fuzz/run where the fuzzer is in a backend: script, value. To be sourced.
# shellcheck shell=bash disable=SC2154 # here, root, work and seconds are set by run

single_options='-F -j -c search_path=public -c max_stack_depth=7MB -c log_min_messages=error -c client_min_messages=error'

# A statement for postgres --single, one line each.
ask_single() { # FOLDER STATEMENT LOG
    # shellcheck disable=SC2086 # they are words
    FUZZ_AGAIN=$1/again as_server "$("$PG_CONFIG" --bindir)/postgres" --single $single_options -D "$1/data" postgres <<<"$2" >"$3" 2>&1
}

is_of_server() { # TARGET
    [ -f "$here/server/fuzz_$1.c" ]
}

# The modules; each call of the fuzzer has a cluster of its own.
prepare_backend() {
    PG_CONFIG=$("$root/tools/install-packages" test)
    export PG_CONFIG
    make --no-print-directory -s -C "$root/extension" PG_CONFIG="$PG_CONFIG" query.h
    make --no-print-directory -s -j "$(nproc)" -C "$here/server" PG_CONFIG="$PG_CONFIG" CLANG="$clang" BUILD="$work/server"
}

# What the fuzzer calls in place of itself, where an input that ends the process must not end it: another backend, in a copy of
# the cluster. It gives that its arguments.
write_again() { # TARGET FOLDER
    cat >"$2/again" <<END
#!/bin/bash
IFS=,
exec "$("$PG_CONFIG" --bindir)/postgres" --single $single_options -D "$2/data.again" postgres <<<"SELECT fuzz_$1('{\$*}')"
END
    chmod 755 "$2/again"
}

# Calls the fuzzer in a new cluster; what it writes is in FOLDER.
in_backend() { # TARGET FOLDER LOG ARGUMENTS
    write_again "$1" "$2"
    [ "$(id -u)" -ne 0 ] || chown -R "$(server_user)" "$2"
    as_server "$("$PG_CONFIG" --bindir)/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/$1.initdb" 2>&1
    ask_single "$2" "CREATE FUNCTION fuzz_$1(text[]) RETURNS integer LANGUAGE c AS '$2/fuzz_$1', 'fuzz_$1'" "$work/$1.create"
    as_server cp -r "$2/data" "$2/data.again"
    # Signals and time are the server's own business.
    ask_single "$2" "SELECT fuzz_$1('{$4,-timeout=0,-rss_limit_mb=0,-handle_int=0,-handle_term=0,-handle_usr1=0,-handle_usr2=0}')" "$3"
}

# The scripts of other tests, in pieces: paragraphs, and what stands between dollar quotes, as most of them are strings there.
cut_seeds() { # FOLDER
    local separator
    for separator in '\n\n+' '[$][a-z]*[$]'; do
        awk -v RS="$separator" -v folder="$1" -v kind="${#separator}" \
            'length($0) > 1 && length($0) < 2048 { file = folder "/" kind "_" NR; printf "%s\n", $0 >file; close(file) }' \
            "$root"/sql/*.sql "$root"/test/adversary/*.sql "$root"/test/isolation/specs/*.spec "$root"/demo/migrations/*.sql
    done
}

# A folder that the server's user may use, with the module and all inputs.
backend_folder() { # TARGET
    local folder
    folder=$(make_work_folder slipway-fuzz)
    mkdir "$folder/new" "$folder/found" "$folder/pieces"
    if [ "$1" = script ]; then cut_seeds "$folder/pieces"; fi
    cp -r "$here/corpus/$1" "$folder/seeds"
    cp "$here/server/$1.words" "$work/server/fuzz_$1.so" "$folder"
    find "$work/$1.new" -type f -exec cp -t "$folder/new" {} +
    echo "$folder"
}

fuzz_backend() { # TARGET
    local folder status=0
    folder=$(backend_folder "$1")
    in_backend "$1" "$folder" "$work/$1.log" \
        "-max_total_time=$seconds,-max_len=4096,-use_value_profile=0,-print_final_stats=1,-dict=$folder/$1.words,-artifact_prefix=$folder/found/,$folder/new,$folder/seeds,$folder/pieces" || status=$?
    find "$folder/new" -type f -exec cp -t "$work/$1.new" {} +
    find "$folder/found" -type f -exec cp -t "$work/$1.found" {} +
    rm -rf "$folder"
    grep -q '^Done ' "$work/$1.log" || status=1
    return "$status"
}

# How often code is reached does not count here: it is what makes the fuzzer go on, and thousands of inputs.
keep_backend() { # TARGET
    local folder status=0
    folder=$(backend_folder "$1")
    in_backend "$1" "$folder" "$work/$1.merge" "-merge=1,-use_counters=0,$folder/seeds,$folder/new,$folder/pieces" || status=$?
    find "$folder/seeds" -type f -exec cp -t "$here/corpus/$1" {} +
    rm -rf "$folder"
    return "$status"
}
