from adapter import Adapter, first_line
from migration import Migration, put

# Reads the history, and has the shell make the list of files that are not in it.
RUN = r"""\set QUIET on
\set ON_ERROR_STOP on
\getenv pending BENCH_PENDING
\o /dev/null
SET client_min_messages = warning;
SELECT pg_advisory_lock(77);
CREATE TABLE IF NOT EXISTS public.bench_history (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
\pset tuples_only on
\pset format unaligned
SELECT name FROM public.bench_history ORDER BY name COLLATE "C" \g |LC_ALL=C comm -13 - list | sed 's|^|\\i x/|' >"$BENCH_PENDING"
\i :pending
"""

SHELL = """BENCH_PENDING=$(mktemp)
export BENCH_PENDING
psql -X -f run.sql
status=$?
rm -f "$BENCH_PENDING"
exit $status"""


class PsqlPerfile(Adapter):
    """One psql session, with a transaction and a history row for each file, under an advisory lock."""
    name = "psql-perfile"
    history = "SELECT count(*) FROM bench_history"

    def version(self):
        return first_line("psql", "--version")

    def prepare(self, folder, files):
        super().prepare(folder, files)
        migrations = sorted((Migration(file) for file in files), key=lambda migration: migration.name)
        for migration in migrations:
            begin, commit = ("BEGIN;\n", "COMMIT;\n") if migration.transactional else ("", "")
            put(f"{folder}/x/{migration.name}",
                f"{begin}\\i m/{migration.name}\n"
                f"INSERT INTO public.bench_history (name) VALUES ('{migration.name}');\n{commit}")
        put(f"{folder}/list", "".join(migration.name + "\n" for migration in migrations))
        put(f"{folder}/run.sql", RUN)

    def command(self, folder, database):
        return ["sh", "-c", SHELL]
