Scripts that would change the record, what slipway is made of, or plant something in its schema, as a superuser.
sql/protect.sql has the plain ways; these are the others.

-- case: an update of the tables of one's own
-- control
-- as: superuser
-- must: apply
-- shows: SELECT outcome = 'changed' FROM history
CREATE TABLE history (outcome text);
INSERT INTO history VALUES ('new');
UPDATE history SET outcome = 'changed';
CREATE TRIGGER append_only BEFORE UPDATE ON history FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE history DISABLE TRIGGER append_only;
SELECT public.mark();
-- case: a function with a body of statements
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE slipway.history SET outcome = 'failed'; END;
SELECT forge();
-- case: a rule on a view of a view
-- as: superuser
-- must: fail SW017
CREATE VIEW one AS SELECT * FROM slipway.history;
CREATE VIEW two AS SELECT project, message FROM one;
UPDATE two SET message = 'forged';
-- case: INSERT ... ON CONFLICT DO UPDATE
-- as: superuser
-- must: fail SW017
INSERT INTO slipway.project (name) VALUES ('alive') ON CONFLICT (name) DO UPDATE SET owner = 'adv_other';
-- case: the query of a materialized view
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN DELETE FROM slipway.run; RETURN 1; END$$;
CREATE MATERIALIZED VIEW forged AS SELECT forge();
-- case: an index on an expression
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN DELETE FROM slipway.run; RETURN 1; END$$;
CREATE FUNCTION forge(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.forge(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX ON t (forge(a));
-- case: a default
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN DELETE FROM slipway.run; RETURN 1; END$$;
CREATE TABLE t (a integer, b integer DEFAULT forge());
INSERT INTO t VALUES (1);
-- case: a foreign key that cascades
-- as: superuser
-- must: fail SW017
CREATE TABLE parent (name text PRIMARY KEY);
ALTER TABLE slipway.project ADD FOREIGN KEY (name) REFERENCES parent ON DELETE CASCADE;
-- case: a foreign key to a table of slipway
-- as: superuser
-- must: fail SW017
CREATE TABLE child (name text REFERENCES slipway.project ON UPDATE CASCADE);
-- case: a catalog: a trigger is off
-- as: superuser
-- must: fail SW017
UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'slipway.history'::regclass;
-- case: a catalog: a trigger is away
-- as: superuser
-- must: fail SW017
DELETE FROM pg_trigger WHERE tgrelid = 'slipway.history'::regclass;
-- case: a catalog: a table without triggers, from a function
-- as: superuser
-- must: fail SW017
DO $$BEGIN UPDATE pg_class SET relhastriggers = false WHERE oid = 'slipway.history'::regclass; END$$;
-- case: a catalog: another owner
-- as: superuser
-- must: fail SW017
UPDATE pg_class SET relowner = 'adv_deployer'::regrole WHERE oid = 'slipway.history'::regclass;
-- case: a catalog: privileges
-- as: superuser
-- must: fail SW017
UPDATE pg_class SET relacl = ARRAY[makeaclitem('adv_deployer'::regrole, 10, 'INSERT', true)] WHERE oid = 'slipway.history'::regclass;
-- case: a catalog: privileges of a function
-- as: superuser
-- must: fail SW017
UPDATE pg_proc SET proacl = NULL WHERE pronamespace = 'slipway'::regnamespace;
-- case: a catalog: another body
-- as: superuser
-- must: fail SW017
UPDATE pg_proc SET prosrc = 'slipway_version' WHERE oid = 'slipway._refuse_change'::regproc;
-- case: a catalog: a table moves out of the schema
-- as: superuser
-- must: fail SW017
UPDATE pg_class SET relnamespace = 'adv'::regnamespace WHERE oid = 'slipway.history'::regclass;
-- case: a catalog: the schema has another name
-- as: superuser
-- must: fail SW017
UPDATE pg_namespace SET nspname = 'slipped' WHERE nspname = 'slipway';
-- case: a catalog: the extension has another version
-- as: superuser
-- must: fail SW017
UPDATE pg_extension SET extversion = '99' WHERE extname = 'pg_slipway';
-- case: a catalog: nothing belongs to the extension
-- as: superuser
-- must: fail SW017
DELETE FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_slipway');
-- case: a catalog: a rule
-- as: superuser
-- must: fail SW017
UPDATE pg_rewrite SET is_instead = false WHERE ev_class = 'slipway.status'::regclass;
-- case: a catalog: a column
-- as: superuser
-- must: fail SW017
UPDATE pg_attribute SET attname = 'forged' WHERE attrelid = 'slipway.history'::regclass AND attname = 'hint';
-- case: a catalog, and back again in another unit
-- as: superuser
-- must: fail SW017
UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'slipway.history'::regclass;
COMMIT;
BEGIN;
UPDATE pg_trigger SET tgenabled = 'A' WHERE tgrelid = 'slipway.history'::regclass;
COMMIT;
-- case: a catalog: rows that are not about slipway
-- control
-- as: superuser
-- must: apply
-- shows: SELECT atttypmod = 24 FROM pg_attribute WHERE attrelid = 'adv.t'::regclass AND attname = 'a'
CREATE TABLE t (a varchar(10));
UPDATE pg_attribute SET atttypmod = 24 WHERE attrelid = 'adv.t'::regclass AND attname = 'a';
-- case: CREATE TABLE AS in the schema
-- as: superuser
-- must: fail SW017
CREATE TABLE slipway.planted AS SELECT 1;
-- case: SELECT INTO in the schema
-- as: superuser
-- must: fail SW017
SELECT 1 INTO slipway.planted;
-- case: a sequence in the schema
-- as: superuser
-- must: fail SW017
CREATE SEQUENCE slipway.planted;
-- case: a materialized view in the schema
-- as: superuser
-- must: fail SW017
CREATE MATERIALIZED VIEW slipway.planted AS SELECT 1;
-- case: a type in the schema
-- as: superuser
-- must: fail SW017
CREATE TYPE slipway.planted AS ENUM ('a');
-- case: a domain in the schema
-- as: superuser
-- must: fail SW017
CREATE DOMAIN slipway.planted AS text;
-- case: an aggregate in the schema
-- as: superuser
-- must: fail SW017
CREATE AGGREGATE slipway.planted(integer) (SFUNC = int4pl, STYPE = integer);
-- case: an operator in the schema
-- as: superuser
-- must: fail SW017
CREATE OPERATOR slipway.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
-- case: a collation in the schema
-- as: superuser
-- must: fail SW017
CREATE COLLATION slipway.planted FROM "C";
-- case: a conversion in the schema
-- as: superuser
-- must: fail SW017
CREATE CONVERSION slipway.planted FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
-- case: an operator class in the schema
-- as: superuser
-- must: fail SW017
CREATE OPERATOR CLASS slipway.planted FOR TYPE integer USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(integer, integer);
-- case: a text search configuration in the schema
-- as: superuser
-- must: fail SW017
CREATE TEXT SEARCH CONFIGURATION slipway.planted (COPY = simple);
-- case: a text search dictionary in the schema
-- as: superuser
-- must: fail SW017
CREATE TEXT SEARCH DICTIONARY slipway.planted (TEMPLATE = simple);
-- case: statistics on a table
-- as: superuser
-- must: fail SW017
CREATE STATISTICS adv.planted ON project, entry FROM slipway.history;
-- case: a collation that moves in
-- as: superuser
-- must: fail SW017
CREATE COLLATION adv.planted FROM "C";
ALTER COLLATION adv.planted SET SCHEMA slipway;
-- case: a domain that moves in
-- as: superuser
-- must: fail SW017
CREATE DOMAIN adv.planted AS text;
ALTER DOMAIN adv.planted SET SCHEMA slipway;
-- case: an extension in the schema
-- as: superuser
-- must: fail SW017
CREATE EXTENSION pg_trgm SCHEMA slipway;
-- case: an extension that moves in
-- as: superuser
-- must: fail SW017
-- clean: DROP EXTENSION IF EXISTS pg_trgm
CREATE EXTENSION pg_trgm SCHEMA adv;
ALTER EXTENSION pg_trgm SET SCHEMA slipway;
-- case: the extension moves out
-- as: superuser
-- must: fail 0A000
ALTER EXTENSION pg_slipway SET SCHEMA adv;
-- case: default privileges in the schema
-- as: superuser
-- must: fail SW017
ALTER DEFAULT PRIVILEGES IN SCHEMA slipway GRANT ALL ON TABLES TO adv_deployer;
-- case: comments
-- as: superuser
-- must: fail SW017
COMMENT ON TABLE slipway.history IS 'forged';
-- case: a trigger on a view
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER forge INSTEAD OF INSERT ON slipway.status FOR EACH ROW EXECUTE FUNCTION forge();
-- case: options of a view
-- as: superuser
-- must: fail SW017
ALTER VIEW slipway.status SET (security_barrier = true);
-- case: a default in a view
-- as: superuser
-- must: fail SW017
ALTER VIEW slipway.status ALTER COLUMN project SET DEFAULT 'forged';
-- case: what a function costs
-- as: superuser
-- must: fail SW017
ALTER FUNCTION slipway.version() COST 1000000;
-- case: a function that depends on another extension
-- as: superuser
-- must: fail SW017
ALTER FUNCTION slipway.version() DEPENDS ON EXTENSION plpgsql;
-- case: the column that a table is clustered on
-- as: superuser
-- must: fail SW017
ALTER TABLE slipway.history CLUSTER ON history_pkey;
-- case: statistics of a column
-- as: superuser
-- must: fail SW017
ALTER TABLE slipway.history ALTER COLUMN hint SET STATISTICS 0;
-- case: privileges of a column
-- as: superuser
-- must: fail SW017
GRANT UPDATE (outcome) ON slipway.history TO adv_deployer;
-- case: privileges on all routines
-- as: superuser
-- must: fail SW017
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA slipway TO PUBLIC;
-- case: privileges on a type
-- as: superuser
-- must: fail SW017
REVOKE USAGE ON TYPE slipway.history FROM PUBLIC;
-- case: a cast that takes hold of a row type
-- as: superuser
-- must: apply
-- clean: DROP CAST IF EXISTS (slipway.history AS text)
-- clean: DROP SCHEMA adv CASCADE
CREATE FUNCTION forge(slipway.history) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark(); RETURN 'forged'; END$$;
CREATE CAST (slipway.history AS text) WITH FUNCTION forge(slipway.history) AS IMPLICIT;
-- case: locks on the tables
-- as: superuser
-- must: apply
LOCK TABLE slipway.history, slipway.run, slipway.project IN ACCESS EXCLUSIVE MODE;
-- case: locks on the rows
-- as: superuser
-- must: fail SW017
SELECT * FROM slipway.history FOR UPDATE;
-- case: privileges, by names that the path leads to
-- as: superuser
-- must: fail SW017
SET search_path = slipway, pg_catalog;
GRANT EXECUTE ON FUNCTION version() TO PUBLIC;
-- case: privileges on tables, by names that the path leads to
-- as: superuser
-- must: fail SW017
DO $$BEGIN SET search_path = slipway, pg_catalog; EXECUTE 'GRANT INSERT ON history TO adv_deployer'; END$$;
-- case: a remark about a function
-- as: superuser
-- must: fail SW017
COMMENT ON FUNCTION slipway.version() IS 'forged';
-- case: a remark about a column
-- as: superuser
-- must: fail SW017
COMMENT ON COLUMN slipway.history.outcome IS 'forged';
-- case: a label on a function
-- as: superuser
-- must: fail SW017
SECURITY LABEL ON FUNCTION slipway.version() IS 'forged';
-- case: a label on the schema
-- as: superuser
-- must: fail SW017
DO $$BEGIN SECURITY LABEL ON SCHEMA slipway IS 'forged'; END$$;
-- case: a remark about the extension
-- as: superuser
-- must: fail SW017
DO $$BEGIN COMMENT ON EXTENSION pg_slipway IS 'forged'; END$$;
-- case: remarks, privileges and statistics of what is one's own
-- control
-- as: superuser
-- must: apply
CREATE TABLE t (a integer, b integer);
COMMENT ON TABLE t IS 'mine';
DO $$BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database')); END$$;
COMMENT ON COLUMN t.a IS 'mine';
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION f() IS 'mine';
GRANT EXECUTE ON FUNCTION f() TO PUBLIC;
CREATE TYPE k AS ENUM ('a');
GRANT USAGE ON TYPE k TO PUBLIC;
CREATE STATISTICS s ON a, b FROM t;
CREATE COLLATION c FROM "C";
ALTER DEFAULT PRIVILEGES IN SCHEMA adv GRANT SELECT ON TABLES TO PUBLIC;
-- case: a catalog, while it commits
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'slipway.history'::regclass; RETURN 1; END$$;
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT forge();
COMMIT;
SELECT 1;
-- case: a catalog, in a trigger at the end
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'slipway.history'::regclass; RETURN NULL; END$$;
CREATE TABLE t (a integer);
CREATE CONSTRAINT TRIGGER forge AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forge();
INSERT INTO t VALUES (1);
-- case: a publication of everything
-- as: superuser
-- must: apply
-- clean: DROP PUBLICATION planted
SET client_min_messages = error;
CREATE PUBLICATION planted FOR ALL TABLES;
-- case: the extension, from a function of an event trigger
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN DROP EXTENSION pg_slipway CASCADE; END$$;
CREATE EVENT TRIGGER forge ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION forge();
CREATE TABLE t ();
-- case: a foreign table that inherits from the history
-- as: superuser
-- must: fail SW017
-- clean: DROP FOREIGN DATA WRAPPER IF EXISTS planted CASCADE
CREATE FOREIGN DATA WRAPPER planted;
CREATE SERVER planted FOREIGN DATA WRAPPER planted;
CREATE FOREIGN TABLE planted () INHERITS (slipway.history) SERVER planted;
-- case: a table that inherits from the history later
-- as: superuser
-- must: fail SW017
CREATE TABLE planted (LIKE slipway.history);
DO $$BEGIN EXECUTE 'ALTER TABLE adv.planted INHERIT slipway.history'; END$$;
-- case: a publication of a table, with a condition that no update can meet
-- as: superuser
-- must: fail SW017
-- clean: DROP PUBLICATION IF EXISTS planted
CREATE PUBLICATION planted FOR TABLE public.marked, slipway.run WHERE (outcome = 'forged');
-- case: a publication that is given a table
-- as: superuser
-- must: fail SW017
-- clean: DROP PUBLICATION IF EXISTS planted
CREATE PUBLICATION planted;
DO $$BEGIN EXECUTE 'ALTER PUBLICATION planted ADD TABLE slipway.history'; END$$;
-- case: a publication of the schema
-- as: superuser
-- must: fail SW017
-- clean: DROP PUBLICATION IF EXISTS planted
CREATE PUBLICATION planted FOR TABLES IN SCHEMA slipway;
-- case: a publication of the schema that the path leads to
-- as: superuser
-- must: fail SW017
-- clean: DROP PUBLICATION IF EXISTS planted
SET search_path = slipway, pg_catalog;
CREATE PUBLICATION planted FOR TABLES IN SCHEMA CURRENT_SCHEMA;
-- case: a publication of what is one's own
-- control
-- as: superuser
-- must: apply
-- clean: DROP PUBLICATION planted
SET client_min_messages = error;
CREATE TABLE t (a integer PRIMARY KEY, outcome text);
CREATE TABLE u () INHERITS (t);
CREATE PUBLICATION planted FOR TABLE t WHERE (a > 1), TABLES IN SCHEMA adv;
-- case: collations, after a command that maintains has failed
-- as: superuser
-- must: fail SW017
DO $$BEGIN
    BEGIN
        REINDEX TABLE adv.gone;
    EXCEPTION WHEN undefined_table THEN NULL;
    END;
    PERFORM pg_import_system_collations('slipway');
END$$;
-- case: collations, from a command that maintains
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE FUNCTION forge(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.forge(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX i ON t (forge(a));
CREATE OR REPLACE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN pg_import_system_collations('slipway'); END$$;
REINDEX TABLE t;
-- case: a command that maintains tables of slipway, and functions that catch errors
-- control
-- as: superuser
-- must: apply
CREATE FUNCTION busy() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    BEGIN
        EXECUTE 'CREATE INDEX ON adv.gone (a)';
    EXCEPTION WHEN undefined_table THEN NULL;
    END;
    RETURN 1;
END$$;
CREATE FUNCTION busy(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.busy(); END$$;
CREATE TABLE t AS SELECT generate_series(1, 10) AS a;
CREATE INDEX i ON t (busy(a));
VACUUM FULL t, slipway.run, slipway.role_grant;
REINDEX TABLE slipway.run;
-- case: rows, in an event trigger that fires while slipway grants
-- as: superuser
-- must: fail SW017
-- clean: DROP EVENT TRIGGER IF EXISTS forge
CREATE FUNCTION forge() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN UPDATE slipway.run SET application_name = 'forged'; END$$;
CREATE EVENT TRIGGER forge ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION forge();
SELECT slipway.grant_role('adv_other', 'reader', 'alive');
-- case: triggers, in an event trigger that fires while slipway grants
-- as: superuser
-- must: fail SW017
-- clean: DROP EVENT TRIGGER IF EXISTS forge
CREATE FUNCTION forge() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN ALTER TABLE slipway.history DISABLE TRIGGER ALL; END$$;
CREATE EVENT TRIGGER forge ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION forge();
SELECT slipway.grant_role('adv_other', 'reader', 'alive');
-- case: a catalog, in an event trigger that fires while slipway grants
-- as: superuser
-- must: fail SW017
-- clean: DROP EVENT TRIGGER IF EXISTS forge
CREATE FUNCTION forge() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'slipway.history'::regclass; END$$;
CREATE EVENT TRIGGER forge ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION forge();
SELECT slipway.grant_role('adv_other', 'reader', 'alive');
-- case: an event trigger that calls slipway while it grants
-- as: superuser
-- must: fail 55000
-- clean: DROP EVENT TRIGGER IF EXISTS forge
CREATE FUNCTION forge() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM count(*) FROM slipway.verify_history('alive'); END$$;
CREATE EVENT TRIGGER forge ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION forge();
SELECT slipway.grant_role('adv_other', 'reader', 'alive');
-- case: a cast of the server's, replaced by a function that runs while the record is written
-- as: superuser
-- must: fail SW017
CREATE FUNCTION forge(bigint) RETURNS integer LANGUAGE plpgsql AS $$BEGIN UPDATE slipway.project SET owner = NULL; RETURN 7; END$$;
UPDATE pg_cast SET castfunc = 'forge(bigint)'::regprocedure WHERE castsource = 'int8'::regtype AND casttarget = 'int4'::regtype;
-- case: a table becomes part of another extension
-- as: superuser
-- must: fail 55000
ALTER EXTENSION plpgsql ADD TABLE slipway.history;
-- case: everything of the owner gets another one
-- as: superuser
-- must: fail 2BP01
CREATE ROLE adv_new SUPERUSER;
REASSIGN OWNED BY postgres TO adv_new;
-- case: all tables move to another tablespace
-- as: superuser
-- must: fail SW017
-- setup: SET allow_in_place_tablespaces = on
-- setup: CREATE TABLESPACE planted LOCATION ''
-- clean: DROP TABLESPACE planted
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE planted;
-- case: MERGE
-- as: superuser
-- must: fail SW017
MERGE INTO slipway.project p USING (SELECT 'alive' AS n) s ON p.name = s.n WHEN MATCHED THEN UPDATE SET owner = 'adv_other';
-- case: COPY into a table
-- as: superuser
-- must: fail SW017
COPY slipway.role_grant (role, kind) FROM STDIN;
adv_other	admin
\.
-- case: a common table expression that deletes
-- as: superuser
-- must: fail SW017
WITH x AS (DELETE FROM slipway.journal RETURNING 1) SELECT * FROM x;
-- case: a prepared statement
-- as: superuser
-- must: fail SW017
PREPARE p AS UPDATE slipway.run SET application_name = 'x';
EXECUTE p;
-- case: a prepared statement of the caller
-- as: superuser
-- must: fail SW017
-- session: PREPARE theirs AS UPDATE slipway.run SET application_name = 'x'
EXECUTE theirs;
-- case: a function whose plans are older than the run
-- as: superuser
-- must: fail SW017
-- setup: CREATE FUNCTION public.forge() RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE slipway.run SET application_name = application_name WHERE false; END'
-- session: DO 'BEGIN PERFORM public.forge(); END'
-- clean: DROP FUNCTION public.forge()
SELECT public.forge();
-- case: a table whose updates cannot be replicated
-- as: superuser
-- must: fail SW017
ALTER TABLE slipway.run REPLICA IDENTITY NOTHING;
-- case: a table that no crash would leave
-- as: superuser
-- must: fail SW017
ALTER TABLE slipway.history SET UNLOGGED;
-- case: options of what is stored apart
-- as: superuser
-- must: fail SW017
ALTER TABLE slipway.history SET (toast.autovacuum_enabled = off);
-- case: the key is dropped concurrently
-- as: superuser
-- must: fail 2BP01
DROP INDEX CONCURRENTLY slipway.history_pkey;
-- case: a key that two runs cannot meet, built concurrently
-- as: superuser
-- must: fail SW017
CREATE UNIQUE INDEX CONCURRENTLY planted ON slipway.run (outcome);
-- case: a key that two runs cannot meet
-- as: superuser
-- must: fail SW017
CREATE UNIQUE INDEX planted ON slipway.run (outcome);
-- case: another name for a table, in the catalogs
-- as: superuser
-- must: fail SW017
UPDATE pg_largeobject SET data = '' WHERE false;
UPDATE pg_class SET relname = 'x' WHERE relname = 'history' AND relnamespace = 'slipway'::regnamespace;
-- case: a table that becomes a partition
-- as: superuser
-- must: fail SW017
CREATE TABLE part (LIKE slipway.project INCLUDING ALL) PARTITION BY LIST (name);
ALTER TABLE part ATTACH PARTITION slipway.project DEFAULT;
-- case: everything that the owner has is dropped
-- as: superuser
-- must: fail 2BP01
DROP OWNED BY postgres CASCADE;
-- case: a function of the server is dropped
-- as: superuser
-- must: fail 2BP01
DROP FUNCTION pg_catalog.sha256(bytea) CASCADE;
