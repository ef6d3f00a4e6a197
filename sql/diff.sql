-- What a run leaves behind is stored, and what differs from it is told.
\i test/fixture/start.psql
CREATE VIEW stored AS SELECT project, name, run, objects > 0 AS objects, ignore, outdated FROM slipway.saved_snapshot ORDER BY 1, 2 NULLS FIRST;

-- Nothing is stored before something has run.
CALL project('default');
SELECT slipway.drift();
SELECT * FROM slipway.diff();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0001_a', 'CREATE TABLE a (x integer, y text); CREATE VIEW v AS SELECT x FROM a');
CALL slipway.migrate();
SELECT * FROM stored;
SELECT slipway.drift();
SELECT * FROM slipway.diff();
SELECT fingerprint = slipway.fingerprint() AS same FROM slipway.saved_snapshot;
-- Each change is one difference; the order of a table's columns is none of its own.
ALTER TABLE a ADD COLUMN z integer DEFAULT 1;
ALTER TABLE a ALTER COLUMN x SET NOT NULL;
COMMENT ON TABLE a IS 'by hand';
CREATE TABLE b ();
DROP VIEW v;
SELECT kind, identity, change FROM slipway.diff();
SELECT identity, before, after FROM slipway.diff() WHERE kind <> 'view';
SELECT slipway.drift();
ALTER TABLE a DROP COLUMN z;
ALTER TABLE a RENAME COLUMN y TO "y, y";
SELECT kind, identity, change FROM slipway.diff() ORDER BY 1, 2;
-- But if those that have stayed are in another order.
CREATE TABLE c (k integer, l integer, m integer);
SELECT length(slipway.save_snapshot());
ALTER TABLE c DROP COLUMN k, ADD COLUMN k integer;
SELECT * FROM slipway.diff();
ALTER TABLE c ADD COLUMN n integer, DROP COLUMN l;
SELECT * FROM slipway.diff();
-- What looks like such a list, in a comment, is none; an end of line in a name is part of it.
CREATE TABLE d ("x
y" integer);
CREATE VIEW commented AS SELECT 1 AS one;
COMMENT ON VIEW commented IS E'It has\ncolumns: one';
SELECT length(slipway.save_snapshot('commented'));
COMMENT ON VIEW commented IS E'It has\ncolumns: one, two';
ALTER TABLE d ADD COLUMN z integer;
SELECT kind, identity, change FROM slipway.diff(against => 'commented');
DROP TABLE d;
DROP VIEW commented;
SELECT slipway.drop_snapshot('commented');

-- Patterns.
SELECT identity FROM slipway.diff(ignore => '{}');
SELECT identity FROM slipway.diff(ignore => '{public.c}');
SELECT identity FROM slipway.diff(ignore => '{kind:column}');
SELECT identity FROM slipway.diff(ignore => '{schema:pub*}');
SELECT slipway.drift(ignore => '{public.?}');
SET slipway.ignore = 'public.c', 'kind:view';
SELECT slipway.drift(), slipway.drift(ignore => '{}');
-- What the snapshot leaves out is no difference, asked for or not.
SELECT length(slipway.save_snapshot());
RESET slipway.ignore;
SELECT slipway.drift(ignore => '{}');
SELECT ignore FROM stored;
SELECT * FROM slipway.diff(ignore => '{schema:}');
SELECT * FROM slipway.diff(ignore => ARRAY[NULL]);
SELECT slipway.drift(NULL);
SELECT * FROM slipway.diff(NULL);
SELECT slipway.save_snapshot('x', NULL);
SELECT slipway.drop_snapshot('x', NULL);
SELECT * FROM slipway.diff('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT length(slipway.save_snapshot());

-- A run that fails stores what it had done before; one that did nothing stores nothing.
CALL migration('0002_d', 'CREATE TABLE d ()');
CALL migration('0003_e', 'SELECT 1/0');
CALL slipway.migrate();
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
CREATE TABLE by_hand ();
CALL slipway.migrate();
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
DROP TABLE by_hand;
CALL slipway.migrate(options => '{"to": "0002_d"}');
SELECT run, outdated FROM stored;
-- One that has stopped part way.
CALL migration('0003_e', 'CREATE TABLE e (x integer); INSERT INTO e VALUES (1), (1); CREATE UNIQUE INDEX CONCURRENTLY ON e (x)');
CALL slipway.migrate();
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
DELETE FROM e;
CALL slipway.migrate();
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
-- In mode all, and going back.
SELECT length(slipway.add_migration('0004_f', 'CREATE TABLE f ()', 'DROP TABLE f'));
SELECT length(slipway.add_migration('0005_g', 'CREATE TABLE g ()', 'DROP TABLE g'));
CALL slipway.migrate(options => '{"mode": "all"}');
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
CALL slipway.redo();
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
CALL slipway.rollback(options => '{"steps": 1}');
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
SELECT count(*) FROM slipway.schema_object WHERE identity = 'public.g';

-- What has not changed is not written again.
CREATE TABLE seen AS SELECT hash, xmin::text AS x FROM slipway.schema_object WHERE kind = 'table';
CALL migration('0005_g', 'CREATE TABLE g (x integer)');
CALL slipway.migrate();
SELECT o.identity FROM slipway.schema_object o LEFT JOIN seen s ON s.hash = o.hash AND s.x = o.xmin::text
 WHERE o.kind IN ('table', 'column') AND s IS NULL AND o.identity LIKE 'public.g%' ORDER BY 1;
SELECT count(*) > 3 AS "stay" FROM slipway.schema_object o JOIN seen s ON s.hash = o.hash AND s.x = o.xmin::text;

-- Switched off. What is stored is then known to be older than what there is.
CALL migration('0006_h', 'CREATE TABLE h ()');
CALL slipway.migrate(options => '{"snapshot": "off"}');
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
SELECT * FROM slipway.diff();
\echo :LAST_ERROR_SQLSTATE
SET slipway.snapshot = off;
CALL migration('0007_i', 'CREATE TABLE i ()');
CALL slipway.migrate();
SELECT run, outdated FROM stored;
CALL migration('0008_j', 'CREATE TABLE j ()');
CALL slipway.migrate(options => '{"snapshot": true}');
SELECT run, outdated FROM stored;
RESET slipway.snapshot;
CALL slipway.migrate(options => '{"snapshot": "maybe"}');
-- One that cannot be taken is no reason to fail.
SET slipway.ignore = 'kind:';
CALL migration('0009_k', 'CREATE TABLE k ()');
CALL slipway.migrate();
SET slipway.ignore = 'public.c,,kind:view';
SELECT outcome('SELECT slipway.fingerprint()');
SELECT outcome('SELECT slipway.fingerprint(NULL)'), outcome('SELECT slipway.snapshot(NULL)');
-- What is listed twice, or with more stars than one, is as good as once.
SET slipway.ignore = 'public.**,public.**';
SELECT slipway.fingerprint() AS twice \gset
SET slipway.ignore = 'public.*';
SELECT slipway.fingerprint() = :'twice' AS same;
RESET slipway.ignore;
SELECT slipway.fingerprint() <> :'twice' AS other;
SELECT migration, state FROM slipway.status WHERE migration = '0009_k';
SELECT run, outdated FROM stored;
-- Somebody says that all is well.
SELECT length(slipway.save_snapshot());
SELECT run, outdated, (SELECT slipway.drift()) AS drift FROM stored;
-- A script cannot.
CALL migration('0010_l', 'SELECT slipway.save_snapshot()');
CALL slipway.migrate();
CALL migration('0010_l', 'SELECT slipway.drop_snapshot(NULL)');
CALL slipway.migrate();
CALL migration('0010_l', 'DELETE FROM slipway.schema_object');
CALL slipway.migrate();
CALL migration('0010_l', 'CREATE TABLE l ()');
CALL slipway.migrate();

-- Snapshots with a name.
SELECT length(slipway.save_snapshot('one'));
SELECT length(slipway.save_snapshot('two'));
DROP TABLE l;
SELECT * FROM slipway.diff(against => 'one');
SELECT length(slipway.save_snapshot('one'));
SELECT * FROM slipway.diff(against => 'one');
SELECT identity, change FROM slipway.diff(against => 'two');
SELECT name, run, outdated FROM stored;
CALL migration('0011_m', 'CREATE TABLE m ()');
CALL slipway.migrate(options => '{"snapshot": "off"}');
SELECT identity, change FROM slipway.diff(against => 'one');
SELECT slipway.drop_snapshot('two'), slipway.drop_snapshot('two'), slipway.drop_snapshot(NULL);
SELECT * FROM slipway.diff(against => 'two');
\echo :LAST_ERROR_SQLSTATE
SELECT name FROM stored;
SELECT count(DISTINCT snapshot) FROM slipway.schema_object;
SELECT slipway.save_snapshot('');
\echo :LAST_ERROR_SQLSTATE

-- Another major version writes objects otherwise.
UPDATE slipway.schema_snapshot SET server_version_num = 140012;
SELECT outcome('SELECT slipway.diff(against => ''one'')') ~ '^SW030: the snapshot was taken by PostgreSQL 14, this is \d+\n';
SELECT length(slipway.save_snapshot('one')), length(slipway.save_snapshot());
SELECT * FROM slipway.diff(against => 'one');
UPDATE slipway.schema_snapshot SET server_version_num = 140012 WHERE name IS NULL;
SELECT slipway.drift();

-- A project sees its own schemas, another one what is nobody's.
CREATE SCHEMA shop;
CREATE SCHEMA stock;
CALL project('shop', '{shop}');
CALL project('stock', '{stock}');
CALL migration('0001_a', 'CREATE TABLE a ()', 'shop');
CALL migration('0001_a', 'CREATE TABLE a ()', 'stock');
SELECT length(slipway.save_snapshot());
CALL slipway.migrate('shop');
CALL slipway.migrate('stock');
SELECT slipway.drift(name) FROM slipway.project ORDER BY name;
CREATE TABLE shop.b ();
CREATE TABLE public.bb ();
SELECT name, identity, change FROM slipway.project, slipway.diff(name) ORDER BY 1, 2;
-- What comes to belong to another project is not dropped.
CALL project('new', '{public}');
SELECT identity, change FROM slipway.diff() ORDER BY 1;

-- Who only reads.
SET default_transaction_read_only = on;
SELECT identity FROM slipway.diff('shop');
SELECT slipway.save_snapshot('three', 'shop');
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_read_only;
