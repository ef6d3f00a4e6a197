-- Verify scripts: what is applied, and with each migration before it is recorded.
\i test/fixture/start.psql
\set VERBOSITY terse
-- verified(name, up, verify) adds a migration with a verify script.
CREATE PROCEDURE verified(name text, up text, verify text, project text DEFAULT 'default') LANGUAGE sql
    AS $$ SELECT slipway.add_migration(name, up, verify => verify, project => project) $$;
CREATE VIEW record AS SELECT migration, action, outcome, sqlstate, message, line_number AS line, column_number AS "column", context FROM slipway.history ORDER BY entry;
CREATE VIEW state AS SELECT migration, state, units_done FROM slipway.status;
CALL project('default');

-- Nothing, or nothing to verify.
CALL slipway.verify();
CALL migration('0001_a', 'CREATE TABLE a (id integer PRIMARY KEY, n integer CHECK (n > 0)); INSERT INTO a VALUES (1, 1)');
CALL slipway.verify();
CALL slipway.migrate();
CALL slipway.verify();

-- What a script does is taken back, whatever it is.
CALL verified('0002_b', 'CREATE TABLE b (id integer REFERENCES a DEFERRABLE INITIALLY DEFERRED)', $$
INSERT INTO b VALUES (1);
DELETE FROM a WHERE false;
CREATE TABLE leftover ();
CREATE TEMP TABLE temporary_leftover ();
SET search_path = pg_catalog;
SET work_mem = '8MB';
PREPARE prepared_leftover AS SELECT 1;
DECLARE cursor_leftover CURSOR WITH HOLD FOR SELECT 1;
LISTEN channel_leftover;
SELECT pg_advisory_lock(4711);
DO $x$ BEGIN INSERT INTO public.a VALUES (2, 0); RAISE EXCEPTION 'the check is missing'; EXCEPTION WHEN check_violation THEN END $x$;
$$);
SET check_function_bodies = off;
CREATE FUNCTION leftovers() RETURNS text LANGUAGE sql AS $$
SELECT concat_ws(' ', to_regclass('leftover'), to_regclass('temporary_leftover'), (SELECT count(*) FROM b), current_setting('search_path'), current_setting('work_mem') = '8MB',
                 (SELECT string_agg(name, ' ') FROM pg_prepared_statements WHERE name ~ 'leftover'), (SELECT string_agg(name, ' ') FROM pg_cursors WHERE name ~ 'leftover'),
                 (SELECT string_agg(c, ' ') FROM pg_listening_channels() c), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))
$$;
CALL slipway.migrate(options => '{"verify": true}');
SELECT leftovers();
CALL slipway.verify();
SELECT leftovers();
-- In its own BEGIN and COMMIT, too.
CALL verified('0003_c', 'CREATE TABLE c ()', 'BEGIN; CREATE TABLE leftover (); COMMIT;');
CALL slipway.migrate(options => '{"verify": true}');
CALL slipway.verify();
SELECT leftovers();
-- Verification is no event of the history.
TABLE record;

