-- Stepwise migrations: units, the journal, and what no transaction can hold.
\i test/fixture/start.psql
CREATE SEQUENCE number;
CREATE PROCEDURE script(body text, project text DEFAULT 'default') LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(to_char(nextval('number'), 'FM0000'), body, project);
END
$$;
CREATE VIEW journal AS
SELECT migration, unit, first_statement AS "from", last_statement AS "to", line_number AS line, outcome, closed_by
  FROM slipway.journal ORDER BY entry;
CREATE VIEW kind AS SELECT position, migration, kind, units, reason FROM slipway.plan();

-- Every statement that refuses a transaction block, in one script, without a marker.
CREATE TABLE seen (n serial, value text);
CALL script($script$
CREATE TABLE item (id integer, name text);
INSERT INTO item SELECT i, 'item ' || i FROM generate_series(1, 100) i;
CREATE INDEX CONCURRENTLY item_id ON item (id);
CREATE INDEX CONCURRENTLY ON item (name);
CREATE UNIQUE INDEX CONCURRENTLY item_key ON item (id, name);
INSERT INTO seen (value) SELECT indexrelid::regclass || ' ' || indisvalid FROM pg_index WHERE indrelid = 'item'::regclass ORDER BY indexrelid::regclass::text;
REINDEX INDEX CONCURRENTLY item_id;
REINDEX (CONCURRENTLY) TABLE item;
DROP INDEX CONCURRENTLY item_name_idx;
VACUUM item;
VACUUM (FULL, ANALYZE) item;
CLUSTER item USING item_id;
CLUSTER;
CREATE MATERIALIZED VIEW summary AS SELECT count(*) AS items FROM item;
CREATE UNIQUE INDEX ON summary (items);
REFRESH MATERIALIZED VIEW CONCURRENTLY summary;
LOCK TABLE item IN ACCESS EXCLUSIVE MODE;
CREATE TEMP TABLE passing ON COMMIT DROP AS SELECT 1 AS one;
INSERT INTO seen (value) SELECT 'on commit drop: ' || one FROM passing;
$script$);
SELECT * FROM kind;
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT * FROM journal;
SELECT migration, state FROM slipway.status;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'item'::regclass ORDER BY indexrelid::regclass::text;

