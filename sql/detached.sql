-- slipway.migrate_detached(), as far as one session can see it.
\i test/fixture/start.psql

-- Waits for the end of all detached deploys; then a line about each.
CREATE PROCEDURE await() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM slipway.detached WHERE outcome = 'running');
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
CREATE VIEW ended AS
SELECT project, number, outcome, runs, applied, finished_at > started_at AS ended, pid, role = session_user AS mine, application_name
  FROM slipway.detached ORDER BY started_at;

-- What can be said before a worker starts is said.
SELECT outcome($$SELECT slipway.migrate_detached()$$);
CALL project('default');
SELECT outcome($$SELECT slipway.migrate_detached(NULL)$$);
SELECT outcome($$SELECT slipway.migrate_detached('default', NULL)$$);
SELECT outcome($$SELECT slipway.migrate_detached(options => '{"lock_wait": "soon"}')$$);
SELECT outcome($$SELECT slipway.migrate_detached(options => '[]')$$);
BEGIN READ ONLY;
SELECT outcome($$SELECT slipway.migrate_detached()$$);
COMMIT;
SELECT count(*) FROM slipway.detached;

-- What ends before there is a run: there is nothing to do, or an error in a script.
SELECT slipway.migrate_detached();
CALL await();
CALL migration('0001_bad', E'SELECT 1;\n\n SELEC 2');
SELECT slipway.migrate_detached();
CALL await();
TABLE ended;
SELECT number, sqlstate, message, hint, context FROM slipway.detached ORDER BY number;
SELECT count(*) FROM slipway.run;

-- A run that fails, one that does the work, one with nothing to do.
CALL migration('0001_bad', 'CREATE TABLE a ()');
CALL migration('0002_b', E'CREATE TABLE b ();\nSELECT 1/0');
SELECT slipway.migrate_detached();
CALL await();
CALL migration('0002_b', E'CREATE TABLE b ()');
SELECT slipway.migrate_detached();
CALL await();
SELECT slipway.migrate_detached();
CALL await();
SELECT * FROM ended WHERE number > 2;
SELECT sqlstate, message, context FROM slipway.detached WHERE number = 3;
SELECT migration, outcome, run, sqlstate, message, line_number, application_name FROM slipway.history ORDER BY entry;
SELECT number, outcome, detached FROM slipway.run ORDER BY number;
SELECT * FROM slipway.verify_history();

-- It does not see what is not committed.
BEGIN;
CALL migration('0003_c', 'CREATE TABLE c ()');
SELECT slipway.migrate_detached();
CALL await();
COMMIT;
SELECT to_regclass('c');
SELECT slipway.migrate_detached();
CALL await();
SELECT to_regclass('c');
-- Nor does a rollback undo it.
CALL migration('0004_d', 'CREATE TABLE d ()');
BEGIN;
SELECT slipway.migrate_detached();
CALL await();
ROLLBACK;
SELECT to_regclass('d');
-- A script cannot begin one: a rehearsal of it would not take that back.
SELECT slipway.create_project('begins');
SELECT slipway.add_migration('0001_begins', 'SELECT slipway.migrate_detached()', project => 'begins') IS NOT NULL AS added;
CALL slipway.rehearse('begins');
CALL slipway.migrate('begins');
SELECT count(*) FROM slipway.detached WHERE number > 8;
-- Several at once: they wait for each other, whoever is first does the work.
CALL migration('0005_e', 'CREATE TABLE e (); SELECT pg_sleep(0.1)');
SELECT count(slipway.migrate_detached()) FROM generate_series(1, 3);
CALL await();
SELECT outcome, count(*), sum(applied), count(runs) FROM slipway.detached WHERE number > 8 GROUP BY outcome;

-- Settings and role are the caller's.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_detached, regress_detached_owner;
CREATE ROLE regress_detached LOGIN;
CREATE ROLE regress_detached_owner;
RESET client_min_messages;
SELECT slipway.grant_role('regress_detached', 'deployer');
GRANT CREATE, USAGE ON SCHEMA public TO regress_detached, regress_detached_owner;
CALL migration('0006_f', $$CREATE TABLE f AS SELECT session_user AS session, current_user AS "current", current_schemas(false) AS schemas,
  string_agg(name || '=' || current_setting(name), ' ') AS settings
  FROM unnest('{work_mem,seq_page_cost,timezone,datestyle,slipway.retries,app.tenant,lock_timeout,statement_timeout,synchronous_commit,extra_float_digits,bytea_output,client_encoding,transaction_isolation,session_replication_role}'::text[]) name$$);