-- One that fails leaves nothing of its migration.
CALL verified('0004_d', 'CREATE TABLE d (); INSERT INTO a VALUES (5, 5)', E'SELECT 1;\nSELECT 1 / (SELECT count(*) FROM d);\n');
\set VERBOSITY default
CALL slipway.migrate(options => '{"verify": true}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT to_regclass('d'), (SELECT count(*) FROM a);
TABLE state;
SELECT * FROM record WHERE migration = '0004_d';
-- Without the option nobody asks.
CALL slipway.migrate();
TABLE state;
-- Then verify does. It runs all, whatever fails.
CALL verified('0005_e', 'CREATE TABLE e ()', E'DO $$BEGIN\nRAISE EXCEPTION ''e is empty'' USING HINT = ''Fill it.'';\nEND$$');
CALL verified('0006_f', 'CREATE TABLE f ()', E'INSERT INTO b VALUES (17)');
CALL verified('0007_g', 'CREATE TABLE g ()', E'SET statement_timeout = 50; SELECT pg_sleep(30)');
CALL verified('0008_h', 'CREATE TABLE h ()', E'SELECT 1');
CALL slipway.migrate();
\set VERBOSITY default
CALL slipway.verify();
\echo :LAST_ERROR_SQLSTATE
SELECT leftovers();
SELECT count(*), max(run) FROM slipway.history;
CALL slipway.verify(options => '{"migration": "0008_h"}');
CALL slipway.verify(options => '{"migration": "0005_e"}');
CALL slipway.verify(options => '{"migration": "0005_x"}');
CALL slipway.verify(options => '{"migration": "0001_a"}');
CALL migration('0009_pending', 'SELECT 9');
CALL slipway.verify(options => '{"migration": "0009_pending"}');
CALL slipway.verify(options => '{"verify_scripts": "latest"}');
CALL slipway.verify(options => '{"to": "0008_h"}');
CALL slipway.migrate(options => '{"migration": "0008_h"}');
\set VERBOSITY terse

-- Which script: that of when it was applied, or that of the newest manifest.
CALL project('which');
CALL verified('0001_a', 'SELECT 1', 'SELECT 1 / 0', 'which');
CALL slipway.migrate('which');
SELECT length(slipway.add_migration('0001_a', 'SELECT 1', verify => 'SELECT 1', project => 'which'));
CALL slipway.verify('which');
CALL slipway.verify('which', '{"verify_scripts": "applied"}');
CALL slipway.verify('which', '{"verify_scripts": "newest"}');
SELECT length(slipway.add_migration('0001_a', 'SELECT 1', project => 'which'));
CALL slipway.verify('which', '{"verify_scripts": "newest", "migration": "0001_a"}');
CALL slipway.verify('which');
-- Also of what the folder has no more, and of a baseline.
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'which');
CALL slipway.verify('which');
CALL project('taken');
CALL verified('0001_a', 'CREATE TABLE taken ()', 'SELECT FROM taken', 'taken');
SELECT slipway.baseline('0001_a', project => 'taken');
CALL slipway.verify('taken');
CREATE TABLE taken ();
CALL slipway.verify('taken');

-- What no verify script may do is found before anything runs.
CALL verified('0010_i', 'CREATE TABLE i ()', 'SELECT 1; COMMIT; SELECT 2');
\set VERBOSITY default
CALL slipway.migrate(options => '{"verify": true}');
CALL verified('0010_i', 'CREATE TABLE i ()', E'SELECT 1;\n  ROLLBACK;');
CALL slipway.migrate(options => '{"verify": true}');
\set VERBOSITY terse
CALL verified('0010_i', 'CREATE TABLE i ()', 'VACUUM i');
CALL slipway.migrate(options => '{"verify": true}');
CALL verified('0010_i', 'CREATE TABLE i ()', 'COPY i TO STDOUT');
CALL slipway.migrate(options => '{"verify": true}');
CALL verified('0010_i', 'CREATE TABLE i ()', 'CALL slipway.verify()');
CALL slipway.migrate(options => '{"verify": true}');
CALL verified('0010_i', 'CREATE TABLE i ()', 'SELEC 1');
CALL slipway.migrate(options => '{"verify": true}');
-- A migration before it is not applied either.
SELECT migration FROM slipway.status WHERE state = 'pending';
-- Hidden ones are refused as they run.
CALL verified('0010_i', 'CREATE TABLE i ()', 'DO $$ BEGIN COMMIT; END $$');
CALL slipway.migrate(options => '{"verify": true}');
CALL verified('0010_i', 'CREATE TABLE i ()', 'DELETE FROM slipway.project');
CALL slipway.migrate(options => '{"verify": true}');
-- verify tells of all that.
CALL slipway.migrate();
CALL slipway.verify(options => '{"migration": "0010_i"}');

