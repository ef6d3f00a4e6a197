Ways out of the owner role, wherever a function may stand, and in units that stand alone.
sql/owner_role.sql has the plain ways, sql/escape.sql those of deferred triggers and held cursors.

-- case: what the role may do
-- control
-- must: apply
-- shows: SELECT count(*) = 1 AND bool_and("user" = 'adv_owner') FROM public.marked
CREATE TABLE t (a integer DEFAULT public.mark());
INSERT INTO t DEFAULT VALUES;
-- case: a default
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE TABLE t (a integer DEFAULT leave());
INSERT INTO t DEFAULT VALUES;
-- case: a check
-- must: fail 42501
CREATE FUNCTION leave(integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN SET ROLE NONE; RETURN public.mark() = 1; END$$;
CREATE TABLE t (a integer CHECK (leave(a)));
INSERT INTO t VALUES (1);
-- case: the check of a domain
-- must: fail 42501
CREATE FUNCTION leave(integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN SET SESSION AUTHORIZATION DEFAULT; RETURN public.mark() = 1; END$$;
CREATE DOMAIN d AS integer CHECK (leave(VALUE));
SELECT 1::d;
-- case: an index on an expression
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX ON t (leave(a));
-- case: an index on an expression, built concurrently
-- must: fail 55P02
-- again: fail 55P02
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY i ON t (leave(a));
-- case: the predicate of an index, built concurrently, by set_config()
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM set_config('role', 'none', false); RETURN public.mark() = 1; END$$;
CREATE FUNCTION leave(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY i ON t (a) WHERE leave(a);
-- case: an index on an expression, read by VACUUM ANALYZE
-- must: fail 55P02
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE TABLE t AS SELECT generate_series(1, 100) AS a;
CREATE INDEX i ON t (leave(a));
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE OR REPLACE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
VACUUM ANALYZE t;
-- case: an index on an expression, built anew concurrently
-- must: fail 55P02
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE TABLE t AS SELECT generate_series(1, 100) AS a;
CREATE INDEX i ON t (leave(a));
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN SET SESSION AUTHORIZATION DEFAULT; RETURN public.mark(); END$$;
CREATE OR REPLACE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
REINDEX TABLE CONCURRENTLY t;
-- case: every statement by itself
-- must: fail 42501
-- slipway: no-transaction
CREATE TABLE t ();
SELECT set_config('role', 'none', false);
SELECT public.mark();
-- case: every statement by itself, in DO
-- must: fail 42501
-- slipway: no-transaction
CREATE TABLE t ();
DO $$BEGIN RESET ROLE; PERFORM public.mark(); END$$;
-- case: an error that says a block is refused
-- must: fail 25001
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    RESET ROLE;
    RETURN public.mark();
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'leave() cannot run inside a transaction block' USING ERRCODE = '25001';
END$$;
SELECT leave();
-- case: an error that says it would commit
-- must: fail 2D000
DO $$BEGIN
    RESET ROLE;
    PERFORM public.mark();
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'invalid transaction termination' USING ERRCODE = '2D000';
END$$;
-- case: an error that says a new value is not to be used yet
-- must: fail 55P04
CREATE TABLE t ();
DO $$BEGIN
    RESET ROLE;
    PERFORM public.mark();
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'unsafe use of new value' USING ERRCODE = '55P04';
END$$;
-- case: a procedure that commits
-- must: fail 2D000
CREATE PROCEDURE leave() LANGUAGE plpgsql AS $$BEGIN COMMIT; RESET ROLE; PERFORM public.mark(); END$$;
CALL leave();
-- case: a cast
-- must: fail 42501
CREATE TYPE k AS ENUM ('a');
CREATE FUNCTION leave(k) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE CAST (k AS integer) WITH FUNCTION leave(k);
SELECT 'a'::k::integer;
-- case: an operator
-- must: fail 42501
CREATE TYPE k AS (a integer);
CREATE FUNCTION leave(k, k) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark() = 1; END$$;
CREATE OPERATOR = (LEFTARG = k, RIGHTARG = k, FUNCTION = leave);
SELECT row(1)::k = row(1)::k;
-- case: the last step of an aggregate
-- must: fail 42501
CREATE FUNCTION leave(integer) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE AGGREGATE leave_all(integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = leave);
SELECT leave_all(a) FROM (VALUES (1), (2)) v(a);
-- case: a policy
-- must: fail 42501
CREATE FUNCTION leave() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark() = 1; END$$;
CREATE TABLE t AS SELECT 1 AS a;
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON t USING (leave());
SELECT * FROM t;
-- case: a view that somebody else owns
-- must: fail 42501
-- setup: CREATE VIEW public.seen AS SELECT public.mark() AS n, value FROM public.secret
-- clean: DROP VIEW public.seen
SELECT * FROM public.seen;
-- case: a generated column
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (leave(a)) STORED);
INSERT INTO t VALUES (1);
-- case: the condition of COPY
-- must: fail 42501
CREATE FUNCTION leave(integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark() = 1; END$$;
CREATE TABLE t (a integer);
COPY t FROM STDIN WHERE leave(a);
1
\.
-- case: a trigger of COPY
-- must: fail 42501
CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RESET ROLE; PERFORM public.mark(); RETURN new; END$$;
CREATE TABLE t (a integer);
CREATE TRIGGER leave BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION leave();
COPY t FROM STDIN;
1
\.
-- case: a materialized view that is refreshed
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE MATERIALIZED VIEW v AS SELECT leave() WITH NO DATA;
REFRESH MATERIALIZED VIEW v;
-- case: EXPLAIN ANALYZE
-- must: fail 42501
EXPLAIN (ANALYZE) SELECT set_config('role', 'none', false);
-- case: a cursor that is fetched from
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
DECLARE c CURSOR FOR SELECT leave();
FETCH c;
-- case: a held cursor that is not fetched from
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT leave();
COMMIT;
SELECT 1;
-- case: the parameter of a prepared statement
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
PREPARE p(integer) AS SELECT $1;
EXECUTE p(leave());
-- case: a prepared statement of the caller, who is somebody else
-- must: apply
-- session: PREPARE theirs AS SELECT public.mark('theirs')
EXECUTE theirs;
-- case: a cursor of the caller that would run as somebody else
-- must: refuse 55000
-- session: CREATE TEMP TABLE mine AS SELECT 1 AS a
FETCH theirs;
-- case: a temporary function of the caller, with the rights of the caller
-- must: refuse 55000
-- setup: GRANT TEMPORARY ON DATABASE postgres TO PUBLIC
-- session: CREATE FUNCTION pg_temp.theirs() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT public.mark()'
SELECT pg_temp.theirs();
-- case: a temporary table of the caller
-- must: refuse 55000
-- session: CREATE TEMP TABLE theirs AS SELECT 1 AS a
INSERT INTO pg_temp.theirs VALUES (2);
-- case: a function with SET role
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql SET role = 'none' AS $$BEGIN RETURN public.mark(); END$$;
SELECT leave();
-- case: a function with SET role, given to it later
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN public.mark(); END$$;
ALTER FUNCTION leave() SET session_authorization = 'adv_deployer';
SELECT leave();
-- case: a function that is given away
-- must: fail 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RETURN public.mark(); END$$;
ALTER FUNCTION leave() OWNER TO adv_deployer;
SELECT leave();
-- case: a function that stands on the path before those of the server
-- must: apply
-- shows: SELECT bool_and("user" = 'adv_owner') FROM public.marked
CREATE FUNCTION sha256(bytea) RETURNS bytea LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('sha256'); RETURN '\x00'; END$$;
CREATE FUNCTION now() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('now'); RETURN '2000-01-01'; END$$;
CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('clock'); RETURN '2000-01-01'; END$$;
CREATE FUNCTION format(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('format'); RETURN ''; END$$;
CREATE FUNCTION pg_has_role(oid, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('has_role'); RETURN true; END$$;
CREATE FUNCTION count(text) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('count'); RETURN 0; END$$;
SET search_path = adv, pg_catalog;
SELECT now();
-- next
SELECT sha256('x');
-- case: operators that stand on the path before those of the server
-- must: apply
-- shows: SELECT count(*) > 0 AND bool_and("user" = 'adv_owner') FROM public.marked
CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('='); RETURN true; END$$;
CREATE FUNCTION same(bytea, bytea) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('='); RETURN true; END$$;
CREATE FUNCTION same(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('='); RETURN true; END$$;
CREATE FUNCTION joined(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('||'); RETURN ''; END$$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE OPERATOR <> (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE OPERATOR = (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = same);
CREATE OPERATOR = (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = same);
CREATE OPERATOR || (LEFTARG = text, RIGHTARG = text, FUNCTION = joined);
SET search_path = adv, public, pg_catalog;
SELECT 'a'::text = 'b'::text;
-- next
SELECT 1;
-- case: tables and types that stand on the path before those of the server
-- must: apply
CREATE TYPE text AS (a integer);
CREATE DOMAIN int8 AS pg_catalog.int8 CHECK (VALUE < 0);
CREATE DOMAIN bool AS pg_catalog.bool CHECK (NOT VALUE);
CREATE TABLE pg_class (oid oid, relname name);
CREATE TABLE pg_roles (rolname name);
CREATE TABLE history (project pg_catalog.text);
CREATE TABLE project (name pg_catalog.text);
CREATE VIEW run AS SELECT public.mark('run');
SET search_path = adv, slipway, pg_catalog;
-- next
SELECT 1;
-- case: temporary tables, which are found first
-- must: apply
CREATE TEMP TABLE history (project text, entry bigint);
CREATE TEMP TABLE project (name text);
CREATE TEMP TABLE journal (project text);
CREATE TEMP VIEW run AS SELECT public.mark('run') AS number;
CREATE TEMP TABLE pg_class (oid oid);
CREATE TEMP TABLE pg_namespace (oid oid);
VACUUM history;
SELECT 1;
-- case: the settings of the role
-- must: fail 42501
-- setup: ALTER ROLE adv_owner RESET ALL
-- clean: ALTER ROLE adv_owner RESET ALL
ALTER ROLE adv_owner SET search_path = adv;
ALTER ROLE adv_owner SET role = 'adv_deployer';
-- next
SELECT public.mark();
-- case: the rights of the role, given to the deployer
-- must: fail 42501
GRANT adv_owner TO adv_deployer;
-- case: objects that are given away
-- must: fail 42501
CREATE TABLE t ();
ALTER TABLE t OWNER TO postgres;
-- case: what others own
-- must: fail 42501
DROP OWNED BY adv_deployer CASCADE;
-- case: a large object of somebody else
-- must: fail 42501
-- setup: SELECT lo_create(4711)
-- clean: SELECT lo_unlink(4711)
SELECT lo_unlink(4711);
-- case: a superuser calls: RESET ROLE in a unit that stands alone
-- as: superuser of owner
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY i ON t (leave(a));
-- case: a superuser calls: statements by themselves
-- as: superuser of owner
-- must: fail 42501
-- slipway: no-transaction
SELECT set_config('session_authorization', 'postgres', false);
-- case: a superuser calls: files of the server
-- as: superuser of owner
-- must: fail 42501
COPY (SELECT 1) TO PROGRAM 'true';
-- case: a superuser calls: settings for superusers
-- as: superuser of owner
-- must: fail 42501
SELECT set_config('session_replication_role', 'replica', false);
-- case: a superuser calls: a large object that writes a file
-- as: superuser of owner
-- must: fail 42501
SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/adversary');
-- case: a superuser calls: the catalogs
-- as: superuser of owner
-- must: fail 42501
UPDATE pg_trigger SET tgenabled = 'D';
-- case: the verify script
-- with: {"verify": true}
-- must: fail 42501
CREATE TABLE t ();
-- verify
SELECT set_config('role', 'none', false);
-- case: a verify script that would leave something
-- with: {"verify": true}
-- must: apply
-- shows: SELECT to_regclass('adv.left_behind') IS NULL AND to_regclass('adv.t') IS NOT NULL
CREATE TABLE t ();
-- verify
CREATE TABLE left_behind ();
LISTEN left_behind;
PREPARE left_behind AS SELECT 1;
SELECT public.mark(), pg_advisory_lock(4711);
-- case: a verify script that commits
-- with: {"verify": true}
-- must: fail 2D000
CREATE TABLE t ();
-- verify
DO $$BEGIN PERFORM public.mark(); COMMIT; END$$;
-- case: the down script
-- call: rollback
-- with: {"steps": 1}
-- must: fail 42501
CREATE TABLE t ();
-- down
DROP TABLE t;
SELECT set_config('role', 'none', false);
-- case: a script of another project, to roll back with
-- call: rollback
-- setup: SELECT slipway.add_script('SELECT public.mark()', 'alive')
-- with: {"steps": 1, "script": "c9718c2867d63e222d6cce36e502105b38b7edce695df395d42a49c3fe5b696d"}
-- must: refuse 42501
CREATE TABLE t ();
-- down
DROP TABLE t;
-- case: a down script of the project, named by its hash
-- control
-- call: rollback
-- with: {"steps": 1, "script": "2b7ffedb74b81e66d9bf4a83e5d7eb5ef17380c664415459a009e2827d6b9dbd"}
-- must: apply
-- shows: SELECT to_regclass('adv.t') IS NULL
CREATE TABLE t ();
-- down
DROP TABLE t;
-- case: a superuser calls: a script of his own, to roll back with
-- as: superuser of owner
-- control
-- call: rollback
-- setup: SELECT slipway.add_script('SELECT public.mark()', 'alive')
-- with: {"steps": 1, "script": "c9718c2867d63e222d6cce36e502105b38b7edce695df395d42a49c3fe5b696d"}
-- must: apply
-- shows: SELECT bool_and("user" = 'adv_owner') FROM public.marked
CREATE TABLE t ();
-- case: all in one transaction
-- with: {"mode": "all"}
-- must: fail 42501
CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RESET ROLE; PERFORM public.mark(); RETURN NULL; END$$;
CREATE TABLE t (a integer);
CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave();
-- next
INSERT INTO t VALUES (1);
-- next
SELECT 1;
-- case: run-as somebody else
-- must: refuse SW007
-- slipway: run-as postgres
SELECT public.mark();
-- case: run-as, of a deployer who is no member
-- as: deployer
-- must: refuse 42501
-- slipway: run-as adv_owner
SELECT public.mark();
-- case: everything that takes other rights
-- must: apply
-- shows: SELECT count(*) = 34 AND bool_and("user" = 'adv_owner') FROM public.marked
DO $$
DECLARE
    command text;
BEGIN
    FOREACH command IN ARRAY ARRAY[
        'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION adv.f()', 'CREATE PUBLICATION p FOR ALL TABLES',
        'CREATE SUBSCRIPTION s CONNECTION '''' PUBLICATION p WITH (connect = false)', 'CREATE FOREIGN DATA WRAPPER w', 'CREATE LANGUAGE l HANDLER plpgsql_call_handler',
        'COPY public.marked FROM ''/etc/passwd''', 'COPY public.marked FROM PROGRAM ''true''', 'SELECT pg_read_file(''/etc/passwd'')', 'SELECT pg_ls_dir(''.'')',
        'SELECT lo_import(''/etc/passwd'')', 'ALTER ROLE adv_deployer PASSWORD ''x''', 'ALTER DATABASE postgres SET work_mem = ''1MB''', 'CREATE ROLE r',
        'SELECT pg_create_physical_replication_slot(''s'')', 'SELECT pg_replication_origin_create(''o'')', 'LOAD ''/tmp/x.so''',
        'CREATE FUNCTION pg_catalog.f() RETURNS integer LANGUAGE sql AS ''SELECT 1''',
        'CREATE OPERATOR pg_catalog.= (LEFTARG = text, RIGHTARG = name, FUNCTION = textne)', 'SELECT * FROM slipway.history', 'SELECT slipway.version()',
        'LOCK TABLE slipway.history IN ACCESS SHARE MODE', 'CREATE TABLE adv.h () INHERITS (slipway.history)', 'CREATE TABLE adv.h (p text REFERENCES slipway.project)',
        'CREATE CAST (text AS bytea) WITHOUT FUNCTION AS IMPLICIT', 'CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler',
        'CREATE TYPE adv.b (INPUT = int4in, OUTPUT = int4out)', 'SELECT pg_reload_conf()', 'SELECT pg_backup_start(''x'')', 'SELECT pg_log_backend_memory_contexts(1)',
        'CHECKPOINT', 'SET session_replication_role = replica', 'SET log_statement = none', 'COMMENT ON TABLE slipway.history IS ''x''',
        'CREATE OPERATOR CLASS adv.oc FOR TYPE integer USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(integer, integer)']
    LOOP
        BEGIN
            EXECUTE command;
        EXCEPTION WHEN insufficient_privilege THEN PERFORM public.mark(command);
        END;
    END LOOP;
END$$;

-- case: a worker of a parallel query
-- must: fail 25000
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
CREATE TABLE t AS SELECT generate_series(1, 10000) AS a;
ALTER TABLE t SET (parallel_workers = 2);
CREATE FUNCTION leave(integer) RETURNS integer PARALLEL SAFE LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
SELECT sum(leave(a)) FROM t;
-- case: a superuser calls: a function with SET role, in a worker of a parallel query that a literal of an index leads to
-- as: superuser of owner
-- must: fail 55P02
-- again: fail 55P02
-- setup: CREATE FUNCTION adv.theirs(integer) RETURNS text LANGUAGE sql PARALLEL SAFE SET role = 'postgres' AS 'SELECT max(rolname) FROM pg_catalog.pg_authid'
-- setup: ALTER FUNCTION adv.theirs(integer) OWNER TO adv_other
CREATE TABLE t AS SELECT 1 AS a;
CREATE FUNCTION look(integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	PERFORM set_config(CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'force_parallel_mode' ELSE 'debug_parallel_query' END, 'on', true);
	EXECUTE 'SELECT max(theirs(a)) FROM t' INTO found;
	RETURN found IS NOT NULL;
END$$;
CREATE DOMAIN d AS integer CHECK (look(VALUE));
CREATE INDEX CONCURRENTLY i ON t (a) WHERE a <> ALL ('{1}'::d[]);
-- case: a trusted extension, whose script finds operators that were planted
-- must: apply
-- setup: GRANT CREATE ON DATABASE postgres TO adv_owner
-- clean: REVOKE CREATE ON DATABASE postgres FROM adv_owner
-- clean: DROP EXTENSION IF EXISTS hstore CASCADE
CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM public.mark('='); RETURN true; END$$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE OPERATOR <> (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE EXTENSION hstore SCHEMA adv;
-- case: the differences of a range, read by VACUUM ANALYZE
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS float8 LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE FUNCTION leave(integer, integer) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TYPE r AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = leave);
CREATE TABLE t AS SELECT r(i, i + 10) AS a FROM generate_series(1, 1000) i;
CREATE OR REPLACE FUNCTION leave() RETURNS float8 LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
VACUUM ANALYZE t;
-- case: statistics of an expression, made by VACUUM ANALYZE
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT generate_series(1, 100) AS a;
CREATE STATISTICS s ON (leave(a)) FROM t;
CREATE OR REPLACE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
VACUUM ANALYZE t;
-- case: an index on an expression, built anew with its schema
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT generate_series(1, 100) AS a;
CREATE INDEX i ON t (leave(a));
CREATE OR REPLACE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
REINDEX SCHEMA adv;
-- case: an index on an expression, built anew by VACUUM FULL
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT generate_series(1, 100) AS a;
CREATE INDEX i ON t (leave(a));
CREATE OR REPLACE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
VACUUM FULL t;
-- case: an index on an expression, by which everything is clustered
-- must: fail 55P02
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT generate_series(1, 100) AS a;
CREATE INDEX i ON t (leave(a));
CLUSTER t USING i;
CREATE OR REPLACE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CLUSTER;

-- case: a rehearsal
-- call: rehearse
-- must: refuse 42501
SELECT set_config('role', 'none', false);
-- case: a rehearsal of an index that would be built concurrently
-- call: rehearse
-- must: refuse 42501
CREATE FUNCTION leave() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN public.mark(); END$$;
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN adv.leave(); END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY i ON t (leave(a));
-- case: another name for the role of the session
-- must: fail 0A000
ALTER ROLE adv_deployer RENAME TO adv_gone;
-- case: an owner role that has the rights of a superuser by now
-- must: refuse 42501
-- setup: GRANT postgres TO adv_owner
-- clean: REVOKE postgres FROM adv_owner
SELECT 1;
-- case: an owner role that is a superuser by now
-- must: refuse 42501
-- setup: ALTER ROLE adv_owner SUPERUSER
-- clean: ALTER ROLE adv_owner NOSUPERUSER
SELECT 1;
-- case: a superuser calls: the owner role becomes a superuser
-- as: superuser of owner
-- must: fail 42501
DO $$BEGIN EXECUTE 'SET SESSION AUTHORIZATION DEFAULT'; EXECUTE 'ALTER ROLE adv_owner SUPERUSER'; END$$;
-- case: a function of a superuser that changes the role
-- must: fail 42501
-- setup: CREATE FUNCTION public.helper() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN SET LOCAL ROLE adv_other; PERFORM public.mark(); END'
-- clean: DROP FUNCTION public.helper()
SELECT public.helper();
