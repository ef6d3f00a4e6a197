-- Errors in scripts: their place, what is said and what is recorded, and that
-- nothing of the migration is left.
\i test/fixture/start.psql
-- The newest entry of the history.
CREATE VIEW newest AS
SELECT migration, outcome, sqlstate, message, detail, hint, context, position, line_number AS line, column_number AS "column"
  FROM slipway.history ORDER BY project DESC, entry DESC LIMIT 1;
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child (id integer PRIMARY KEY REFERENCES parent DEFERRABLE INITIALLY DEFERRED);

-- At the statement, and at the place in it, in characters.
CALL migration('0001', E'SELECT 1;\n\n  SELECT ''日本'', ''é𝄞'', nowhere FROM parent;\nSELECT 2;\n');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
\x on
SELECT * FROM newest;
CALL migration('0001', E'/* ∀ */ SELECT 1; SELECT idd FROM parent');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM newest;
-- One that the server does not place is at its statement.
CALL migration('0001', E'SELECT ''ä'';\n  INSERT INTO parent VALUES (1);\n\t INSERT INTO parent VALUES (1);');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM newest;
-- After CRLF and a byte order mark, which are not stored.
CALL migration('0001', E'\uFEFFSELECT 1;\r\nSELECT 1 +\r\n  nowhere;\r\n');
CALL slipway.migrate();
SELECT line, "column", position FROM newest;
-- There are no parameters.
CALL migration('0001', E'SELECT 1;\nSELECT 2, $1 + 1');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;
-- In the very first and the very last character.
CALL migration('0001', 'nowhere');
CALL slipway.migrate();
CALL migration('0001', E'SELECT 1\n;\nSELECT $');
CALL slipway.migrate();
-- What was found before anything ran is no event.
SELECT count(*) FROM slipway.history;

-- In a function: the place is that of the call; context says where inside.
CREATE FUNCTION fails(integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN 1 / $1;
END
$$;
CREATE FUNCTION fails_sql(integer) RETURNS integer LANGUAGE sql AS 'SELECT fails($1)';
CALL migration('0001', E'SELECT fails(1);\n SELECT fails(2), fails(0);');
CALL slipway.migrate();
SELECT * FROM newest;
CALL migration('0001', E'SELECT fails_sql(id) FROM (VALUES (1), (0)) v(id);');
CALL slipway.migrate();
SELECT line, "column", context FROM newest;
-- A name that is wrong inside of a function has its place there.
CREATE FUNCTION lost() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT nowhere FROM parent);
END
$$;
CALL migration('0001', E'SELECT 1;\nSELECT lost();');
CALL slipway.migrate();
SELECT line, "column", context FROM newest;
-- DO, at run time and in its syntax; bodies of functions.
CALL migration('0001', E'SELECT 1;\nDO $$\nBEGIN\n    RAISE EXCEPTION ''own % error'', 1 USING ERRCODE = ''ZZ001'', DETAIL = ''own detail'', HINT = ''own hint'';\nEND\n$$;');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM newest;
CALL migration('0001', E'SELECT ''é'';\nDO $$\nBEGIN\n    PERFORM ''é''; RETURNN;\nEND\n$$;');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;
CALL migration('0001', E'CREATE FUNCTION broken() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n    RETURNN;\nEND\n$$;');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;
CALL migration('0001', E'SELECT 1;\nCREATE FUNCTION broken() RETURNS integer LANGUAGE sql AS $$\n    SELECT nowhere;\n$$;');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;
CALL migration('0001', E'SELECT 1;\nCREATE FUNCTION broken() RETURNS integer BEGIN ATOMIC SELECT 1; SELECT nowhere; END;');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;
CALL migration('0001', E'SELECT 1;\nDO $$BEGIN EXECUTE ''SELEC 1''; END$$;');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;

