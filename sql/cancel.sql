-- slipway.cancel() and slipway.progress, as far as one session can see them.
\i test/fixture/start.psql

SELECT outcome($$SELECT slipway.cancel()$$);
CALL project('default');
SELECT slipway.cancel();
SELECT slipway.cancel(NULL) IS NULL AS nothing;
-- Who holds the lock without a run is not cancelled.
SELECT pg_advisory_lock(slipway.lock_key('default'));
SELECT slipway.cancel();
SELECT pg_advisory_unlock(slipway.lock_key('default'));
-- What nothing ever ran in has a row all the same.
SELECT project, run, outcome, applied, pid FROM slipway.progress;

-- A script that cancels its own run is rolled back.
CALL migration('0001_a', 'CREATE TABLE a ()');
CALL migration('0002_b', 'CREATE TABLE b (); SELECT slipway.cancel(); SELECT pg_sleep(60)');
\set VERBOSITY terse
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') IS NOT NULL AS b;
SELECT migration, outcome, sqlstate FROM slipway.log ORDER BY entry;
SELECT project, run, outcome, finished_at > started_at AS ended, role = session_user AS mine, applied, migration, pid, statement FROM slipway.progress;

-- What a script sees of its own run.
CALL migration('0002_b', 'CREATE TABLE seen AS SELECT * FROM slipway.progress');
CALL slipway.migrate();
SELECT project, run, outcome, finished_at, applied, migration, migration_started_at >= started_at AS later, pid = pg_backend_pid() AS mine, statement FROM seen;
SELECT project, run, outcome, applied, migration, pid FROM slipway.progress;

-- A run whose backend has gone: its row says that it goes on, but nobody holds the lock.
UPDATE slipway.run SET outcome = 'running', finished_at = NULL, backend_pid = pg_backend_pid() WHERE number = 2;
SELECT run, outcome, pid FROM slipway.progress;
SELECT slipway.cancel();

-- A long script is cut for as long as somebody waits for that; to be cancelled is no finding about it.
CREATE TABLE long AS SELECT E'-- $\nSELECT 1' || repeat(', 1', 1000000) AS script;
SET statement_timeout = '20ms';
SELECT c.* FROM long, slipway.check_script('0003_c', script) c;
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
