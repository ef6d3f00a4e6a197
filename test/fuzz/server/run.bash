# The target "script" of test/fuzz/run: the fuzzer in a backend. To be sourced.
# shellcheck shell=bash disable=SC2154 # here, root, work and seconds are set by run

single_options='-F -j -c search_path=public -c max_stack_depth=7MB -c log_min_messages=error -c client_min_messages=error'

# A statement for postgres --single, one line each.
ask_single() { # FOLDER STATEMENT LOG
    # shellcheck disable=SC2086 # they are words
    FUZZ_AGAIN=$1/again as_server "$("$PG_CONFIG" --bindir)/postgres" --single $single_options -D "$1/data" postgres <<<"$2" >"$3" 2>&1
}

# The module, and a cluster of its own for each call of the fuzzer.
prepare_script() {
    PG_CONFIG=$("$root/tools/install-packages" test)
    export PG_CONFIG
    make --no-print-directory -s -C "$root/extension" PG_CONFIG="$PG_CONFIG" query.h
    make --no-print-directory -s -j "$(nproc)" -C "$here/server" PG_CONFIG="$PG_CONFIG" CLANG="$clang" BUILD="$work/server"
}

# What the fuzzer calls in place of itself, where an input that ends the process must not end it: another backend, in a copy of
# the cluster. It gives that its arguments.
write_again() { # FOLDER
    cat >"$1/again" <<END
#!/bin/bash
IFS=,
exec "$("$PG_CONFIG" --bindir)/postgres" --single $single_options -D "$1/data.again" postgres <<<"SELECT fuzz_script('{\$*}')"
END
    chmod 755 "$1/again"
}

# Calls the fuzzer in a new cluster; what it writes is in FOLDER.
in_backend() { # FOLDER LOG ARGUMENTS
    write_again "$1"
    [ "$(id -u)" -ne 0 ] || chown -R "$(server_user)" "$1"
    as_server "$("$PG_CONFIG" --bindir)/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/script.initdb" 2>&1
    ask_single "$1" "CREATE FUNCTION fuzz_script(text[]) RETURNS integer LANGUAGE c AS '$1/fuzz_script', 'fuzz_script'" "$work/script.create"
    as_server cp -r "$1/data" "$1/data.again"
    # Signals and time are the server's own business.
    ask_single "$1" "SELECT fuzz_script('{$3,-timeout=0,-rss_limit_mb=0,-handle_int=0,-handle_term=0,-handle_usr1=0,-handle_usr2=0}')" "$2"
}

# The scripts of other tests, in pieces: paragraphs, and what stands between dollar quotes, as most of them are strings there.
cut_seeds() { # FOLDER
    local separator
    mkdir "$1"
    for separator in '\n\n+' '[$][a-z]*[$]'; do
        awk -v RS="$separator" -v folder="$1" -v kind="${#separator}" \
            'length($0) > 1 && length($0) < 2048 { file = folder "/" kind "_" NR; printf "%s\n", $0 >file; close(file) }' \
            "$root"/sql/*.sql "$root"/test/adversary/*.sql "$root"/test/isolation/specs/*.spec "$root"/demo/migrations/*.sql
    done
}

# A folder that the server's user may use, with the module and all inputs.
script_folder() {
    local folder
    folder=$(make_work_folder slipway-fuzz)
    mkdir "$folder/new" "$folder/found"
    cut_seeds "$folder/pieces"
    cp -r "$here/corpus/script" "$folder/seeds"
    cp "$here/server/words" "$work/server/fuzz_script.so" "$folder"
    find "$work/script.new" -type f -exec cp -t "$folder/new" {} +
    echo "$folder"
}

fuzz_script() {
    local folder status=0
    folder=$(script_folder)
    in_backend "$folder" "$work/script.log" \
        "-max_total_time=$seconds,-max_len=4096,-use_value_profile=0,-print_final_stats=1,-dict=$folder/words,-artifact_prefix=$folder/found/,$folder/new,$folder/seeds,$folder/pieces" || status=$?
    find "$folder/new" -type f -exec cp -t "$work/script.new" {} +
    find "$folder/found" -type f -exec cp -t "$work/script.found" {} +
    rm -rf "$folder"
    grep -q '^Done ' "$work/script.log" || status=1
    return "$status"
}

# How often code is reached does not count here: it is what makes the fuzzer go on, and thousands of inputs.
keep_script() {
    local folder status=0
    folder=$(script_folder)
    in_backend "$folder" "$work/script.merge" "-merge=1,-use_counters=0,$folder/seeds,$folder/new,$folder/pieces" || status=$?
    find "$folder/seeds" -type f -exec cp -t "$here/corpus/script" {} +
    rm -rf "$folder"
    return "$status"
}