CREATE SCHEMA elsewhere AUTHORIZATION regress_detached;
SET work_mem = '7MB';
SET seq_page_cost = 1.25;
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German';
SET slipway.retries = 3;
SET slipway.lock_timeout = '3s';
SET statement_timeout = '1h';
SET app.tenant = 'o''neil \ "x"';
SET search_path = elsewhere, public;
SET extra_float_digits = 3;
SET bytea_output = escape;
SET synchronous_commit = local;
-- By the right of a superuser, which the role below does not have.
SET session_replication_role = replica;
SET default_transaction_isolation = 'repeatable read';
SET application_name = 'caller';
SET ROLE regress_detached;
SELECT slipway.migrate_detached();
CALL await();
RESET ROLE;
RESET default_transaction_isolation;
RESET session_replication_role;
RESET timezone;
RESET datestyle;
SET search_path = public;
SELECT outcome, message FROM slipway.detached WHERE number = 12;
SELECT session = session_user AS same_session, "current", schemas, settings FROM elsewhere.f;
SELECT session_role = session_user AS session, effective_role, application_name FROM slipway.history WHERE migration = '0006_f';

-- A project with an owner role.
CALL project('owned', '{public}', 'regress_detached_owner');
CALL migration('0001_a', 'CREATE TABLE owned AS SELECT session_user AS session, current_user AS "current"', 'owned');
SET SESSION AUTHORIZATION regress_detached;
SELECT slipway.migrate_detached('owned');
CALL await();
RESET SESSION AUTHORIZATION;
SELECT session, "current" FROM owned;
SELECT session_role, effective_role FROM slipway.history WHERE project = 'owned';
-- Names and options that are no words.
CALL project('it''s "x" \ %s');
CALL migration('0001_a', 'CREATE TABLE quoted ()', 'it''s "x" \ %s');
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT slipway.migrate_detached(name, '{"client_version": "''\\\\"}') FROM slipway.project WHERE name LIKE 'it%';
RESET standard_conforming_strings;
RESET escape_string_warning;
CALL await();
SELECT to_regclass('quoted'), client_version FROM slipway.history WHERE project LIKE 'it%';

-- An identity that lasts only as long as a function is none for a worker.
CREATE FUNCTION borrowed() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT slipway.migrate_detached()';
SELECT outcome('SELECT borrowed()');
CREATE FUNCTION indexed(integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT slipway.migrate_detached()';
CREATE TABLE trap (i integer);
INSERT INTO trap VALUES (1);
ALTER TABLE trap OWNER TO regress_detached;
SELECT outcome('CREATE INDEX ON trap (indexed(i))');
CALL migration('0002_b', 'SELECT slipway.migrate_detached()', 'owned');
\set VERBOSITY terse
CALL slipway.migrate('owned');
\set VERBOSITY default
-- What is there only for parts of a session stays there.
SELECT count(*) FROM slipway.detached WHERE project = 'default' AND number > 12;

-- Who died is known by pid and start.
UPDATE slipway.detached_run SET outcome = 'running', finished_at = NULL, backend_pid = pg_backend_pid() WHERE project = 'default' AND number = 1;
SELECT number, outcome, pid FROM slipway.detached WHERE project = 'default' AND number = 1;
SELECT slipway.cancel();
UPDATE slipway.detached_run SET backend_started_at = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) WHERE project = 'default' AND number = 1;
SELECT number, outcome, pid = pg_backend_pid() AS mine FROM slipway.detached WHERE project = 'default' AND number = 1;
UPDATE slipway.detached_run SET outcome = 'failed' WHERE project = 'default' AND number = 1;

DROP TABLE trap, owned, elsewhere.f;
DROP SCHEMA elsewhere;
SET client_min_messages = error;
DROP EXTENSION pg_slipway CASCADE;
REVOKE ALL ON SCHEMA public FROM regress_detached, regress_detached_owner;
DROP ROLE regress_detached, regress_detached_owner;
CREATE EXTENSION pg_slipway;
