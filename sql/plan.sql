-- slipway.plan() and slipway.check_script(): what migrate would do.
\i test/fixture/start.psql

CREATE FUNCTION manifest(VARIADIC names text[]) RETURNS text LANGUAGE sql AS $$
    SELECT E'slipway-manifest 1 order=auto\n' || string_agg(hash_of('SELECT ''' || name || '''') || ' - - versioned ' || name || E'\n', '' ORDER BY n)
      FROM unnest(names) WITH ORDINALITY u(name, n)
$$;

-- The pending ones, in order, with their units.
CALL migration('0001_a', 'SELECT ''0001_a''');
CALL migration('0002_b', 'CREATE TABLE b (); CREATE INDEX ON b ((1)); INSERT INTO b DEFAULT VALUES');
CALL migration('0003_c', '-- nothing');
CALL migration('0004_d', 'SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3');
SELECT position, migration, script_hash = hash_of('SELECT ''0001_a''') AS script, kind, units, reason FROM slipway.plan();
SELECT * FROM slipway.plan() LIMIT 0;
-- It changes nothing, even in a read-only transaction, and takes no lock.
BEGIN READ ONLY;
SELECT count(*) FROM slipway.plan();
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
COMMIT;
SELECT count(*) FROM slipway.run;
CALL slipway.migrate(options => '{"to": "0002_b"}');
SELECT position, migration FROM slipway.plan();
CALL slipway.migrate();
SELECT position, migration FROM slipway.plan();

-- A failed one is pending.
CALL migration('0005_e', 'SELECT 1/0');
\set VERBOSITY terse
CALL slipway.migrate();
SELECT position, migration, kind FROM slipway.plan();

-- What is stepwise is shown as that.
CALL migration('0005_e', 'CREATE TABLE e (); VACUUM b; SELECT 1');
SELECT position, migration, kind, units, reason FROM slipway.plan();
-- Other problems are errors, the first of them.
CALL migration('0006_f', 'SELECT 1; ROLLBACK');
SELECT * FROM slipway.plan();
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default

-- Of a manifest by its hash.
CALL project('release');
SELECT slipway.add_script('SELECT ''' || n || '''', 'release') IS NOT NULL AS added FROM unnest('{1,2,3}'::text[]) n;
SELECT count(*) FROM slipway.add_manifest(manifest('1', '2', '3'), 'release');
SELECT count(*) FROM slipway.add_manifest(manifest('1', '3'), 'release');
SELECT position, migration FROM slipway.plan('release');
SELECT position, migration FROM slipway.plan('release', manifest_hash(manifest('1', '2', '3')));
SELECT position, migration FROM slipway.plan('release', NULL, NULL);
CALL slipway.migrate('release');
SELECT position, migration FROM slipway.plan('release', manifest_hash(manifest('1', '2', '3')));
SELECT position, migration FROM slipway.plan('release', manifest_hash(manifest('1', '2', '3')), true);
SELECT outcome($$SELECT * FROM slipway.plan('release', 'x')$$);
SELECT outcome(format('SELECT * FROM slipway.plan(%L, %L)', 'release', hash_of('')));
SELECT outcome($$SELECT * FROM slipway.plan('nowhere')$$);
SELECT outcome($$SELECT * FROM slipway.plan(NULL)$$);
CALL project('bare');
SELECT * FROM slipway.plan('bare');

-- One script, of which nothing is stored.
SELECT * FROM slipway.check_script('0001_x', 'SELECT 1');
SELECT kind, units FROM slipway.check_script('0001_x', E'\uFEFF-- nothing\r\n');
SELECT kind, units, reason FROM slipway.check_script('0001_x', E'SELECT 1;\nCREATE INDEX CONCURRENTLY i ON b (a);\nSELECT 2');
SELECT kind, units, reason FROM slipway.check_script('0001_x', E'-- slipway: no-transaction\nSELECT 1; SELECT 2');
-- Directives stand at the beginning, on lines of their own.
SELECT body, kind, units, coalesce(reason, message) AS reason FROM unnest(ARRAY[
  E'-- comment\r\n\r\n  -- slipway: no-transaction  \r\nSELECT 1', E'-- slipway:no-transaction', E'SELECT 1;\n-- slipway: no-transaction', E'/*\n-- slipway: no-transaction\n*/\nSELECT 1',
  E'SELECT ''\n-- slipway: no-transaction\n''', E'-- slipway: no-transaction, please\nSELECT 1', E'-- slipway: NO-TRANSACTION\nSELECT 1', E'-- slipway:\nSELECT 1']) WITH ORDINALITY u(body, n), slipway.check_script('0001_x', body) ORDER BY n;
