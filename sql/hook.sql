-- Hooks: when each runs, in which transaction, what it finds, and what is recorded.
\set ECHO none
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_hook_owner;
\i test/fixture/start.psql
CREATE TABLE seen (
    n serial, hook text, at text DEFAULT coalesce(nullif(current_setting('slipway.migration'), ''), '-'),
    run text DEFAULT current_setting('slipway.run'), project text DEFAULT current_setting('slipway.project'),
    xid text DEFAULT pg_current_xact_id()::text);
CREATE PROCEDURE hook(name text, body text DEFAULT NULL, project text DEFAULT 'default') LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(name, coalesce(body, format('INSERT INTO seen (hook) VALUES (%L);', name)), project);
END
$$;
-- Which of them shared a transaction: as letters.
CREATE VIEW order_seen AS
SELECT hook, at, run, chr(96 + dense_rank() OVER (ORDER BY first)::integer) AS transaction
  FROM (SELECT *, min(n) OVER (PARTITION BY xid) AS first FROM seen) s ORDER BY n;
CREATE VIEW record AS
SELECT entry, run, migration, action, outcome, message FROM slipway.history ORDER BY entry;

CALL hook('before_migrate');
CALL hook('after_migrate');
CALL hook('before_each');
CALL hook('after_each');
CALL hook('after_error');
CALL migration('0001', 'INSERT INTO seen (hook) VALUES (''the migration'');');
CALL migration('0002', 'INSERT INTO seen (hook) VALUES (''the migration'');');
SELECT migration, state FROM slipway.status;
SELECT position, migration, kind FROM slipway.plan();
CALL slipway.migrate();
TABLE order_seen;
TABLE record;
SELECT DISTINCT project FROM seen;
SELECT outcome, pending, tasks FROM slipway.run ORDER BY number;
SELECT applied, pending, outcome, migration FROM slipway.progress;
SELECT name FROM slipway.schema_migrations ORDER BY name;
-- Nobody sets what they find, and there is nothing outside of a run.
SELECT current_setting('slipway.migration') = '' AND current_setting('slipway.run') = '' AND current_setting('slipway.project') = '' AS empty;
SET slipway.migration = 'mine';
CALL migration('0002_set', 'SET slipway.run = 1');
CALL slipway.migrate();
CALL migration('0002_set', 'SELECT set_config(''slipway.project'', ''mine'', true)');
CALL slipway.migrate();
CALL migration('0002_set', 'SELECT 1');
CALL slipway.migrate();

-- Nothing to do: no hook. What is new finds them, though the first part of the manifest is not read.
TRUNCATE seen RESTART IDENTITY;
CALL slipway.migrate();
TABLE order_seen;
SELECT settled_entry IS NOT NULL AS whole FROM slipway.run ORDER BY number DESC LIMIT 1;
CALL migration('0003', 'SELECT 1');
CALL slipway.migrate();
TABLE order_seen;
SELECT * FROM slipway.verify_history();

-- What fails in the transaction of a migration takes it along. No record of what was rolled back.
TRUNCATE seen RESTART IDENTITY;
CALL hook('after_each', E'INSERT INTO seen (hook) VALUES (''after_each'');\nSELECT 1 / 0;');
CALL migration('0004', 'INSERT INTO seen (hook) VALUES (''the migration'');');
CALL slipway.migrate();
TABLE order_seen;
SELECT migration, action, outcome, message, line_number FROM slipway.history WHERE run = 6 ORDER BY entry;
SELECT migration, state FROM slipway.status WHERE state <> 'applied';
CALL hook('before_each', 'SELECT nothing');
CALL slipway.migrate();
SELECT migration, action, outcome, message, line_number FROM slipway.history WHERE run = 7 ORDER BY entry;
CALL hook('before_each');
CALL hook('after_each');
CALL hook('before_migrate', 'SELECT nobody');
CALL slipway.migrate();
CALL hook('before_migrate');
CALL hook('after_migrate', 'SELECT nowhere');
CALL slipway.migrate();
SELECT migration, action, outcome, message FROM slipway.history WHERE run IN (8, 9) ORDER BY entry;
SELECT number, outcome FROM slipway.run ORDER BY number DESC LIMIT 2;
SELECT applied, pending, outcome, migration FROM slipway.progress;
-- The migration stays applied.
SELECT migration, state FROM slipway.status WHERE migration = '0004';
CALL hook('after_migrate');
CALL slipway.migrate();

-- after_error: the migration that failed; its own error hides nothing.
TRUNCATE seen RESTART IDENTITY;
CALL migration('0005', E'INSERT INTO seen (hook) VALUES (''the migration'');\nSELECT missing;');
CALL slipway.migrate();
TABLE order_seen;
CALL hook('after_error', 'SELECT also_missing');
CALL slipway.migrate();
SELECT migration, action, outcome, message FROM slipway.history WHERE run IN (10, 11) ORDER BY entry;
SELECT number, outcome FROM slipway.run ORDER BY number DESC LIMIT 2;
CALL hook('after_error');

-- Around what no transaction can hold each has its own.
TRUNCATE seen RESTART IDENTITY;
CALL migration('0005', E'CREATE TABLE item (id integer);\nCREATE INDEX CONCURRENTLY item_id ON item (id);\nINSERT INTO seen (hook) VALUES (''unit 3'');');
CALL migration('0006', $$DO 'BEGIN INSERT INTO seen (hook) VALUES (''found later''); COMMIT; END'$$);
CALL migration('0007', 'INSERT INTO seen (hook) VALUES (''the migration'');');
CALL slipway.migrate();
TABLE order_seen;
SELECT migration, action, outcome FROM slipway.history WHERE run = 12 ORDER BY entry;
-- A stepwise one that stops: the hook before it has run, and runs again.
TRUNCATE seen RESTART IDENTITY;
CALL migration('0008', E'CREATE INDEX CONCURRENTLY item_2 ON item (id);\nSELECT missing;');
CALL slipway.migrate();
CALL migration('0008', E'CREATE INDEX CONCURRENTLY item_2 ON item (id);\nSELECT 1;');
CALL slipway.migrate();
TABLE order_seen;
SELECT migration, action, outcome FROM slipway.history WHERE run IN (13, 14) ORDER BY entry;

