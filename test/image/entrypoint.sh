#!/bin/bash
# What tests need of the entry point of the official image "postgres": a cluster in the
# volume, a database, the scripts of /docker-entrypoint-initdb.d, then the server.
set -euo pipefail

data=/var/lib/postgresql/data

if [ "$1" != postgres ]; then exec "$@"; fi
if [ "$(id -u)" -eq 0 ]; then
    mkdir -p "$data" /var/run/postgresql
    chown postgres "$data" /var/run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
export POSTGRES_USER=postgres
if [ ! -e "$data/PG_VERSION" ]; then
    initdb -D "$data" -U postgres --auth-local=trust --auth-host=scram-sha-256 --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --no-sync >/dev/null
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    pg_ctl -D "$data" -o "-c listen_addresses=''" -w start >/dev/null
    createdb -U postgres "$POSTGRES_DB"
    for script in /docker-entrypoint-initdb.d/*.sh; do
        echo "running $script"
        "$script"
    done
    pg_ctl -D "$data" -m fast -w stop >/dev/null
fi
exec postgres -D "$data" -c listen_addresses='*'