-- Partitions, databases, types, blocks with their own commits.
CALL script($script$
CREATE TABLE event (at date) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY;
INSERT INTO event_1 VALUES ('2026-01-31');
CREATE DATABASE regress_stepwise;
ALTER DATABASE regress_stepwise SET work_mem = '5MB';
DROP DATABASE regress_stepwise;
CREATE TYPE mood AS ENUM ('sad');
ALTER TYPE mood ADD VALUE 'fine';
CREATE TABLE felt (mood mood DEFAULT 'fine');
ALTER TYPE mood ADD VALUE 'glad' AFTER 'fine';
INSERT INTO felt VALUES ('glad');
$script$);
SELECT * FROM kind;
CALL slipway.migrate();
SELECT * FROM felt;
-- DO and CALL that commit turn out to when they run; so do statements that the list does not know.
CALL script($script$
CREATE TABLE step (n serial, xid xid8 DEFAULT pg_current_xact_id());
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO step DEFAULT VALUES; COMMIT; END LOOP; END $$;
INSERT INTO step DEFAULT VALUES;
INSERT INTO step DEFAULT VALUES;
CREATE PROCEDURE walk() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO step DEFAULT VALUES; COMMIT; INSERT INTO step DEFAULT VALUES; ROLLBACK; END $$;
CALL walk();
INSERT INTO step DEFAULT VALUES;
$script$);
SELECT * FROM kind;
CALL slipway.migrate();
SELECT dense_rank() OVER (ORDER BY xid) AS transaction, count(*) FROM step GROUP BY xid ORDER BY 1;
SELECT * FROM journal WHERE migration = '0003';
CALL project('parts');
CALL migration('0001', $script$
CREATE TABLE part (id integer, name text) PARTITION BY RANGE (id);
CREATE INDEX part_id ON part (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (9);
REINDEX TABLE part;
REINDEX INDEX part_id;
CLUSTER part USING part_id;
REINDEX TABLE part_1;
$script$, 'parts');
CALL slipway.migrate('parts');
SELECT unit, first_statement, last_statement, outcome FROM slipway.journal WHERE project = 'parts' ORDER BY entry;
-- The tracking tables are written anew with all others, and are what they were.
CALL migration('0002', 'VACUUM FULL; REINDEX SCHEMA CONCURRENTLY slipway; CLUSTER', 'parts');
CALL slipway.migrate('parts');
SELECT unit, outcome FROM slipway.journal WHERE project = 'parts' AND migration = '0002' ORDER BY entry;
SELECT count(*) FROM slipway.verify_history('parts');
SELECT count(*) FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relname ~ '^pg_temp';
-- With recut = refuse they are not.
CALL script('CREATE TABLE whole (); DO $$ BEGIN COMMIT; END $$');
CALL slipway.migrate(options => '{"recut": "refuse"}');
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('whole');
CALL slipway.migrate(options => '{"recut": "sometimes"}');
CALL slipway.migrate(options => '{"recut": true}');
SET slipway.recut = refuse;
CALL slipway.migrate();
RESET slipway.recut;
CALL slipway.migrate();
SELECT to_regclass('whole');
-- A function cannot commit, alone neither: then nothing is cut.
CALL script('CREATE TABLE hidden (); DO $$ BEGIN EXECUTE ''VACUUM seen''; END $$');
CALL slipway.migrate();
CALL migration('0005', 'CREATE TABLE hidden (); DO $$ BEGIN RAISE EXCEPTION ''mine'' USING ERRCODE = ''25001''; END $$');
CALL slipway.migrate();
SELECT to_regclass('hidden');
SELECT count(*) FROM slipway.journal WHERE migration = '0005';
CALL migration('0005', 'SELECT 1');
CALL slipway.migrate();

-- BEGIN and COMMIT are borders, with what BEGIN asks for; and so is a lone COMMIT.
TRUNCATE seen;
CALL script($script$
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO seen (value) VALUES (current_setting('transaction_isolation'));
COMMIT;
INSERT INTO seen (value) VALUES (current_setting('transaction_isolation'));
BEGIN;
INSERT INTO seen (value) VALUES (pg_current_xact_id_if_assigned() IS NULL);
END;
COMMIT;
INSERT INTO seen (value) VALUES ('end');
$script$);
SELECT * FROM kind;
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT * FROM journal WHERE migration = '0006';

-- What SET has set lasts to the end of the migration, and no longer.
TRUNCATE seen;
CREATE FUNCTION note() RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.seen (value) SELECT concat_ws(' ', current_setting('work_mem'), current_setting('search_path'),
        current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('my.own', true), current_user) $$;
CREATE ROLE regress_stepwise;
GRANT INSERT ON seen TO regress_stepwise;
GRANT USAGE ON SEQUENCE seen_n_seq TO regress_stepwise;
CREATE TABLE theirs ();
ALTER TABLE theirs OWNER TO regress_stepwise;
SET work_mem = '3MB';
CALL script($script$
SELECT note();
SET work_mem = '5MB';
SET maintenance_work_mem = '64MB';
SET LOCAL statement_timeout = '1h';
SELECT set_config('my.own', 'mine', false);
SELECT note();
VACUUM item;
SELECT public.note();
SELECT set_config('search_path', 'pg_catalog', false);
SET lock_timeout = '7s';
VACUUM public.item;
SELECT public.note();
RESET work_mem;
SET ROLE regress_stepwise;
SET SESSION work_mem = '6MB';
SET LOCAL work_mem = '9MB';
SELECT public.note();
VACUUM public.theirs;
SELECT public.note();
DO $$ BEGIN SET work_mem = '8MB'; COMMIT; END $$;
SELECT public.note();
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT current_setting('work_mem') AS work_mem, current_setting('search_path') AS search_path, current_setting('my.own', true) AS own, current_user = session_user AS same;
SELECT name, source FROM pg_settings WHERE name IN ('work_mem', 'maintenance_work_mem') ORDER BY 1;
RESET work_mem;
-- Temporary tables and prepared statements last as long.
CALL script($script$
CREATE TEMP TABLE kept AS SELECT 'temporary' AS value;
PREPARE again AS INSERT INTO seen (value) SELECT value FROM kept;
VACUUM item;
EXECUTE again;
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n DESC LIMIT 1;
SELECT count(*) FROM pg_prepared_statements WHERE name = 'again';
SELECT to_regclass('kept');

-- A unit that fails leaves those before it, and the next run goes on there.
TRUNCATE seen;
CALL script($script$
INSERT INTO seen (value) VALUES ('once');
SET my.own = 'still there';
CREATE TABLE pair (a integer);
INSERT INTO pair VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY pair_a ON pair (a);
INSERT INTO seen (value) VALUES ('then');
SELECT 1 / (SELECT count(*) - 1 FROM pair);
VACUUM pair;
INSERT INTO seen (value) VALUES ('last, and what was set before is ' || current_setting('my.own'));
$script$);
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'pair'::regclass;
SELECT * FROM journal WHERE migration = '0009';
SELECT migration, state, units_done FROM slipway.status WHERE state <> 'applied';
DELETE FROM pair WHERE ctid = '(0,1)';
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'pair'::regclass;
SELECT * FROM journal WHERE migration = '0009';
SELECT value FROM seen ORDER BY n;
-- What has run cannot be changed any more; what has not can.
CREATE FUNCTION body(migration text) RETURNS text LANGUAGE sql AS $$
    SELECT s.body FROM slipway.status t JOIN slipway.script s ON encode(s.hash, 'hex') = t.script_hash WHERE t.migration = $1 $$;
CALL migration('0009', replace(body('0009'), 'once', 'twice'));
SELECT * FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0009', replace(replace(body('0009'), 'twice', 'once'), 'SELECT 1 / (SELECT count(*) - 1 FROM pair);', '-- it was wrong'));
SELECT * FROM slipway.validate();
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT * FROM journal WHERE migration = '0009';
SELECT migration, outcome, sqlstate, detail, context FROM slipway.history WHERE migration = '0009' ORDER BY entry;
-- Also if it has become transactional by that.
CALL script(E'CREATE TABLE half ();\nVACUUM half;\nSELECT 1 / 0;');
CALL slipway.migrate();
CALL migration('0010', E'CREATE TABLE half ();\n');
SELECT migration, sqlstate, message, detail FROM slipway.validate();
CALL migration('0010', E'CREATE TABLE half ();\nVACUUM half;\n');
CALL slipway.migrate();
SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL;

-- Somebody has to say what became of what the catalogs do not tell.
CALL script('SELECT 1; CREATE TABLE unsure (); DO $$ BEGIN COMMIT; PERFORM 1 / 0; END $$; CREATE TABLE sure ()');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
UPDATE slipway.journal SET outcome = 'started', finished_at = NULL WHERE migration = '0011' AND outcome = 'failed';
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT slipway.settle_unit('0011', NULL, 'no idea');
SELECT slipway.settle_unit('0011', true, '');
SELECT slipway.settle_unit('0011', true, NULL);
SELECT slipway.settle_unit('0010', true, 'it did');
SELECT slipway.settle_unit('0011', true, 'it did', 'nowhere');
SELECT slipway.settle_unit('0011', true, 'the log says so');
SELECT slipway.settle_unit('0011', true, 'the log says so');
CALL slipway.migrate();
SELECT to_regclass('unsure'), to_regclass('sure');
SELECT * FROM journal WHERE migration = '0011';
SELECT migration, action, outcome, concat_ws(': ', message, reason) AS message FROM slipway.log WHERE migration = '0011' ORDER BY entry;
SELECT * FROM slipway.verify_history();

-- Owner roles: the server's own commands run as the owner; code that could leave its role does not commit.
CREATE ROLE regress_stepwise_owner;
CREATE SCHEMA owned AUTHORIZATION regress_stepwise_owner;
CALL project('owned', '{owned}', 'regress_stepwise_owner');
CALL script($script$
CREATE TABLE thing (id integer);
CREATE INDEX CONCURRENTLY thing_id ON thing (id);
VACUUM thing;
CREATE TABLE last AS SELECT current_user AS "user";
$script$, 'owned');
CALL slipway.migrate('owned');
SELECT relname, relowner::regrole FROM pg_class WHERE relnamespace = 'owned'::regnamespace ORDER BY 1;
TABLE owned.last;
CALL migration('0013', 'CREATE TABLE out (); DO $$ BEGIN COMMIT; RESET ROLE; CREATE TABLE public.escaped (); END $$', 'owned');
CALL slipway.migrate('owned');
\echo :LAST_ERROR_SQLSTATE
CALL migration('0013', E'-- slipway: no-transaction\nCREATE TABLE out (); DO $$ BEGIN COMMIT; RESET ROLE; CREATE TABLE public.escaped (); END $$', 'owned');
CALL slipway.migrate('owned');
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('owned.out'), to_regclass('escaped');
CALL migration('0013', 'CREATE TABLE out (); ALTER SYSTEM SET work_mem = ''1GB''', 'owned');
CALL slipway.migrate('owned');
\echo :LAST_ERROR_SQLSTATE
SELECT current_user = session_user AS same;
-- What was there before is seen by the owner, also where who deploys may not look.
CREATE SCHEMA hidden AUTHORIZATION regress_stepwise_owner;
CALL project('hidden', '{hidden}', 'regress_stepwise_owner');
SELECT slipway.grant_role('regress_stepwise', 'deployer', 'hidden');
CALL migration('0001', 'CREATE TABLE item (id integer); CREATE INDEX a ON item (id); CREATE INDEX b ON item (id); DROP INDEX CONCURRENTLY a; DROP INDEX CONCURRENTLY hidden.b', 'hidden');
SET SESSION AUTHORIZATION regress_stepwise;
SELECT has_schema_privilege('hidden', 'USAGE');
CALL slipway.migrate('hidden');
RESET SESSION AUTHORIZATION;
SELECT unit, outcome, facts ~ '^[0-9]+ hidden\.[ab]$' AS facts FROM slipway.journal WHERE project = 'hidden' ORDER BY entry;

SET client_min_messages = error;
DROP SCHEMA owned, hidden CASCADE;
DROP TABLE theirs;
DROP OWNED BY regress_stepwise, regress_stepwise_owner;
DROP ROLE regress_stepwise, regress_stepwise_owner;

-- What lasts is what SET has said, also below a SET LOCAL, of each type of settings; and the session's own values are back afterwards.
CREATE TABLE types (n serial, value text);
CREATE FUNCTION note_types() RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.types (value) SELECT concat_ws(' ', current_setting('enable_seqscan'), current_setting('random_page_cost'),
        current_setting('datestyle'), current_setting('bytea_output'), current_setting('my.own', true)) $$;
SET enable_seqscan = off;
SET random_page_cost = 3.25;
SET datestyle = 'SQL, DMY';
SET bytea_output = 'escape';
SET my.own = 'the session''s';
CALL migration('0001', $script$
SELECT note_types();
SET enable_seqscan = on; SET LOCAL enable_seqscan = off;
SET random_page_cost = 7.125; SET LOCAL random_page_cost = 1;
SET datestyle = 'German'; SET LOCAL datestyle = 'ISO';
SET bytea_output = 'hex'; SET LOCAL bytea_output = 'escape';
SET my.own = 'script''s'; SET LOCAL my.own = 'nobody''s';
SELECT note_types();
VACUUM types;
SELECT note_types();
DO $$ BEGIN SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 5; SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'escape'; PERFORM note_types(); COMMIT; PERFORM note_types(); END $$;
VACUUM types;
SELECT note_types();
$script$, 'types');
CALL slipway.migrate('types');
SELECT value FROM types ORDER BY n;
SELECT note_types();
SELECT value FROM types ORDER BY n DESC LIMIT 1;
RESET enable_seqscan;
RESET random_page_cost;
RESET datestyle;
RESET bytea_output;
RESET my.own;
