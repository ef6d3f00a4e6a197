-- CALL slipway.migrate() only works at top level, and says so anywhere else;
-- a migration cannot start another run.
\i test/fixture/start.psql
CREATE TABLE seen (n serial, value text);
CALL migration('0001', 'INSERT INTO seen (value) VALUES (''0001'')');

-- In a transaction block, explicit or implied.
BEGIN;
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
SAVEPOINT here;
\set VERBOSITY terse
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO here;
SELECT 1 AS still_sound;
COMMIT;
SELECT 1 AS first \; CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate() \; SELECT 1 AS second;
\echo :LAST_ERROR_SQLSTATE
\set AUTOCOMMIT off
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
\set AUTOCOMMIT on

-- In DO, a function, a procedure, dynamic SQL, a trigger.
DO $$BEGIN CALL slipway.migrate(); END$$;
\echo :LAST_ERROR_SQLSTATE
DO $$BEGIN EXECUTE 'CALL slipway.migrate()'; END$$;
\echo :LAST_ERROR_SQLSTATE
DO $$BEGIN COMMIT; CALL slipway.migrate(); END$$;
\echo :LAST_ERROR_SQLSTATE
CREATE PROCEDURE run_plpgsql() LANGUAGE plpgsql AS $$BEGIN CALL slipway.migrate(); END$$;
CALL run_plpgsql();
\echo :LAST_ERROR_SQLSTATE
CREATE PROCEDURE run_commit() LANGUAGE plpgsql AS $$BEGIN COMMIT; CALL slipway.migrate(); END$$;
CALL run_commit();
\echo :LAST_ERROR_SQLSTATE
CREATE PROCEDURE run_sql() LANGUAGE sql AS 'CALL slipway.migrate()';
CALL run_sql();
\echo :LAST_ERROR_SQLSTATE
CREATE PROCEDURE run_definer() LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN CALL slipway.migrate(); END$$;
CALL run_definer();
\echo :LAST_ERROR_SQLSTATE
CREATE PROCEDURE run_set() LANGUAGE plpgsql SET search_path = public AS $$BEGIN CALL slipway.migrate(); END$$;
CALL run_set();
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION run_function() RETURNS void LANGUAGE plpgsql AS $$BEGIN CALL slipway.migrate(); END$$;
SELECT run_function();
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION run_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN CALL slipway.migrate(); RETURN new; END$$;
CREATE TRIGGER run BEFORE INSERT ON seen FOR EACH ROW EXECUTE FUNCTION run_trigger();
INSERT INTO seen (value) VALUES ('trigger');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER run ON seen;
-- Caught, it leaves nothing either.
DO $$BEGIN CALL slipway.migrate(); EXCEPTION WHEN active_sql_transaction THEN RAISE NOTICE 'caught'; END$$;
SELECT slipway.migrate();

-- Nothing of all that has run, and no lock is left.
SELECT count(*) FROM seen;
SELECT count(*) FROM slipway.run;
SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'object');

-- In a script: plainly it is refused before anything runs.
\set VERBOSITY default
CALL migration('0002', E'INSERT INTO seen (value) VALUES (''outer'');\nCALL slipway.migrate();');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM seen;
-- Hidden it fails when it runs, and nothing of the script is left.
CALL migration('0003', 'INSERT INTO seen (value) VALUES (''inner'')');
CALL migration('0002', E'INSERT INTO seen (value) VALUES (''outer'');\nDO $$BEGIN CALL slipway.migrate(); END$$;');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
CALL migration('0002', E'INSERT INTO seen (value) VALUES (''outer'');\nDO $$BEGIN EXECUTE ''CALL slipway.migrate()''; END$$;');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0002', 'INSERT INTO seen (value) VALUES (''outer''); CALL run_plpgsql()');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0002', 'SET search_path = slipway; CALL migrate()');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0002', 'SELECT run_function()');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
-- Another project's run is another run.
CALL migration('0001', 'INSERT INTO seen (value) VALUES (''other'')', 'other');
CALL migration('0002', $$DO 'BEGIN CALL slipway.migrate(''other''); END'$$);
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT value FROM seen ORDER BY n;
SELECT project, migration, state FROM slipway.status ORDER BY 1, 2;
-- A script that adds migrations adds them for the next run.
CALL migration('0002', $$SELECT slipway.add_migration('0004', 'INSERT INTO seen (value) VALUES (''added'')')$$);
CALL slipway.migrate();
SELECT migration, state FROM slipway.status WHERE project = 'default';
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT number, outcome FROM slipway.run WHERE project = 'default' ORDER BY number;
