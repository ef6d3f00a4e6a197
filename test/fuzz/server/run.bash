# The target "script" of test/fuzz/run: the fuzzer in a backend. To be sourced.
# shellcheck shell=bash disable=SC2154 # here, root, work and seconds are set by run

# A statement for postgres --single, one line each.
ask_single() { # DATA STATEMENT LOG
    as_server "$("$PG_CONFIG" --bindir)/postgres" --single -F -j -c search_path=public -c max_stack_depth=7MB -c log_min_messages=error -c client_min_messages=error -D "$1" postgres <<<"$2" >"$3" 2>&1
}

# The module, and a cluster of its own for each call of the fuzzer.
prepare_script() {
    PG_CONFIG=$("$root/tools/install-packages" test)
    export PG_CONFIG
    make --no-print-directory -s -C "$root/extension" PG_CONFIG="$PG_CONFIG" query.h
    make --no-print-directory -s -j "$(nproc)" -C "$here/server" PG_CONFIG="$PG_CONFIG" CLANG="$clang" BUILD="$work/server"
}

# Calls the fuzzer in a new cluster; what it writes is in FOLDER.
in_backend() { # FOLDER LOG ARGUMENTS
    [ "$(id -u)" -ne 0 ] || chown -R "$(server_user)" "$1"
    as_server "$("$PG_CONFIG" --bindir)/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/script.initdb" 2>&1
    ask_single "$1/data" "CREATE FUNCTION fuzz_script(text[]) RETURNS integer LANGUAGE c AS '$1/fuzz_script', 'fuzz_script'" "$work/script.create"
    # Signals and time are the server's own business.
    ask_single "$1/data" "SELECT fuzz_script('{$3,-timeout=0,-rss_limit_mb=0,-handle_int=0,-handle_term=0,-handle_usr1=0,-handle_usr2=0}')" "$2"
}

# A folder that the server's user may use, with the module and all inputs.
script_folder() {
    local folder
    folder=$(make_work_folder slipway-fuzz)
    mkdir "$folder/new" "$folder/found" "$folder/merged"
    cp -r "$here/corpus/script" "$folder/seeds"
    cp "$here/server/words" "$work/server/fuzz_script.so" "$folder"
    find "$work/script.new" -type f -exec cp -t "$folder/new" {} +
    echo "$folder"
}

fuzz_script() {
    local folder status=0
    folder=$(script_folder)
    in_backend "$folder" "$work/script.log" \
        "-max_total_time=$seconds,-max_len=4096,-use_value_profile=0,-print_final_stats=1,-dict=$folder/words,-artifact_prefix=$folder/found/,$folder/new,$folder/seeds" || status=$?
    find "$folder/new" -type f -exec cp -t "$work/script.new" {} +
    find "$folder/found" -type f -exec cp -t "$work/script.found" {} +
    rm -rf "$folder"
    grep -q '^Done ' "$work/script.log" || status=1
    return "$status"
}

keep_script() {
    local folder status=0
    folder=$(script_folder)
    in_backend "$folder" "$work/script.merge" "-merge=1,$folder/merged,$folder/seeds,$folder/new" || status=$?
    find "$folder/merged" -type f -exec cp -t "$here/corpus/script" {} +
    rm -rf "$folder"
    return "$status"
}
