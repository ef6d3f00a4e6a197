# The target "script" of test/fuzz/run: the fuzzer in a backend. To be sourced.
# shellcheck shell=bash disable=SC2154 # here, root, work and seconds are set by run

# A statement for postgres --single, one line each.
ask_single() { # DATA STATEMENT LOG
    as_server "$("$PG_CONFIG" --bindir)/postgres" --single -F -j -c search_path=public -c max_stack_depth=7MB -c log_min_messages=error -c client_min_messages=error -D "$1" postgres <<<"$2" >"$3" 2>&1
}

run_script_target() {
    local folder status=0 arguments found=$work/script.found new=$work/script.new seeds=$here/corpus/script
    PG_CONFIG=$("$root/tools/install-packages" test)
    export PG_CONFIG
    make --no-print-directory -s -C "$root/extension" PG_CONFIG="$PG_CONFIG" query.h
    make --no-print-directory -s -j "$(nproc)" -C "$here/server" PG_CONFIG="$PG_CONFIG" CLANG="$clang" BUILD="$work/server"
    folder=$(make_work_folder slipway-fuzz)
    mkdir -p "$found" "$new" "$seeds"
    cp -r "$seeds" "$folder/seeds"
    mkdir "$folder/new" "$folder/found"
    cp "$work/server/fuzz_script.so" "$folder"
    cp "$new"/* "$folder/new" 2>/dev/null || true
    [ "$(id -u)" -ne 0 ] || chown -R "$(server_user)" "$folder"
    as_server "$("$PG_CONFIG" --bindir)/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$work/script.initdb" 2>&1
    ask_single "$folder/data" "CREATE FUNCTION fuzz_script(text[]) RETURNS integer LANGUAGE c AS '$folder/fuzz_script', 'fuzz_script'" "$work/script.create"
    # Signals and time are the server's own business.
    arguments="-max_total_time=$seconds,-max_len=4096,-timeout=0,-rss_limit_mb=0,-handle_int=0,-handle_term=0,-handle_usr1=0,-handle_usr2=0,-use_value_profile=0"
    arguments="$arguments,-print_final_stats=1,-dict=$folder/words,-artifact_prefix=$folder/found/,$folder/new,$folder/seeds"
    cp "$here/server/words" "$folder/words"
    chmod 644 "$folder/words"
    ask_single "$folder/data" "SELECT fuzz_script('{$arguments}')" "$work/script.log" || status=$?
    cp "$folder"/new/* "$new" 2>/dev/null || true
    cp "$folder"/found/* "$found" 2>/dev/null || true
    if [ "${FUZZ_KEEP:-}" = yes ]; then
        as_server mkdir "$folder/merged"
        arguments="-merge=1,-timeout=0,-rss_limit_mb=0,-handle_int=0,-handle_term=0,$folder/merged,$folder/seeds,$folder/new"
        ask_single "$folder/data" "SELECT fuzz_script('{$arguments}')" "$work/script.merge" || true
        cp "$folder"/merged/* "$seeds" 2>/dev/null || true
    fi
    rm -rf "$folder"
    grep -q 'Done ' "$work/script.log" || status=1
    count_result script "$status"
}