SELECT * FROM slipway.check_script('0001_x', E'SELECT 1;\n  SELEC 2;\nROLLBACK');
SELECT sqlstate, message, hint, line_number, column_number FROM slipway.check_script('0001_x', E'SELECT 1;\r\n  ROLLBACK');
SELECT sqlstate, message, line_number, column_number FROM slipway.check_script('0001_x', 'SELECT ''');
SELECT outcome($$SELECT * FROM slipway.check_script('', 'SELECT 1')$$);
SELECT outcome($$SELECT * FROM slipway.check_script('x', 'SELECT 1', 'nowhere')$$);
SELECT count(*) FROM slipway.check_script('x', NULL);
SELECT count(*) FROM slipway.script WHERE body LIKE '%SELEC %' OR body LIKE '%CONCURRENTLY%';
-- A mistake leaves the transaction sound, and the settings as they were.
BEGIN;
SELECT sqlstate FROM slipway.check_script('0001_x', 'SET standard_conforming_strings = off; SELECT ''\'' FROM; SELECT 1');
SHOW standard_conforming_strings;
SELECT sqlstate FROM slipway.check_script('0001_x', 'SELEC');
SELECT kind FROM slipway.check_script('0001_x', 'SELECT 1');
COMMIT;

-- What was begun, and is neither in the folder nor in the record, as that could not be written.
CALL project('gone');
CALL migration('0001_a', 'SELECT 1', 'gone');
CALL slipway.migrate('gone');
CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE disk_full USING MESSAGE = 'no room'; END$$;
CREATE TRIGGER a_full BEFORE INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION is_full();
CALL migration('0002_b', 'CREATE TABLE begun (); VACUUM begun; SELECT 1 / 0', 'gone');
\set VERBOSITY terse
CALL slipway.migrate('gone');
\set VERBOSITY default
DROP TRIGGER a_full ON slipway.history;
SELECT migration, state, units_done FROM slipway.status WHERE project = 'gone';
SELECT count(*) AS missing FROM slipway.add_manifest(format(E'slipway-manifest 1 order=auto\n%s - - versioned 0001_a\n', hash_of('SELECT 1')), 'gone');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'gone';
CALL slipway.migrate('gone');
SELECT count(*) AS missing FROM slipway.add_manifest(format(E'slipway-manifest 1 order=auto\n%s - - versioned 0001_a\n%1$s - - versioned 0003_c\n', hash_of('SELECT 1')), 'gone');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'gone';
CALL slipway.migrate('gone');
-- A repeatable one likewise.
CALL project('again');
CALL migration('0001_a', 'SELECT 1', 'again');
CALL migration('view', E'-- slipway: repeatable\nCREATE TABLE again (); VACUUM again; SELECT 1 / 0', 'again');
\set VERBOSITY terse
CALL slipway.migrate('again');
\set VERBOSITY default
SELECT count(*) AS missing FROM slipway.add_manifest(format(E'slipway-manifest 1 order=auto\n%s - - versioned 0001_a\n', hash_of('SELECT 1')), 'again');
SELECT migration, state, kind, units_done FROM slipway.status WHERE project = 'again';
CALL slipway.migrate('again');
-- What has failed in its first unit may have left something all the same.
CALL project('idle');
CALL migration('0001_a', 'SELECT 1', 'idle');
SELECT slipway.add_migration('0001_a', 'SELECT 1', 'SELECT 1', project => 'idle') IS NOT NULL AS added;
CALL migration('0002_b', 'VACUUM nowhere; SELECT 1', 'idle');
\set VERBOSITY terse
CALL slipway.migrate('idle');
\set VERBOSITY default
SELECT migration, unit, outcome FROM slipway.journal WHERE project = 'idle';
CALL slipway.rollback('idle', '{"steps": 1}');
SELECT migration, state FROM slipway.status WHERE project = 'idle';
