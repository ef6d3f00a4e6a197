-- Statements that commit by themselves, when it is not written down how they ended: the
-- catalogs tell. A run that ended right behind one is imitated by changing the journal.
\i test/fixture/start.psql
CREATE TABLE item (id integer, name text);
CREATE INDEX item_old ON item (id);
CREATE TABLE event (at date) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
-- interrupt(statement): it was executed, and what follows it fails; then its end is forgotten.
CREATE PROCEDURE interrupt(migration text, statement text) LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(migration, statement || E';\nSELECT 1 / (SELECT count(*) FROM go_on);');
END
$$;
CREATE TABLE go_on ();
ALTER TABLE go_on ADD n integer;
CREATE VIEW fate AS SELECT migration, unit, outcome, facts IS NOT NULL AS facts FROM slipway.journal ORDER BY entry;
\set forget 'UPDATE slipway.journal SET outcome = ''started'', finished_at = NULL WHERE closed_by IS NULL AND unit = 1 AND outcome <> ''undone'';'
\set VERBOSITY terse
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_settle, regress_settle_hat;
RESET client_min_messages;

-- It is there: done.
CALL interrupt('0001', 'CREATE INDEX CONCURRENTLY item_id ON item (id)');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT * FROM fate;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'item'::regclass ORDER BY 1;
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
-- It is not, or not any more: it runs again.
CALL interrupt('0002', 'CREATE INDEX CONCURRENTLY item_name ON item (name)');
CALL slipway.migrate();
:forget
DROP INDEX item_name;
CALL slipway.migrate();
-- It is INVALID: dropped, and made again.
:forget
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_name'::regclass;
CALL slipway.migrate();
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'item'::regclass ORDER BY 1;
SELECT unit, outcome FROM fate WHERE migration = '0002';
-- Another index that is INVALID is none of our business.
:forget
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_old'::regclass;
CALL slipway.migrate();
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'item'::regclass ORDER BY 1;
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'item_old'::regclass;
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;

-- It is gone: done. It is not: it runs again.
CALL interrupt('0003', 'DROP INDEX CONCURRENTLY item_old');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT to_regclass('item_old');
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
SELECT * FROM fate WHERE migration = '0003';

-- In another cluster, where a dump of all this was restored, OIDs say nothing.
CREATE INDEX item_gone ON item (id);
CALL interrupt('0003_a', 'DROP INDEX CONCURRENTLY item_gone');
CALL slipway.migrate();
:forget
CREATE INDEX item_gone ON item (id);
CALL slipway.migrate();
SELECT slipway.settle_unit('0003_a', done => false, reason => 'it is from the dump');
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
SELECT to_regclass('item_gone');
TRUNCATE go_on;
CREATE TABLE event_0 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CALL interrupt('0003_b', 'ALTER TABLE event DETACH PARTITION event_0 CONCURRENTLY');
CALL slipway.migrate();
:forget
UPDATE slipway.journal SET facts = '1,2' WHERE migration = '0003_b' AND unit = 1;
CALL slipway.migrate();
SELECT slipway.settle_unit('0003_b', done => true, reason => 'it is detached');
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;