-- Hooks that are stepwise themselves.
CALL migration('0009', 'SELECT 1');
CALL hook('before_each', E'SELECT 1;\nVACUUM;');
CALL slipway.migrate();
SELECT migration, sqlstate, message FROM slipway.validate();
SELECT kind, sqlstate, message, detail FROM slipway.check_script('after_error', 'VACUUM');
CALL hook('before_each', $$DO 'BEGIN COMMIT; END'$$);
CALL slipway.migrate();
CALL hook('before_each');
CALL hook('before_migrate', E'CREATE INDEX CONCURRENTLY item_3 ON item (id);\nSELECT missing;');
CALL slipway.migrate();
SELECT migration, action, unit, outcome, closed_by FROM slipway.journal WHERE migration = 'before_migrate';
CALL hook('before_migrate', E'CREATE INDEX CONCURRENTLY item_3 ON item (id);\nSELECT 1;');
CALL slipway.migrate();
SELECT migration, action, unit, outcome, closed_by IS NOT NULL AS closed FROM slipway.journal WHERE migration = 'before_migrate' ORDER BY entry;
SELECT migration, state FROM slipway.status WHERE state <> 'applied';

-- Errors in hooks are found before anything runs, with everything else.
CALL hook('before_each', 'SELEC 1');
CALL hook('after_migrate', 'ROLLBACK');
SELECT * FROM slipway.validate();
CALL migration('0010', 'SELECT 1 1');
SELECT migration, sqlstate, message, line_number, column_number FROM slipway.validate();
CALL slipway.migrate();
-- No down and verify scripts, and no other kind.
SELECT outcome($$SELECT slipway.add_migration('after_each', 'SELECT 1', down => 'SELECT 1')$$);
SELECT outcome($$SELECT slipway.add_migration('after_each', 'SELECT 1', verify => 'SELECT 1')$$);
CALL hook('before_each', E'-- slipway: repeatable\nSELECT 1');
SELECT migration, sqlstate, message FROM slipway.validate() WHERE migration = 'before_each';

-- Nothing of one script is there for the next, and a retry runs all of them again.
CALL project('session');
CALL hook('before_each', E'SET work_mem = ''7MB''; PREPARE p AS SELECT 1; CREATE TEMP TABLE t (); DECLARE c CURSOR WITH HOLD FOR SELECT 1;\nINSERT INTO seen (hook) VALUES (''before'');', 'session');
CALL hook('after_each', E'CREATE TEMP TABLE t (); INSERT INTO seen (hook) SELECT current_setting(''work_mem'') || count(*) FROM pg_prepared_statements WHERE name = ''p''', 'session');
CALL migration('0001', E'CREATE TEMP TABLE t (); INSERT INTO seen (hook) SELECT current_setting(''work_mem'') || (SELECT count(*) FROM pg_prepared_statements WHERE name = ''p'') || count(*) FROM pg_cursors WHERE name = ''c''', 'session');
SET work_mem = '5MB';
TRUNCATE seen RESTART IDENTITY;
CALL slipway.migrate('session');
TABLE order_seen;
SELECT to_regclass('pg_temp.t');
RESET work_mem;
CALL migration('0002', 'SELECT 1', 'session');
CALL hook('after_each', $$DO 'BEGIN IF nextval(''tries'') < 4 THEN RAISE lock_not_available; END IF; END'$$, 'session');
CREATE SEQUENCE tries;
TRUNCATE seen RESTART IDENTITY;
CALL slipway.migrate('session', '{"retries": 1}');
CALL slipway.migrate('session', '{"retries": 2}');
TABLE order_seen;
SELECT migration, action, outcome FROM slipway.history WHERE project = 'session' AND run > 1 ORDER BY entry;

-- As the owner role of the project.
CREATE ROLE regress_hook_owner;
CALL project('owned', owner => 'regress_hook_owner');
GRANT ALL ON seen, seen_n_seq TO regress_hook_owner;
CALL hook('before_migrate', 'INSERT INTO seen (hook) VALUES (current_user)', 'owned');
CALL hook('after_error', 'INSERT INTO seen (hook) VALUES (current_user)', 'owned');
CALL migration('0001', 'SELECT 1 / 0', 'owned');
TRUNCATE seen RESTART IDENTITY;
CALL slipway.migrate('owned');
TABLE order_seen;
CALL hook('after_error', 'RESET ROLE', 'owned');
CALL slipway.migrate('owned');

-- Deferred constraints belong to the script that deferred them.
CALL project('late');
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child (id integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CALL hook('before_each', 'INSERT INTO child VALUES (1)', 'late');
CALL migration('0001', 'INSERT INTO parent VALUES (1)', 'late');
CALL slipway.migrate('late');
CALL hook('before_each', 'INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)', 'late');
CALL migration('0001', 'INSERT INTO child VALUES (1), (2); INSERT INTO parent VALUES (2)', 'late');
CALL slipway.migrate('late');
TABLE child;

\set ECHO none
SET client_min_messages = error;
DROP OWNED BY regress_hook_owner;
DROP EXTENSION pg_slipway CASCADE;
DROP ROLE regress_hook_owner;
