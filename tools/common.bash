# Functions of the scripts that run throwaway servers. To be sourced.
# shellcheck shell=bash

say() {
    printf '%s\n' "$*" >&2
}

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root, and there is no sudo: $*"
    fi
}

# initdb and postgres refuse to run as root: then they run as "postgres", or as
# "nobody" where a server without Debian's package has not made that user.
server_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# From / because that user may not be able to enter the current folder.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec runuser -u "$(server_user)" -- "$@")
    else
        "$@"
    fi
}

# A new folder below the system's temporary one, short enough for the path of
# a socket, that nobody but the server's user can enter.
make_work_folder() { # PREFIX
    local folder
    folder=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX")
    if [ "${#folder}" -gt 70 ]; then
        rmdir "$folder"
        die "the path of TMPDIR is too long for a socket: $folder"
    fi
    chown "$(server_user)" "$folder"
    echo "$folder"
}

# What is set for the caller's own databases must not reach ours.
forget_connection_settings() {
    local name
    for name in $(compgen -e); do
        case $name in
            PG_CONFIG | PG_TEST_* | PG_COLOR) ;;
            PG* | SLIPWAY_* | DB_* | DATABASE_URL | DSN | MIGRATIONS_PATH) unset "$name" ;;
        esac
    done
}

# make install, with rights if its folders need them
install_with_rights() { # FOLDER TARGET...
    local folder=$1 prefix=()
    shift
    [ -w "$folder" ] || prefix=(as_root)
    "${prefix[@]}" make --no-print-directory -s PG_CONFIG="$PG_CONFIG" "$@"
}

# Starts a new server in FOLDER/data that listens on a socket in FOLDER only.
# The superuser is "postgres", whoever runs it. Lines of standard input go into
# its configuration. SERVER_WRAP: a command that runs the server, as valgrind does.
start_server() { # FOLDER PORT [INITDB_OPTION...]
    local folder=$1 port=$2 bin
    shift 2
    bin=$("$PG_CONFIG" --bindir)
    as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync "$@" >"$folder/initdb.log" 2>&1 || {
        cat "$folder/initdb.log" >&2
        die "initdb failed"
    }
    {
        echo "listen_addresses = ''"
        echo "port = $port"
        echo "unix_socket_directories = '$folder'"
        echo "unix_socket_permissions = 0700"
        echo "fsync = off"
        cat
    } >>"$folder/data/postgresql.conf"
    if [ -n "${SERVER_WRAP:-}" ]; then
        # for the server alone: not every program bears it
        printf '#!/bin/sh\nexec %s %s/postgres "$@"\n' "$SERVER_WRAP" "$bin" >"$folder/postgres"
        chmod 755 "$folder/postgres"
    fi
    as_server "$bin/pg_ctl" ${SERVER_WRAP:+-p "$folder/postgres" -t 600} -D "$folder/data" -l "$folder/server.log" -w start >/dev/null || {
        tail -n 20 "$folder/server.log" >&2
        die "the server did not start"
    }
}

# Stops every server whose data is somewhere in FOLDER, by its pid file.
stop_servers() { # FOLDER MODE
    local bin file
    bin=$("$PG_CONFIG" --bindir)
    while IFS= read -r -d '' file; do
        as_server "$bin/pg_ctl" -D "${file%/postmaster.pid}" -m "$2" -w stop >/dev/null 2>&1 || true
    done < <(find "$1" -name postmaster.pid -print0 2>/dev/null)
}