-- Deferred constraints: no statement is to blame, the migration is.
CALL migration('0001', 'INSERT INTO child VALUES (5); SELECT 1;');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM newest;
SELECT count(*) FROM child;
-- They may be right at the end, and SET CONSTRAINTS still works.
CALL migration('0001', 'INSERT INTO child VALUES (5); INSERT INTO parent VALUES (5)');
CALL slipway.migrate();
CALL migration('0002', E'INSERT INTO child VALUES (6);\nSET CONSTRAINTS ALL IMMEDIATE;\nINSERT INTO parent VALUES (6);');
CALL slipway.migrate();
SELECT line, "column", sqlstate FROM newest;
-- What deferred triggers do at the end belongs to the migration too.
CREATE TABLE trace (id integer);
CREATE FUNCTION trace() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO trace SELECT 1 / new.id; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON parent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trace();
CALL migration('0002', 'INSERT INTO parent VALUES (0); INSERT INTO trace VALUES (7)');
CALL slipway.migrate();
SELECT * FROM newest;
CALL migration('0002', 'INSERT INTO parent VALUES (1); INSERT INTO trace VALUES (7)');
CALL slipway.migrate();
SELECT outcome FROM newest;
\x off
SELECT id FROM trace ORDER BY id;

-- Nothing of a failed migration is left, whatever it was; those before stay.
CALL migration('0003', 'CREATE TABLE stays ()');
CALL migration('0004', $script$
CREATE SCHEMA gone; CREATE TABLE gone.t (); CREATE ROLE regress_error_gone; ALTER TABLE stays ADD COLUMN gone integer;
INSERT INTO trace VALUES (100); UPDATE trace SET id = -id; SELECT set_config('slipway_test.gone', 'here', false);
COMMENT ON TABLE stays IS 'gone'; CREATE TEMP TABLE gone (); NOTIFY gone; DROP TABLE child;
SELECT 1 / 0;
$script$);
CALL migration('0005', 'CREATE TABLE never ()');
CALL slipway.migrate();
SELECT to_regnamespace('gone') AS schema, to_regrole('regress_error_gone') AS role, to_regclass('never') AS never, to_regclass('gone') AS temp,
       to_regclass('child') AS child, obj_description('stays'::regclass) AS comment, current_setting('slipway_test.gone', true) AS setting;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'stays'::regclass AND attnum > 0;
SELECT id FROM trace ORDER BY id;
SELECT migration, state FROM slipway.status;
SELECT run, outcome, migration FROM slipway.progress;
-- The session goes on as if nothing had been.
BEGIN;
SELECT 1 AS one;
COMMIT;
SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'object');
SHOW lock_timeout;

-- Errors of an odd kind.
\set VERBOSITY terse
CALL migration('0004', 'SELECT pg_cancel_backend(pg_backend_pid()); SELECT pg_sleep(10)');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT sqlstate FROM newest;
CALL migration('0004', 'DO $$BEGIN ASSERT false, ''asserted''; END$$');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
-- A message with everything in it that formats and quoting could trip over.
CALL migration('0004', $script$DO $$BEGIN RAISE EXCEPTION USING MESSAGE = '%s "q" ''a'' \ $1' || E'\n' || '{"j": 1} é', DETAIL = '%n', HINT = '%d'; END$$$script$);
CALL slipway.migrate();
SELECT message, detail, hint FROM newest;
CALL migration('0004', $script$DO $$BEGIN RAISE EXCEPTION '%', repeat('long ', 20000); END$$$script$);
\set VERBOSITY sqlstate
CALL slipway.migrate();
SELECT length(message) FROM newest;
\set VERBOSITY default
-- Caught inside of the script it is no error.
CALL migration('0004', $script$DO $$BEGIN PERFORM 1/0; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'caught'; END$$$script$);
CALL slipway.migrate();
-- Notices and warnings of scripts arrive, with where they come from.
CALL migration('0006', $script$DO $$BEGIN RAISE WARNING 'a warning'; END$$; DROP TABLE IF EXISTS nowhere; SELECT 1$script$);
CALL slipway.migrate();
SELECT migration, state FROM slipway.status;
SELECT * FROM slipway.verify_history();

