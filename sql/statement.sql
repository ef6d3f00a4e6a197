-- Statements of scripts behave and look as if a client had sent them in a
-- transaction.
\i test/fixture/start.psql
CREATE SEQUENCE number;
CREATE PROCEDURE script(body text) LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(to_char(nextval('number'), 'FM0000'), body);
END
$$;
CREATE TABLE seen (n serial, value text);

-- Each is a statement by its own text, with a time of its own in one
-- transaction.
CALL script($script$
INSERT INTO seen (value) VALUES (current_query()); /* between */ INSERT INTO seen (value)
  SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();
CREATE TABLE time AS SELECT now() AS start, statement_timestamp() AS statement, pg_current_xact_id() AS xid;
SELECT pg_sleep(0.01);
INSERT INTO time SELECT now(), statement_timestamp(), pg_current_xact_id();
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT count(DISTINCT start) AS starts, count(DISTINCT statement) AS statements, count(DISTINCT xid) AS transactions FROM time;

-- Event triggers fire, also those that a script has just made, and see the
-- statement.
CREATE TABLE event (n serial, tag text, object text, query text);
CREATE FUNCTION on_command() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (tag, object, query) SELECT command_tag, object_identity, current_query() FROM pg_event_trigger_ddl_commands();
END
$$;
CREATE FUNCTION on_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (tag, object) SELECT 'drop', object_identity FROM pg_event_trigger_dropped_objects() WHERE original;
END
$$;
CREATE EVENT TRIGGER regress_command ON ddl_command_end EXECUTE FUNCTION on_command();
CALL script($script$
CREATE TABLE one (); ALTER TABLE one ADD COLUMN a integer;
CREATE EVENT TRIGGER regress_drop ON sql_drop EXECUTE FUNCTION on_drop();
DROP TABLE one; CREATE TEMP TABLE two ();
$script$);
CALL slipway.migrate();
DROP EVENT TRIGGER regress_command;
DROP EVENT TRIGGER regress_drop;
SELECT tag, object, query FROM event ORDER BY n;

-- What returns rows, prints or needs a transaction block.
CALL script($script$
CREATE TABLE item (id integer PRIMARY KEY, name text, parent integer REFERENCES item);
INSERT INTO item VALUES (1, 'a', NULL), (2, 'b', 1) RETURNING id;
WITH moved AS (UPDATE item SET name = upper(name) RETURNING *) INSERT INTO seen (value) SELECT string_agg(name, ',' ORDER BY name) FROM moved;
MERGE INTO item USING (VALUES (2, 'bb'), (3, 'c')) v(id, name) ON item.id = v.id WHEN MATCHED THEN UPDATE SET name = v.name WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.name, 1);
INSERT INTO item VALUES (3, 'cc') ON CONFLICT (id) DO UPDATE SET name = excluded.name;
LOCK TABLE item IN EXCLUSIVE MODE; SELECT * FROM item FOR UPDATE; TABLE item; VALUES (1), (2);
DECLARE c SCROLL CURSOR FOR SELECT id FROM item ORDER BY id; FETCH 2 FROM c; MOVE LAST IN c; CLOSE c;
SHOW work_mem; SHOW ALL; EXPLAIN (ANALYZE, COSTS off, TIMING off) DELETE FROM item WHERE id = 3; SELECT 1 INTO into_table;
SET LOCAL work_mem = '3MB'; INSERT INTO seen (value) VALUES (current_setting('work_mem'));
PREPARE p (integer) AS INSERT INTO seen (value) SELECT name FROM item WHERE id = $1; EXECUTE p (1); EXECUTE p (2); DEALLOCATE p;
CREATE FUNCTION twice(a integer, OUT b integer) AS 'SELECT a * 2' LANGUAGE sql; CREATE PROCEDURE put(a integer, INOUT b integer) LANGUAGE plpgsql AS 'BEGIN b := a + b; INSERT INTO seen (value) VALUES (b); END';
CALL put(1, 2); SELECT * FROM twice(3); DO LANGUAGE plpgsql 'BEGIN CALL put(2, NULL); EXCEPTION WHEN OTHERS THEN NULL; END';
NOTIFY nobody, 'listens'; SELECT lo_unlink(lo_create(0)); COMMENT ON TABLE item IS 'a comment; with ''quotes''';
$script$);
CALL slipway.migrate();
SELECT value FROM seen WHERE n > 2 ORDER BY n;
SELECT * FROM item ORDER BY id;
SELECT to_regclass('into_table'), obj_description('item'::regclass);