-- A stepwise one stays done in part until it can be verified.
CREATE TABLE allowed ();
CALL verified('0011_j', 'CREATE TABLE j (id integer); CREATE INDEX CONCURRENTLY j_id ON j (id)', 'SELECT id / 0 FROM allowed, j UNION ALL SELECT 1 / (SELECT count(*) FROM allowed)');
\set VERBOSITY default
CALL slipway.migrate(options => '{"verify": true}');
\set VERBOSITY terse
SELECT * FROM state WHERE migration = '0011_j';
SELECT to_regclass('j_id');
CALL slipway.migrate(options => '{"verify": true}');
SELECT * FROM state WHERE migration = '0011_j';
INSERT INTO allowed DEFAULT VALUES;
CALL slipway.migrate(options => '{"verify": true}');
SELECT * FROM state WHERE migration = '0011_j';
TRUNCATE allowed;
CALL verified('0012_k', E'-- slipway: no-transaction\nCREATE TEMP TABLE k AS SELECT 1 AS id;\nINSERT INTO k VALUES (2)', 'SELECT 1 / (SELECT count(*) FROM allowed)');
CALL slipway.migrate(options => '{"verify": true}');
SELECT * FROM state WHERE migration = '0012_k';
-- Who does not ask may take it as it is.
CALL slipway.migrate();
SELECT * FROM state WHERE migration = '0012_k';
SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL;
SELECT to_regclass('k');
SELECT * FROM record WHERE migration IN ('0011_j', '0012_k');

-- In one transaction with others: one that fails takes all back.
CALL project('all');
CALL verified('0001_a', 'CREATE TABLE all_a ()', $$SELECT 1 / (current_setting('slipway.migration') = '0001_a')::integer FROM (SELECT count(*) FROM all_a) a; DROP TABLE all_a$$, 'all');
CALL verified('0002_b', 'CREATE TABLE all_b ()', 'SELECT FROM all_a, all_b', 'all');
CALL verified('0003_c', 'CREATE TABLE all_c ()', 'SELECT 1 / (SELECT count(*) FROM all_a)', 'all');
\set VERBOSITY default
CALL slipway.migrate('all', '{"verify": true, "mode": "all"}');
\set VERBOSITY terse
SELECT to_regclass('all_a'), to_regclass('all_b'), to_regclass('all_c');
CALL verified('0003_c', 'CREATE TABLE all_c ()', 'SELECT FROM all_a', 'all');
CALL slipway.migrate('all', '{"verify": true, "mode": "all"}');
CALL slipway.verify('all');
SELECT to_regclass('all_a'), to_regclass('all_b'), to_regclass('all_c');
SELECT current_setting('slipway.migration') = '' AS none;

-- Under the owner role of its project, and its search_path.
SET client_min_messages = error;
DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;
DROP ROLE IF EXISTS regress_verify;
RESET client_min_messages;
CREATE ROLE regress_verify;
GRANT ALL ON SCHEMA shop TO regress_verify;
CALL project('shop', '{shop}', 'regress_verify');
CALL verified('0001_a', 'CREATE TABLE t ()', $$SELECT 1 / (current_user = 'regress_verify' AND to_regclass('t') = 'shop.t'::regclass)::integer$$, 'shop');
CALL slipway.migrate('shop', '{"verify": true}');
CALL slipway.verify('shop');
CALL verified('0002_b', 'SELECT 2', 'RESET ROLE', 'shop');
CALL slipway.migrate('shop', '{"verify": true}');
CALL verified('0002_b', 'SELECT 2', $$SELECT set_config('role', 'none', false)$$, 'shop');
CALL slipway.migrate('shop', '{"verify": true}');
SELECT current_user = session_user;

-- At top level only.
BEGIN;
CALL slipway.verify();
ROLLBACK;
CALL slipway.verify(NULL);
CALL slipway.verify('nowhere');
DROP SCHEMA shop CASCADE;
SELECT slipway.create_project('shop');
DROP OWNED BY regress_verify;
DROP ROLE regress_verify;
SELECT p.name, v.problem FROM slipway.project p, slipway.verify_history(p.name) v;