-- A partition.
CALL interrupt('0004', 'ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = 'event_1'::regclass;
-- Half detached, as the first of its two transactions leaves it: it is finalized.
:forget
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'event_1'::regclass;
CALL slipway.migrate();
SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = 'event_1'::regclass;
-- Not at all: it runs again.
:forget
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CALL slipway.migrate();
SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = 'event_1'::regclass;
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;

-- What is no partition, or not there, was not detached by a statement that failed.
CREATE TABLE event_2 (at date);
CALL project('detach');
CALL migration('0001', 'ALTER TABLE event DETACH PARTITION event_2 CONCURRENTLY', 'detach');
CALL slipway.migrate('detach');
CALL slipway.migrate('detach');
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CALL slipway.migrate('detach');
SELECT count(*) FROM pg_inherits WHERE inhrelid = 'event_2'::regclass;
CALL migration('0002', 'ALTER TABLE event DETACH PARTITION event_3 CONCURRENTLY', 'detach');
CALL slipway.migrate('detach');
CALL slipway.migrate('detach');

-- An index that an event trigger makes is not the statement's.
CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_tag = 'CREATE INDEX' AND to_regclass('public.trail') IS NULL THEN
        CREATE TABLE public.trail (id integer PRIMARY KEY);
    END IF;
END
$$;
CREATE EVENT TRIGGER audit ON ddl_command_start EXECUTE FUNCTION audit();
CREATE TABLE twice AS SELECT 1 AS n FROM generate_series(1, 2);
CALL project('trail');
CALL migration('0001', 'CREATE UNIQUE INDEX CONCURRENTLY twice_n ON twice (n)', 'trail');
CALL slipway.migrate('trail');
CALL slipway.migrate('trail');
DROP EVENT TRIGGER audit;
TRUNCATE twice;
CALL slipway.migrate('trail');
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'twice'::regclass;

-- What was left is tidied up by the role that the script had taken.
CREATE ROLE regress_settle_hat;
CREATE ROLE regress_settle NOINHERIT IN ROLE regress_settle_hat;
GRANT CREATE ON SCHEMA public TO regress_settle_hat;
CREATE TABLE hat AS SELECT 1 AS n FROM generate_series(1, 2);
ALTER TABLE hat OWNER TO regress_settle_hat;
CALL project('hat');
SELECT slipway.grant_role('regress_settle', 'deployer', 'hat');
CALL migration('0001', 'SET ROLE regress_settle_hat; CREATE UNIQUE INDEX CONCURRENTLY hat_n ON hat (n)', 'hat');
SET SESSION AUTHORIZATION regress_settle;
CALL slipway.migrate('hat');
RESET SESSION AUTHORIZATION;
TRUNCATE hat;
SET SESSION AUTHORIZATION regress_settle;
CALL slipway.migrate('hat');
SELECT current_user;
RESET SESSION AUTHORIZATION;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'hat'::regclass;

-- REINDEX runs again; what it has left of the old and of the new goes.
CALL interrupt('0005', 'REINDEX TABLE CONCURRENTLY item');
CALL slipway.migrate();
:forget
CREATE INDEX item_id_ccold ON item (id);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_id_ccold'::regclass;
UPDATE slipway.journal SET facts = facts || ',' || 'item_id_ccold'::regclass::oid WHERE closed_by IS NULL AND unit = 1;
CREATE INDEX item_id_ccnew ON item (id);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_id_ccnew'::regclass;
INSERT INTO slipway.journal_made SELECT project, entry, 'item_id_ccnew'::regclass, 'item_id_ccnew' FROM slipway.journal WHERE closed_by IS NULL AND unit = 1;
CREATE INDEX mine_ccold ON item (id);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'mine_ccold'::regclass;
SET client_min_messages = error;
CALL slipway.migrate();
RESET client_min_messages;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'item'::regclass ORDER BY indexrelid::regclass::text;
DROP INDEX mine_ccold;
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;

-- Databases.
CALL interrupt('0006', 'CREATE DATABASE regress_settle');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT count(*) FROM pg_database WHERE datname = 'regress_settle';
:forget
DROP DATABASE regress_settle;
CALL slipway.migrate();
SELECT count(*) FROM pg_database WHERE datname = 'regress_settle';
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
CALL interrupt('0007', 'DROP DATABASE regress_settle');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
-- A tablespace: it is there, or gone: done.
SET allow_in_place_tablespaces = on;
CALL interrupt('0007_a', 'CREATE TABLESPACE regress_settle_space LOCATION ''''');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT unit, outcome FROM fate WHERE migration = '0007_a';
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
CALL interrupt('0007_b', 'DROP TABLESPACE regress_settle_space');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT unit, outcome FROM fate WHERE migration = '0007_b';
-- Not yet: it runs again.
:forget
CREATE TABLESPACE regress_settle_space LOCATION '';
UPDATE slipway.journal SET facts = (SELECT oid FROM pg_tablespace WHERE spcname = 'regress_settle_space') WHERE migration = '0007_b' AND unit = 1;
CALL slipway.migrate();
SELECT count(*) FROM pg_tablespace WHERE spcname = 'regress_settle_space';
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
RESET allow_in_place_tablespaces;
-- A subscription whose publisher is not there was not made.
CALL interrupt('0007_c', 'CREATE SUBSCRIPTION regress_settle CONNECTION ''host=/nowhere port=1'' PUBLICATION p');
\set VERBOSITY sqlstate
CALL slipway.migrate();
:forget
CALL slipway.migrate();
\set VERBOSITY terse
SELECT unit, outcome FROM fate WHERE migration = '0007_c';
CALL migration('0007_c', 'SELECT 1');
CALL slipway.migrate();
-- What was not there was not dropped.
CALL interrupt('0007_d', 'DROP INDEX CONCURRENTLY IF EXISTS item_never');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
SELECT unit, outcome FROM fate WHERE migration = '0007_d';
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();
TRUNCATE go_on;
-- A database that was there before was not made by us: the server says so.
CREATE DATABASE regress_settle;
CALL migration('0008', 'CREATE DATABASE regress_settle');
CALL slipway.migrate();
:forget
CALL slipway.migrate();
DROP DATABASE regress_settle;
CALL slipway.migrate();
DROP DATABASE regress_settle;
-- Repeated without harm.
CALL interrupt('0009', 'VACUUM item');
CALL slipway.migrate();
:forget
INSERT INTO go_on VALUES (1);
CALL slipway.migrate();

-- The statement was executed, and it is its line of the journal that fails: it does not run again.
CREATE TABLE counted (n integer);
CREATE SEQUENCE tries;
CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.outcome <> 'started' AND nextval('public.tries') = 1 THEN
        RAISE EXCEPTION 'no room for %', new.outcome;
    END IF;
    RETURN new;
END
$$;
CREATE TRIGGER fail_once BEFORE UPDATE ON slipway.journal FOR EACH ROW WHEN (new.closed_by IS NULL) EXECUTE FUNCTION fail_once();
CALL migration('0010', '-- slipway: no-transaction
DO $$ BEGIN INSERT INTO counted VALUES (1); COMMIT; INSERT INTO counted VALUES (2); END $$;');
CALL slipway.migrate();
SELECT * FROM fate WHERE migration = '0010';
CALL slipway.migrate();
TABLE counted;
DROP TRIGGER fail_once ON slipway.journal;

-- What DO has committed is not committed again by a retry: that is for somebody to decide.
-- What it has not is rolled back, and tried again: the third try comes as far as its commit.
TRUNCATE counted;
SELECT setval('tries', 10);
CALL project('retry');
CALL migration('0001', $script$
DO $$
DECLARE
    try integer := nextval('tries');
BEGIN
    INSERT INTO counted VALUES (try);
    IF try = 12 THEN RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = 'no luck'; END IF;
    COMMIT;
    IF try = 13 THEN RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = 'bad luck'; END IF;
    INSERT INTO counted VALUES (-try);
END
$$;
$script$, 'retry');
\set VERBOSITY default
CALL slipway.migrate('retry', '{"retries": 5}');
\set VERBOSITY terse
TABLE counted;
SELECT outcome FROM slipway.journal WHERE project = 'retry' ORDER BY entry;
CALL slipway.migrate('retry', '{"retries": 5}');
TABLE counted;

-- The facts of REINDEX are about all that it rebuilds: partitions of an index, tables behind tables.
CREATE SCHEMA wide;
CREATE TABLE wide.item (id integer PRIMARY KEY, name text);
CREATE TABLE wide.event (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE wide.event_1 PARTITION OF wide.event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE INDEX event_at ON wide.event (at);
CALL project('wide');
CALL migration('0001', 'REINDEX INDEX CONCURRENTLY wide.event_at; REINDEX TABLE CONCURRENTLY wide.event; REINDEX TABLE CONCURRENTLY wide.item; REINDEX SCHEMA CONCURRENTLY wide', 'wide');
CALL slipway.migrate('wide');
SELECT unit, array_length(string_to_array(facts, ','), 1) AS indexes FROM slipway.journal WHERE project = 'wide' ORDER BY unit;

-- Journal and history agree in the end.
SELECT migration, string_agg(unit || ' ' || outcome, ', ' ORDER BY entry) AS units, count(closed_by) = count(*) AS closed FROM slipway.journal WHERE project = 'default' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM slipway.verify_history();

SET client_min_messages = error;
DROP OWNED BY regress_settle, regress_settle_hat CASCADE;
DROP ROLE regress_settle, regress_settle_hat;

-- With other values of its variables a script has not got the statement any more that was begun.
CALL project('values');
CALL migration('0001', E'-- slipway: variables what\n${what};', 'values');
CALL slipway.migrate('values', '{"variables": {"what": "CREATE INDEX CONCURRENTLY item_values ON item (id); SELECT 1 / 0"}}');
UPDATE slipway.journal SET outcome = 'started', finished_at = NULL WHERE project = 'values';
CALL slipway.migrate('values', '{"variables": {"what": ""}}');
CALL slipway.migrate('values', '{"variables": {"what": "CREATE INDEX CONCURRENTLY item_values ON item (id); SELECT 1"}}');
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indexrelid = 'item_values'::regclass;