-- Objects of many kinds, used in the same script.
CALL script($script$
CREATE SCHEMA kinds CREATE TABLE base (id integer GENERATED ALWAYS AS IDENTITY, mood text) CREATE VIEW shown AS SELECT id FROM base;
CREATE TYPE kinds.mood AS ENUM ('sad', 'ok'); ALTER TABLE kinds.base ALTER COLUMN mood TYPE kinds.mood USING mood::kinds.mood;
CREATE DOMAIN kinds.positive AS integer CHECK (VALUE > 0); ALTER TABLE kinds.base ADD COLUMN size kinds.positive DEFAULT 5;
INSERT INTO kinds.base (mood) VALUES ('ok'); INSERT INTO kinds.base (mood) VALUES ('sad');
CREATE TABLE kinds.part (id integer, at date) PARTITION BY RANGE (at); CREATE TABLE kinds.part_2026 PARTITION OF kinds.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO kinds.part VALUES (1, '2026-11-21'); ALTER TABLE kinds.part DETACH PARTITION kinds.part_2026;
CREATE MATERIALIZED VIEW kinds.stored AS SELECT count(*) AS rows FROM kinds.base; CREATE UNIQUE INDEX ON kinds.stored (rows);
INSERT INTO kinds.base (mood) VALUES ('ok'); REFRESH MATERIALIZED VIEW CONCURRENTLY kinds.stored;
CREATE INDEX base_mood ON kinds.base (mood); CLUSTER kinds.base USING base_mood; REINDEX TABLE kinds.base; ANALYZE kinds.base;
CREATE FUNCTION kinds.log() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$BEGIN INSERT INTO seen (value) SELECT 'trigger ' || count(*) FROM added; RETURN NULL; END$$;
CREATE TRIGGER log AFTER INSERT ON kinds.base REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION kinds.log();
INSERT INTO kinds.base (mood) SELECT 'sad' FROM generate_series(1, 3);
ALTER TABLE kinds.base ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON kinds.base USING (id > 0); GRANT SELECT ON kinds.base TO PUBLIC;
CREATE STATISTICS kinds.both ON id, mood FROM kinds.base; CREATE AGGREGATE kinds.total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = 0);
$script$);
\set VERBOSITY terse
CALL slipway.migrate();
SELECT mood, size, count(*) FROM kinds.base GROUP BY 1, 2 ORDER BY 1;
SELECT rows FROM kinds.stored;
SELECT value FROM seen ORDER BY n DESC LIMIT 1;
SELECT proconfig FROM pg_proc WHERE proname = 'log' AND pronamespace = 'kinds'::regnamespace;
SELECT kinds.total(n) FROM generate_series(1, 4) n;
-- A new value of an enumeration serves from the next unit on.
CALL script('ALTER TYPE kinds.mood ADD VALUE ''happy''');
CALL script('INSERT INTO kinds.base (mood) VALUES (''happy'')');
CALL slipway.migrate();
SELECT count(*) FROM kinds.base WHERE mood = 'happy';
CALL script('ALTER TYPE kinds.mood ADD VALUE ''mad''; INSERT INTO kinds.base (mood) VALUES (''mad'')');
CALL slipway.migrate();
SELECT enum_range(NULL::kinds.mood);

-- Tried again after errors that may pass: as often as is asked for, each time
-- from the beginning, and recorded once.
CREATE SEQUENCE tries;
CREATE FUNCTION fail(until bigint, sqlstate text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tries') < until THEN
        RAISE EXCEPTION 'not yet' USING ERRCODE = fail.sqlstate;
    END IF;
END
$$;
CALL script('CREATE TABLE again (); SELECT fail(3, ''40001'')');
CALL slipway.migrate();
SELECT last_value FROM tries;
SELECT entry - (SELECT max(entry) FROM slipway.history) AS entry, migration, outcome FROM slipway.log WHERE migration = '0008';
CALL script('CREATE TABLE never (); SELECT fail(1000, ''40P01'')');
ALTER SEQUENCE tries RESTART;
CALL slipway.migrate(options => '{"retries": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT last_value FROM tries;
ALTER SEQUENCE tries RESTART;
SET slipway.retries = 0;
CALL migration('0009', 'CREATE TABLE never (); SELECT fail(1000, ''55P03'')');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT last_value FROM tries;
RESET slipway.retries;
CALL migration('0009', 'CREATE TABLE never (); SELECT fail(1000, ''23505'')');
ALTER SEQUENCE tries RESTART;
CALL slipway.migrate();
SELECT last_value FROM tries;
SELECT migration, outcome, sqlstate FROM slipway.log WHERE migration = '0009' ORDER BY entry;
SELECT to_regclass('again'), to_regclass('never');
SET client_min_messages = warning;
DROP SCHEMA kinds CASCADE;
