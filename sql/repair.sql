-- Baseline and repair: what an administrator says of migrations by hand.
\i test/fixture/start.psql
\set VERBOSITY terse
CREATE VIEW record AS
SELECT entry, run, migration, action, outcome, left(encode(script_hash, 'hex'), 8) AS script, manifest_hash IS NOT NULL AS manifest, reason, session_role = session_user AS mine
  FROM slipway.history ORDER BY project, entry;
CREATE VIEW state AS SELECT migration, state, units_done FROM slipway.status WHERE project = 'default';
CALL project('default');

-- Baseline: an existing database is taken over.
CREATE TABLE customer (id integer);
CALL migration('0001_customer', 'CREATE TABLE customer (id integer)');
CALL migration('0002_view', 'CREATE VIEW customers AS TABLE customer');
CALL migration('0003_more', 'CREATE TABLE more ()');
CALL migration('views', E'-- slipway: repeatable\nSELECT 1');
\set VERBOSITY default
SELECT slipway.baseline('0002_vew');
SELECT slipway.baseline('views');
\set VERBOSITY terse
SELECT slipway.baseline('nothing like any of them');
SELECT slipway.baseline('');
SELECT slipway.baseline(NULL);
SELECT slipway.baseline('0002_view', project => NULL);
SELECT slipway.baseline('0002_view', project => 'nowhere');
-- One that was begun is done with.
CALL migration('0001_customer', E'-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0');
CALL slipway.migrate();
TABLE state;
SELECT slipway.baseline('0002_view', 'built by hand until now');
TABLE record;
TABLE state;
SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL;
CALL slipway.migrate();
SELECT to_regclass('customers'), to_regclass('more');
TABLE state;
SELECT slipway.require('0001_customer');
-- Over a history there is none.
\set VERBOSITY default
SELECT slipway.baseline('0003_more');
-- Without its script neither.
CALL project('unsent');
SELECT hash_of('SELECT ''unsent''') AS unsent \gset
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || :'unsent' || E' - - versioned 0001_a\n', 'unsent') = :'unsent';
SELECT slipway.baseline('0001_a', project => 'unsent');
SELECT slipway.mark_applied('0001_a', 'why not', 'unsent');
\set VERBOSITY terse
SELECT length(slipway.add_script('SELECT ''unsent''', 'unsent'));
SELECT slipway.baseline('0001_a', project => 'unsent');
CALL slipway.migrate('unsent');

-- accept_checksum: a script that has changed.
CALL project('changed');
CALL migration('0001_a', 'SELECT 1', 'changed');
CALL migration('0002_b', 'SELECT 2', 'changed');
CALL slipway.migrate('changed');
SELECT length(slipway.add_script('SELECT ''one''', 'changed'));
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || hash_of('SELECT ''one''') || E' - - versioned 0001_a\n' || hash_of('SELECT 2') || E' - - versioned 0002_b\n' || hash_of('SELECT 1') || E' - - versioned 0003_c\n', 'changed');
\set VERBOSITY default
CALL slipway.migrate('changed');
SELECT slipway.accept_checksum('0002_b', 'why not', 'changed');
SELECT slipway.accept_checksum('0003_c', 'why not', 'changed');
SELECT slipway.accept_checksum('0001_b', 'why not', 'changed');
\set VERBOSITY terse
SELECT slipway.accept_checksum('0001_a', '', 'changed');
SELECT slipway.accept_checksum('0001_a', NULL, 'changed');
SELECT slipway.accept_checksum('', 'why not', 'changed');
SELECT slipway.accept_checksum('0001_a', 'only the spelling', 'changed');
SELECT slipway.accept_checksum('0001_a', 'again', 'changed');
SELECT migration, state, script_hash = applied_hash AS same FROM slipway.status WHERE project = 'changed';
CALL slipway.migrate('changed');
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'changed');
SELECT slipway.accept_checksum('0002_b', 'it is gone', 'changed');
SELECT migration, action, reason FROM slipway.log WHERE project = 'changed' ORDER BY entry;

-- forget_failed: of a transactional one, and of one that stopped part way.
CALL migration('0004_fails', 'SELECT 1 / 0');
CALL slipway.migrate();
TABLE state;
SELECT slipway.forget_failed('0004_fails', 'it was the day of the divisions');
SELECT slipway.forget_failed('0004_fails', 'again');
SELECT slipway.forget_failed('0003_more', 'it is applied');
SELECT slipway.forget_failed('0004_fail', 'a slip');
TABLE state;
CALL migration('0004_fails', E'-- slipway: no-transaction\nCREATE TABLE half ();\nSELECT 1 / 0');
CALL slipway.migrate();
TABLE state;
CALL migration('0004_fails', E'-- slipway: no-transaction\nCREATE TABLE other_half ();\nSELECT 1');
\set VERBOSITY default
CALL slipway.migrate();
\set VERBOSITY terse
DROP TABLE half;
SELECT slipway.forget_failed('0004_fails', 'undone by hand');
TABLE state;
CALL slipway.migrate();
SELECT to_regclass('other_half');
TABLE state;
-- Also if its script is gone.
CALL migration('0001_gone', E'-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0', 'gone');
CALL slipway.migrate('gone');
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'gone');
SELECT count(*) FROM slipway.journal WHERE project = 'gone' AND closed_by IS NULL;
SELECT slipway.forget_failed('0001_gone', 'it is gone', 'gone');
SELECT count(*) FROM slipway.journal WHERE project = 'gone' AND closed_by IS NULL;