-- A record that cannot be written: nothing is applied without it, the error says why, and the next run says what became of this one.
\set VERBOSITY terse
CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE disk_full USING MESSAGE = 'no room'; END$$;
CALL project('full');
CALL migration('0001_a', 'CREATE TABLE unrecorded ()', 'full');
CREATE TRIGGER a_full BEFORE INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION is_full();
CALL slipway.migrate('full');
SELECT to_regclass('unrecorded') IS NULL AS undone, outcome, finished_at IS NULL AS open FROM slipway.run WHERE project = 'full';
CALL slipway.migrate('full');
DROP TRIGGER a_full ON slipway.history;
CALL slipway.migrate('full');
SELECT migration, outcome FROM slipway.history WHERE project = 'full' ORDER BY entry;
SELECT number, outcome FROM slipway.run WHERE project = 'full' ORDER BY number;
-- The end of a run belongs to it.
CALL migration('0002_b', 'CREATE TABLE unended ()', 'full');
CREATE TRIGGER a_full BEFORE UPDATE ON slipway.run FOR EACH ROW EXECUTE FUNCTION is_full();
CALL slipway.migrate('full');
SELECT to_regclass('unended') IS NULL AS undone;
DROP TRIGGER a_full ON slipway.run;
CALL slipway.migrate('full');
-- What is journaled is not begun without that.
CALL migration('0003_c', 'VACUUM unended; CREATE TABLE unjournaled ()', 'full');
CREATE TRIGGER a_full BEFORE INSERT ON slipway.journal FOR EACH ROW EXECUTE FUNCTION is_full();
CALL slipway.migrate('full');
DROP TRIGGER a_full ON slipway.journal;
CREATE TRIGGER a_full BEFORE UPDATE ON slipway.journal FOR EACH ROW EXECUTE FUNCTION is_full();
CALL slipway.migrate('full');
DROP TRIGGER a_full ON slipway.journal;
SELECT to_regclass('unjournaled') IS NULL AS undone;
SELECT unit, outcome FROM slipway.journal WHERE project = 'full';
SELECT number, outcome FROM slipway.run WHERE project = 'full' AND number > 4 ORDER BY number;
CALL slipway.migrate('full');
SELECT migration, outcome, message FROM slipway.history WHERE project = 'full' AND entry > 3 ORDER BY entry;
SELECT * FROM slipway.verify_history('full');

-- What somebody has taken apart who may: each says what is not as it should be.
CALL migration('0001_a', 'SELECT 1', 'apart');
CALL slipway.migrate('apart');
SELECT encode(newest, 'hex') AS newest FROM slipway.project WHERE name = 'apart' \gset
BEGIN;
ALTER TABLE slipway.run DROP CONSTRAINT run_pkey CASCADE;
SELECT outcome($$SELECT slipway.find_base('apart')$$);
ROLLBACK;
BEGIN;
ALTER TABLE slipway.history RENAME TO past;
SELECT outcome($$SELECT slipway.add_script('SELECT 1', 'apart')$$);
ROLLBACK;
BEGIN;
ALTER TABLE slipway.schema_object RENAME TO past;
SELECT outcome($$SELECT slipway.save_snapshot('x', 'apart')$$);
ROLLBACK;
BEGIN;
ALTER TABLE slipway.schema_object DROP COLUMN definition CASCADE;
SELECT outcome($$SELECT slipway.save_snapshot('x', 'apart')$$);
ROLLBACK;
BEGIN;
ALTER TABLE slipway.manifest DISABLE TRIGGER append_only;
UPDATE slipway.manifest SET members = '{}' WHERE project = 'apart';
SELECT outcome(format('SELECT slipway.extend_manifest(%L, %L, %L)', :'newest', hash_of('SELECT 1') || E' - - versioned 0002_b\n', 'apart'));
ROLLBACK;
BEGIN;
ALTER TABLE slipway.migration DISABLE TRIGGER ALL;
UPDATE slipway.migration SET up_hash = '\x1234' WHERE project = 'apart';
SELECT outcome($$SELECT * FROM slipway.plan('apart')$$);
ROLLBACK;
SELECT outcome($$SELECT * FROM slipway.plan('apart')$$);
-- Scripts that are gone.
SELECT slipway.add_migration('0002_b', 'SELECT 2', verify => 'SELECT 3', project => 'apart') IS NOT NULL AS added;
CALL migration('0003_c', 'CREATE TABLE apart (); VACUUM apart; SELECT 1 / 0', 'apart');
CALL slipway.migrate('apart');
UPDATE slipway.journal SET outcome = 'started', finished_at = NULL WHERE project = 'apart' AND unit = 2;
ALTER TABLE slipway.script DISABLE TRIGGER ALL;
DELETE FROM slipway.script WHERE hash IN (sha256('SELECT 3'), sha256('CREATE TABLE apart (); VACUUM apart; SELECT 1 / 0'));
ALTER TABLE slipway.script ENABLE ALWAYS TRIGGER append_only;
CALL slipway.verify('apart');
CALL slipway.migrate('apart');
CALL slipway.migrate('apart', '{"to": "0002_b"}');
