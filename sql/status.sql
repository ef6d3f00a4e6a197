-- slipway.status, slipway.compare() and slipway.schema_migrations: the state
-- of every migration.
\i test/fixture/start.psql

CREATE FUNCTION line(name text, up text) RETURNS text LANGUAGE sql
    AS $$ SELECT hash_of(up) || ' - - versioned ' || name || E'\n' $$;
CREATE FUNCTION compare(VARIADIC lines text[]) RETURNS TABLE (n integer, migration text, state text) LANGUAGE sql
    AS $$ SELECT position, migration, state
            FROM slipway.compare(E'slipway-manifest 1 order=auto\n' || array_to_string(lines, ''), 'state') $$;

-- Nothing there.
SELECT * FROM slipway.status;
CALL project('state');
SELECT * FROM slipway.status;
SELECT * FROM slipway.schema_migrations;
SELECT * FROM slipway.lock_holder;
SELECT * FROM compare('');

-- applied, pending, failed
CALL migration('0002_b', 'SELECT 2', 'state');
CALL migration('0004_d', 'SELECT 4', 'state');
CALL migration('0006_f', 'SELECT 6/0', 'state');
CALL migration('0008_h', 'SELECT 8', 'state');
SELECT project, position, migration, state, applied_hash, applied_at, duration, applied_by, run FROM slipway.status;
\set VERBOSITY terse
CALL slipway.migrate('state');
SELECT position, migration, state, script_hash IS NOT NULL AS script, applied_hash = script_hash AS same,
       applied_at <= clock_timestamp() AS past, duration > '0' AS lasted, applied_by = session_user AS by, run
  FROM slipway.status ORDER BY position;
-- Replaced, it is still the one that failed last.
CALL migration('0006_f', 'SELECT 6', 'state');
SELECT migration, state FROM slipway.status;
-- changed, missing, future, out of order: a folder against the history. The
-- last applied ones that the folder lacks may come from a newer release.
CALL slipway.migrate('state');
SELECT migration, state FROM slipway.status;
SELECT * FROM compare(line('0002_b', 'SELECT 2'), line('0004_d', 'SELECT 4'), line('0006_f', 'SELECT 6'), line('0008_h', 'SELECT 8'));
SELECT * FROM compare(line('0001_a', 'SELECT 1'), line('0002_b', 'SELECT 22'), line('0006_f', 'SELECT 6'));
SELECT * FROM compare(line('0002_b', 'SELECT 2'), line('0009_i', 'SELECT 9'));
SELECT * FROM compare('');
-- Pending after what it knows, below what a newer release has applied.
SELECT * FROM compare(line('0002_b', 'SELECT 2'), line('0003_c', 'SELECT 3'));
-- Its script need not be there, and nothing is stored.
SELECT count(*) FROM slipway.manifest WHERE project = 'state';
SELECT count(*) FROM slipway.migration WHERE name IN ('0001_a', '0003_c', '0009_i');
SELECT script_hash = hash_of('SELECT 22') AS script, applied_hash = hash_of('SELECT 2') AS applied, applied_by = session_user AS by, run
  FROM slipway.compare(E'slipway-manifest 1 order=auto\n' || line('0002_b', 'SELECT 22'), 'state') WHERE migration = '0002_b';
SELECT script_hash, applied_hash IS NOT NULL AS applied, run
  FROM slipway.compare(E'slipway-manifest 1 order=auto\n', 'state') WHERE migration = '0006_f';
-- A migration that only failed and is in no manifest is nothing to show.
CALL project('gone');
CALL migration('0001_a', 'SELECT 1/0', 'gone');
CALL slipway.migrate('gone');
SELECT * FROM slipway.compare(E'slipway-manifest 1 order=auto\n', 'gone');

-- One row per applied migration, with and without .sql.
SELECT name, script, applied_at IS NOT NULL AS applied, project FROM slipway.schema_migrations ORDER BY name;

-- Each project by itself, also those without migrations of the same name.
CALL migration('0002_b', 'SELECT ''other''', 'other');
SELECT project, migration, state FROM slipway.status ORDER BY 1, 2;
CALL slipway.migrate('other');
SELECT project, migration, state FROM slipway.status WHERE project = 'other';
SELECT count(*) FROM slipway.schema_migrations WHERE name = '0002_b';

-- Bad arguments.
SELECT outcome($$SELECT * FROM slipway.compare('x')$$);
SELECT outcome($$SELECT * FROM slipway.compare('x', 'state')$$);
SELECT outcome($$SELECT * FROM slipway.compare(E'slipway-manifest 1 order=auto\n', 'nowhere')$$);
SELECT count(*) FROM slipway.compare(NULL, 'state');

-- Who holds the lock of a project: here somebody who froze deploys.
SELECT pg_advisory_lock(slipway.lock_key('other'));
SELECT project, pid = pg_backend_pid() AS me, role = session_user AS role FROM slipway.lock_holder;
SELECT pg_advisory_unlock(slipway.lock_key('other'));
SELECT count(*) FROM slipway.lock_holder;
SELECT slipway.lock_key('default'), slipway.lock_key('other') <> slipway.lock_key('state') AS differ, slipway.lock_key(NULL);

-- The history, and the run that each state comes from.
SELECT entry, run, migration, action, outcome, sqlstate FROM slipway.log WHERE project = 'state' ORDER BY entry;
