-- Rollback: down scripts, last applied first, each with its record.
\i test/fixture/start.psql
CREATE PROCEDURE pair(name text, up text, down text, project text DEFAULT 'default') LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM slipway.project p WHERE p.name = pair.project) THEN
        PERFORM slipway.create_project(project);
    END IF;
    PERFORM slipway.add_migration(name, up, down, project => project);
END
$$;
CREATE VIEW history AS
SELECT entry, run, migration, action, outcome, sqlstate, message, line_number AS line, column_number AS "column"
  FROM slipway.history WHERE project = 'default' ORDER BY entry;
CREATE VIEW state AS SELECT migration, state, units_done FROM slipway.status WHERE project = 'default';
CREATE VIEW run AS SELECT number, action, outcome, pending, tasks FROM slipway.run WHERE project = 'default' ORDER BY number;
CREATE TABLE done (n serial, what text);

CALL pair('0001_a', 'CREATE TABLE a ()', 'DROP TABLE a');
CALL pair('0002_b', 'CREATE TABLE b ()', 'DROP TABLE b; INSERT INTO done (what) VALUES (''down b'')');
CALL pair('0003_c', 'CREATE TABLE c ()', 'DROP TABLE c; INSERT INTO done (what) VALUES (''down c'')');
-- Nothing is applied yet.
SET slipway.report_progress = on;
CALL slipway.rollback(options => '{"all": true}');
SET slipway.report_progress = off;
CALL slipway.migrate();
-- It must be said what to roll back, once.
CALL slipway.rollback();
\echo :LAST_ERROR_SQLSTATE
CALL slipway.rollback(options => '{"steps": 1, "all": true}');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.rollback(options => '{"steps": 0}');
CALL slipway.rollback(options => '{"steps": "one"}');
CALL slipway.rollback(options => '{"steps": 1, "down_scripts": "latest"}');
CALL slipway.rollback(options => '{"script": "abc"}');
CALL slipway.rollback(options => '{"to": "0002_d"}');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.rollback(options => '{"to": "something else"}');
CALL slipway.rollback(options => '{"step": 1}');
CALL slipway.migrate(options => '{"steps": 1}');
CALL slipway.redo(options => '{"steps": 1}');
CALL slipway.rollback(NULL, '{}');
BEGIN;
CALL slipway.rollback(options => '{"all": true}');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT * FROM history;

-- What was decided on must be what there is.
CALL slipway.rollback(options => jsonb_build_object('all', true, 'expected_head', hash_of('another')));
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM history;
SELECT encode(entry_hash, 'hex') AS head FROM slipway.history ORDER BY entry DESC LIMIT 1 \gset
-- One step, and again.
CALL slipway.rollback(options => jsonb_build_object('steps', 1, 'expected_head', :'head'));
CALL slipway.rollback(options => jsonb_build_object('steps', 1, 'expected_head', :'head'));
SELECT migration, state FROM state;
CALL slipway.migrate();
CALL slipway.rollback(options => '{"steps": 1}');
SELECT to_regclass('b'), to_regclass('c');
SELECT * FROM state;
SELECT name FROM slipway.schema_migrations ORDER BY 1;
CALL slipway.migrate();
SELECT to_regclass('c');
-- To one that stays.
CALL slipway.rollback(options => '{"to": "0001_a"}');
SELECT what FROM done ORDER BY n;
SELECT * FROM state;
CALL slipway.rollback(options => '{"to": "0001_a"}');
CALL slipway.rollback(options => '{"to": "0003_c"}');
-- More steps than there are; all.
CALL slipway.migrate();
CALL slipway.rollback(options => '{"steps": 100}');
SELECT * FROM state;
CALL slipway.migrate();
CALL slipway.rollback(options => '{"all": true}');
SELECT to_regclass('a'), to_regclass('b'), to_regclass('c');
SELECT * FROM history;
SELECT * FROM run;
SELECT * FROM slipway.verify_history();
SELECT count(*) FROM pg_locks WHERE locktype IN ('advisory', 'object') AND pid = pg_backend_pid();

-- Without a down script nothing is rolled back, and all of them are named.
CALL slipway.migrate();
CALL migration('0004_none', 'CREATE TABLE d ()');
CALL pair('0005_e', 'CREATE TABLE e ()', 'DROP TABLE e');
CALL migration('0006_none', 'CREATE TABLE f ()');
CALL slipway.migrate();
CALL slipway.rollback(options => '{"steps": 3}');
\echo :LAST_ERROR_SQLSTATE
SELECT migration, script_hash = hash_of('DROP TABLE e') AS down FROM slipway.rollback_plan(options => '{"steps": 1}');
CALL slipway.rollback(options => '{"steps": 1}');
CALL slipway.redo();
-- The newest manifest's down script does not count unless that is asked for. The up script stays what was applied.
DO $$
DECLARE
    text text;
