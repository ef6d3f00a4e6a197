-- What a rollback would destroy, as far as the statements of its scripts say so.
\i test/fixture/start.psql
CALL project('default');
CREATE PROCEDURE losses(down text) LANGUAGE plpgsql AS $$
DECLARE
    row record;
BEGIN
    FOR row IN SELECT * FROM slipway.rollback_losses(options => jsonb_build_object('script', slipway.add_script(down))) LOOP
        RAISE NOTICE '%', concat_ws(' ', row.action, row.relation, row.column_name, coalesce(row.rows::text, '?'), CASE WHEN NOT row.exact THEN '(estimated)' END);
    END LOOP;
END
$$;
SELECT slipway.add_migration('0001_all', $$
CREATE TABLE item (id integer, "Name" text);
INSERT INTO item SELECT i, 'x' FROM generate_series(1, 1234) i;
CREATE TABLE part (id integer) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
INSERT INTO part SELECT generate_series(0, 14);
CREATE TABLE parent (id integer);
CREATE TABLE heir () INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO heir VALUES (2), (3);
CREATE VIEW seen AS SELECT * FROM item;
CREATE SCHEMA other;
CREATE TABLE other.b (); CREATE TABLE other."A" (); CREATE SEQUENCE other.s;
CREATE TABLE large AS SELECT i FROM generate_series(1, 150000) i;
$$, 'DROP TABLE item') IS NOT NULL AS added;
CALL slipway.migrate();
ANALYZE large;
SELECT * FROM slipway.rollback_losses(options => '{"steps": 1}');
CALL losses('DROP TABLE item, part');
CALL losses('TRUNCATE item, nothing, nowhere.nothing');
CALL losses('DROP TABLE IF EXISTS public.item, nothing, nowhere.nothing; DROP VIEW seen; DROP TABLE seen');
CALL losses('ALTER TABLE item DROP COLUMN "Name", ADD COLUMN b text, DROP id; ALTER TABLE nothing DROP COLUMN b');
CALL losses('TRUNCATE item, parent');
CALL losses('DELETE FROM item; DELETE FROM item WHERE id = 1; UPDATE item SET id = 1');
CALL losses('DROP TABLE parent');
CALL losses('DROP TABLE parent CASCADE');
CALL losses('DROP SCHEMA other CASCADE; DROP SCHEMA other; DROP SCHEMA IF EXISTS nowhere CASCADE');
CALL losses('DROP TABLE b; SET search_path = other; DROP TABLE b; DROP TABLE "A"');
SHOW search_path;
CALL losses('BEGIN; DROP TABLE item; COMMIT; DROP TABLE part_1');
CALL losses('DROP INDEX CONCURRENTLY IF EXISTS x; COPY item FROM stdin;
1	x
\.
DROP TABLE item;');
-- What CASCADE takes, and heirs; nothing is lost with a column that is not there.
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN positive AS integer;
CREATE TABLE patient (id integer PRIMARY KEY, m mood, p positive, moods mood[]);
CREATE TABLE visit (id integer PRIMARY KEY REFERENCES patient);
CREATE TABLE bill (visit integer REFERENCES visit);
CREATE TABLE state_log (m mood, n integer) PARTITION BY RANGE (n);
CREATE TABLE state_log_rest PARTITION OF state_log DEFAULT;
CREATE TABLE uses_row (row parent, n integer);
CREATE TABLE own_id (id integer) INHERITS (parent);
CREATE TYPE other.pair AS (a integer);
CREATE TABLE uses_pair (p other.pair, n integer);
INSERT INTO patient VALUES (1);
INSERT INTO visit VALUES (1);
INSERT INTO bill VALUES (1), (1);
INSERT INTO state_log VALUES ('sad', 1);
CALL losses('TRUNCATE patient');
CALL losses('TRUNCATE patient CASCADE');
CALL losses('TRUNCATE visit, patient CASCADE');
CALL losses('TRUNCATE ONLY parent; DELETE FROM parent');
CALL losses('DELETE FROM ONLY parent');
CALL losses('ALTER TABLE parent DROP COLUMN id; ALTER TABLE parent DROP COLUMN IF EXISTS none');
CALL losses('DROP TYPE mood; DROP DOMAIN positive');
CALL losses('DROP TYPE mood, public.positive, nowhere.x, x CASCADE');
CALL losses('DROP TABLE parent, heir CASCADE');
CALL losses('DROP SCHEMA other CASCADE');
CREATE EXTENSION hstore SCHEMA other;
CREATE TABLE uses_hstore (h other.hstore, n integer);
CALL losses('DROP EXTENSION hstore');
CALL losses('DROP EXTENSION hstore CASCADE');
DROP TABLE patient, visit, bill, state_log, uses_row, own_id, uses_pair, uses_hstore;
DROP TYPE mood, positive, other.pair;
DROP EXTENSION hstore;
-- Large ones are not counted.
SELECT relation, rows BETWEEN 140000 AND 160000 AS about, exact
  FROM slipway.rollback_losses(options => jsonb_build_object('script', slipway.add_script('DROP TABLE large')));
-- What may not be read is not counted: neither without the right, nor with row security.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_losses;
RESET client_min_messages;
CREATE ROLE regress_losses;
SELECT slipway.grant_role('regress_losses', 'deployer');
SELECT slipway.grant_role('regress_losses', 'uploader');
ANALYZE item;
SET ROLE regress_losses;
SELECT relation, rows, exact FROM slipway.rollback_losses(options => '{"all": true}');
RESET ROLE;
GRANT SELECT ON item TO regress_losses;
SET ROLE regress_losses;
SELECT relation, rows, exact FROM slipway.rollback_losses(options => '{"all": true}');
RESET ROLE;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
SET ROLE regress_losses;
SELECT relation, rows, exact FROM slipway.rollback_losses(options => '{"all": true}');
RESET ROLE;
-- A schema that may not be used is no error.
REVOKE USAGE ON SCHEMA other FROM PUBLIC;
SELECT slipway.add_script('DROP TABLE other.b') AS script \gset
SET ROLE regress_losses;
SELECT relation, exact FROM slipway.rollback_losses(options => jsonb_build_object('script', :'script'));
RESET ROLE;
-- Errors are those of rollback.
SELECT * FROM slipway.rollback_losses();
SELECT * FROM slipway.rollback_plan(NULL);
SELECT * FROM slipway.rollback_losses(options => '{"to": "0001"}');
-- Nothing was changed.
SELECT count(*) FROM item;
SELECT action FROM slipway.history;