-- A baseline cannot hide what has stopped part way and is gone.
CALL migration('0001_gone', E'-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0', 'begun');
CALL slipway.migrate('begun');
SELECT length(slipway.add_script('SELECT 2', 'begun'));
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || hash_of('SELECT 2') || E' - - versioned 0002_b\n', 'begun');
SELECT slipway.baseline('0002_b', project => 'begun');
SELECT slipway.mark_applied('0001_gone', 'it is gone', 'begun');
SELECT slipway.forget_failed('0001_gone', 'it is gone', 'begun');
SELECT slipway.baseline('0002_b', project => 'begun');

-- mark_applied: pending, failed, out of order, in part.
CALL migration('0006_pending', 'SELECT 1 / 0');
SELECT slipway.mark_applied('0006_pending', 'done by hand');
SELECT slipway.mark_applied('0006_pending', 'again');
CALL migration('0005_late', 'SELECT 1 / 0');
TABLE state;
SELECT slipway.mark_applied('0005_late', 'done by hand');
CALL migration('0007_fails', 'SELECT 1 / 0');
CALL slipway.migrate();
SELECT slipway.mark_applied('0007_fails', 'done by hand');
CALL migration('0008_half', E'-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0');
CALL slipway.migrate();
SELECT slipway.mark_applied('0008_half', 'the other half by hand');
SELECT slipway.mark_applied('0009', 'there is none');
CALL slipway.migrate();
TABLE state;
SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL;
-- One that runs again: as it is now.
CALL migration('views', E'-- slipway: repeatable\nSELECT 1 / 0');
TABLE state;
SELECT slipway.mark_applied('views', 'not today');
TABLE state;
CALL slipway.migrate();
CALL migration('views', E'-- slipway: repeatable\nSELECT 2 / 0');
SELECT slipway.accept_checksum('views', 'not today either');
CALL slipway.migrate();

-- Of a rollback that has stopped part way, none but its end and its being put back is the truth.
CALL project('undone');
SELECT slipway.add_migration('0001_a', 'CREATE TABLE a (id integer); CREATE INDEX a_id ON a (id)',
    E'DROP INDEX CONCURRENTLY a_id;\nSELECT 1 / 0', project => 'undone') IS NOT NULL AS added;
CALL slipway.migrate('undone');
CALL slipway.rollback('undone', '{"all": true}');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'undone';
SELECT name FROM slipway.schema_migrations WHERE project = 'undone';
SELECT outcome($$SELECT slipway.forget_failed('0001_a', 'never mind', 'undone')$$);
SELECT slipway.add_manifest(format(E'slipway-manifest 1 order=auto\n%s %s - versioned 0001_a\n', slipway.add_script('SELECT 3', 'undone'),
    hash_of(E'DROP INDEX CONCURRENTLY a_id;\nSELECT 1 / 0')), 'undone');
SELECT outcome($$SELECT slipway.accept_checksum('0001_a', 'never mind', 'undone')$$);
SELECT migration, state, units_done FROM slipway.status WHERE project = 'undone';
CREATE INDEX a_id ON a (id);
SELECT slipway.mark_applied('0001_a', 'the index is there again', 'undone');
-- It is applied as it was.
SELECT migration, state, units_done, script_hash = applied_hash AS same FROM slipway.status WHERE project = 'undone';
SELECT count(*) FROM slipway.journal WHERE project = 'undone' AND closed_by IS NULL;
SELECT migration, script_hash = hash_of(E'DROP INDEX CONCURRENTLY a_id;\nSELECT 1 / 0') AS same FROM slipway.rollback_plan('undone', '{"all": true}');
-- Also if its script is gone.
CALL slipway.rollback('undone', '{"all": true}');
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'undone');
CREATE INDEX a_id ON a (id);
SELECT slipway.mark_applied('0001_a', 'again', 'undone');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'undone';
-- A rollback that failed whole has left it as it was: there is nothing to forget.
CALL project('kept');
SELECT slipway.add_migration('0001_a', 'SELECT 1', 'SELECT 1 / 0', project => 'kept') IS NOT NULL AS added;
CALL slipway.migrate('kept');
CALL slipway.rollback('kept', '{"all": true}');
SELECT slipway.forget_failed('0001_a', 'never mind', 'kept');

-- One that was begun is no place for a baseline to end if the manifest has it no more.
CALL migration('0001_gone', E'-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0', 'nowhere');
CALL slipway.migrate('nowhere');
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'nowhere');
SELECT migration, state FROM slipway.status WHERE project = 'nowhere';
SELECT slipway.baseline('0001_gone', project => 'nowhere');

-- A script cannot repair itself, though the lock is its own.
CALL migration('0010_self', 'SELECT slipway.mark_applied(''0010_self'', ''by itself'')');
CALL slipway.migrate();
CALL migration('0010_self', 'SELECT slipway.settle_unit(''0010_self'', true, ''by itself'')');
CALL slipway.migrate();
CALL migration('0010_self', 'SELECT 10');
CALL slipway.migrate();

TABLE record;
SELECT p.name, v.problem FROM slipway.project p, slipway.verify_history(p.name) v;