BEGIN
    SELECT E'slipway-manifest 1 order=auto\n' || string_agg(concat_ws(' ', encode(m.up_hash, 'hex'),
           CASE m.name WHEN '0006_none' THEN slipway.add_script('DROP TABLE f') WHEN '0005_e' THEN slipway.add_script('SELECT 1/0') ELSE coalesce(encode(m.down_hash, 'hex'), '-') END,
           '-', m.kind, m.name, E'\n'), '' ORDER BY m.name) INTO text
      FROM (SELECT DISTINCT ON (name) * FROM slipway.migration ORDER BY name, id DESC) m;
    PERFORM slipway.add_manifest(replace(text, E' \n', E'\n'));
END
$$;
CALL slipway.rollback(options => '{"steps": 1}');
CALL slipway.rollback(options => '{"steps": 1, "down_scripts": "newest"}');
SELECT to_regclass('f');
SELECT * FROM slipway.rollback_plan(options => '{"to": "0003_c", "down_scripts": "newest"}');
-- As it was applied: the script that divides by zero is not that.
CALL slipway.rollback(options => '{"steps": 1}');
SELECT to_regclass('e');

-- A script of one's own, which is recorded like any other.
SELECT slipway.add_script('DROP TABLE d; INSERT INTO done (what) VALUES (''by hand'')') AS script \gset
CALL slipway.rollback(options => '{"script": "0000000000000000000000000000000000000000000000000000000000000000"}');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.rollback(options => jsonb_build_object('script', :'script'));
SELECT migration, action, encode(script_hash, 'hex') = :'script' AS script FROM slipway.history ORDER BY entry DESC LIMIT 1;
SELECT slipway.add_script('DROP TABLE b, c') AS script \gset
SELECT position, migration, script_hash = :'script' AS script, kind, units FROM slipway.rollback_plan(options => jsonb_build_object('script', :'script', 'to', '0001_a'));
CALL slipway.rollback(options => jsonb_build_object('script', :'script', 'to', '0001_a'));
SELECT entry, run, migration, action, encode(script_hash, 'hex') = :'script' AS script FROM slipway.history ORDER BY entry DESC LIMIT 2;
SELECT * FROM state;
SELECT * FROM run ORDER BY number DESC LIMIT 1;

-- A down script that fails: all of it stays.
CALL slipway.rollback(options => '{"all": true}');
CALL pair('0007_g', 'CREATE TABLE g (id integer)', E'DELETE FROM g;\nDROP TABLE gg;');
CALL pair('0008_h', 'CREATE TABLE h ()', E'DROP TABLE h');
CALL slipway.migrate(options => '{"to": "0001_a"}');
CALL slipway.migrate(options => '{"allow_out_of_order": true}');
CALL slipway.rollback(options => '{"steps": 2}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM history ORDER BY entry DESC LIMIT 2;
SELECT migration, state FROM state WHERE migration >= '0007';
-- What is wrong before anything runs.
CALL pair('0009_bad', 'SELECT 1', E'DROP TABLE h;\nDROP TABEL h;');
CALL pair('0010_bad', 'SELECT 1', E'ROLLBACK');
CALL slipway.migrate();
CALL slipway.rollback(options => '{"steps": 3}');
SELECT * FROM history ORDER BY entry DESC LIMIT 1;
-- An empty one.
CALL pair('0011_empty', 'SELECT 1', E'-- nothing to do');
CALL slipway.migrate();
CALL slipway.rollback(options => '{"steps": 1}');

-- Stepwise: what is done is done, and the next rollback goes on there.
SELECT slipway.add_script('SELECT 1') AS script \gset
CALL slipway.rollback(options => jsonb_build_object('script', :'script', 'steps', 4));
CALL slipway.rollback(options => '{"all": true}');
CALL project('step');
CREATE TABLE gate ();
CALL pair('0001_s', 'CREATE TABLE s (id integer); CREATE INDEX s_id ON s (id)', E'DROP INDEX CONCURRENTLY s_id;\nDROP TABLE gate;\nDROP TABLE s;', 'step');
CALL pair('0002_t', 'CREATE TABLE t ()', 'DROP TABLE t', 'step');
CALL slipway.migrate('step');
SELECT migration, kind, units, reason FROM slipway.rollback_plan('step', '{"all": true}');
DROP TABLE gate;
CALL slipway.rollback('step', '{"all": true}');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'step';
SELECT migration, action, unit, outcome, closed_by FROM slipway.journal WHERE project = 'step' ORDER BY entry;
SELECT slipway.require('0001_s', 'step');
-- It is neither there nor gone.
CALL slipway.migrate('step');
\echo :LAST_ERROR_SQLSTATE
SELECT migration, sqlstate, message FROM slipway.validate('step');
CALL slipway.rollback('step', '{"to": "0001_s"}');
CALL slipway.rollback('step', jsonb_build_object('script', :'script'));
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE gate ();
CALL slipway.rollback('step', '{"steps": 1}');
SELECT to_regclass('s'), to_regclass('gate');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'step';
SELECT entry, run, migration, action, outcome FROM slipway.history WHERE project = 'step' ORDER BY entry;
SELECT migration, unit, outcome, closed_by FROM slipway.journal WHERE project = 'step' ORDER BY entry;
CALL slipway.migrate('step');
SELECT to_regclass('s'), to_regclass('t');
-- While one is applied in part, nothing is rolled back.
CALL pair('0003_part', 'CREATE TABLE u (id integer); CREATE INDEX CONCURRENTLY ON u (id); SELECT 1/0', 'DROP TABLE u', 'step');
CALL slipway.migrate('step');
CALL slipway.rollback('step', '{"steps": 1}');
\echo :LAST_ERROR_SQLSTATE

-- The order is that in which they were applied.
CALL project('order');
CALL pair('0002_late', 'SELECT 1', 'INSERT INTO done (what) VALUES (''0002_late'')', 'order');
CALL slipway.migrate('order');
CALL pair('0001_early', 'SELECT 1', 'INSERT INTO done (what) VALUES (''0001_early'')', 'order');
CALL slipway.migrate('order', '{"allow_out_of_order": true}');
SELECT migration FROM slipway.rollback_plan('order', '{"all": true}');
SELECT migration FROM slipway.rollback_plan('order', '{"to": "0002_late"}');
-- Repeatable ones go with all, and first.
CALL pair('views', E'-- slipway: repeatable\nSELECT 1', 'INSERT INTO done (what) VALUES (''views'')', 'order');
CALL slipway.migrate('order');
CALL pair('views', E'-- slipway: repeatable\nSELECT 2', 'INSERT INTO done (what) VALUES (''views 2'')', 'order');
CALL slipway.migrate('order');
SELECT migration FROM slipway.rollback_plan('order', '{"steps": 10}');
CALL slipway.rollback('order', '{"to": "views"}');
SELECT migration FROM slipway.rollback_plan('order', '{"all": true}');
CALL slipway.rollback('order', '{"all": true}');
SELECT what FROM done ORDER BY n DESC LIMIT 3;
SELECT migration, state FROM slipway.status WHERE project = 'order';

-- Redo, in one run.
CALL slipway.migrate('order');
CALL slipway.rollback('order', '{"to": "0001_early"}');
CALL slipway.redo('order');
SELECT migration, state FROM slipway.status WHERE project = 'order';
SELECT number, action, outcome, pending, tasks FROM slipway.run WHERE project = 'order' ORDER BY number DESC LIMIT 1;
SELECT migration, action, outcome FROM slipway.history WHERE project = 'order' ORDER BY entry DESC LIMIT 2;
CALL slipway.rollback('order', '{"all": true}');
CALL slipway.redo('order');
SELECT number, action FROM slipway.run WHERE project = 'order' ORDER BY number DESC LIMIT 1;
-- It is applied with the script of now; but it must be there.
CALL project('again');
CALL pair('0001_r', 'CREATE TABLE r (one integer)', 'DROP TABLE r', 'again');
CALL slipway.migrate('again');
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || slipway.add_script('CREATE TABLE r (two integer)', 'again') || ' - - versioned ' || E'0001_r\n', 'again');
CALL slipway.migrate('again');
CALL slipway.redo('again');
SELECT attname FROM pg_attribute WHERE attrelid = 'r'::regclass AND attnum > 0;
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'again');
CALL slipway.redo('again', '{"down_scripts": "applied"}');

-- What was baselined has no way back, but with a script.
INSERT INTO slipway.project (name) VALUES ('base');
SELECT slipway.add_migration('0001_x', 'SELECT 1', 'SELECT 2', project => 'base') AS manifest \gset
INSERT INTO slipway.history (project, entry, migration, action, outcome, script_hash, manifest_hash, started_at, finished_at, session_role, effective_role, entry_hash)
SELECT 'base', 1, '0001_x', 'baseline', 'succeeded', decode(hash_of('SELECT 1'), 'hex'), decode(:'manifest', 'hex'), now(), now(), 'x', 'x', sha256('');
CALL slipway.rollback('base', '{"all": true}');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.rollback('base', '{"all": true, "down_scripts": "newest"}');
CALL slipway.rollback('base', jsonb_build_object('script', :'script'));
SELECT migration, state FROM slipway.status WHERE project = 'base';

-- A project with an owner role: down scripts run as that.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rollback_owner, regress_rollback_deployer;
RESET client_min_messages;
CREATE ROLE regress_rollback_owner;
CREATE ROLE regress_rollback_deployer;
CREATE SCHEMA regress_rollback AUTHORIZATION regress_rollback_owner;
CALL project('owned', '{regress_rollback}', 'regress_rollback_owner');
SELECT slipway.grant_role('regress_rollback_deployer', 'deployer', 'owned');
CALL pair('0001_o', 'CREATE TABLE o (id integer); INSERT INTO o SELECT generate_series(1, 7)', 'DROP TABLE o', 'owned');
SET ROLE regress_rollback_deployer;
CALL slipway.migrate('owned');
SELECT relation, rows, exact FROM slipway.rollback_losses('owned', '{"all": true}');
CALL slipway.rollback('owned', '{"all": true}');
CALL slipway.rollback('order', '{"all": true}');
RESET ROLE;
SELECT migration, state FROM slipway.status WHERE project = 'owned';
SELECT action, session_role = session_user AS session, effective_role FROM slipway.history WHERE project = 'owned' ORDER BY entry DESC LIMIT 1;
DROP SCHEMA regress_rollback;
