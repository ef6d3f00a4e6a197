-- Projects with schemas of their own, and what scripts see as search_path.
\i test/fixture/start.psql
CREATE SCHEMA one;
CREATE SCHEMA "Two, ""2""";
CREATE TABLE public.seen (n serial, project text, path text, schemas text);
CREATE VIEW path AS SELECT current_setting('search_path') AS path, current_schemas(false)::text AS schemas;
CREATE FUNCTION public.see(project text) RETURNS void LANGUAGE sql
    AS 'INSERT INTO public.seen (project, path, schemas) SELECT project, path, schemas FROM public.path';

-- The same names in two projects are two things.
CALL project('one', '{one}');
CALL project('two', '{"Two, \"2\"", public}');
CALL project('none');
CALL migration('0001_table', 'CREATE TABLE item (id integer, project text); SELECT public.see(''one'')', 'one');
CALL migration('0002_row', 'INSERT INTO item VALUES (1, ''one'')', 'one');
CALL migration('0001_table', 'CREATE TABLE item (id integer, project text); SELECT see(''two'')', 'two');
CALL migration('0002_row', 'INSERT INTO item VALUES (2, ''two'')', 'two');
CALL migration('0001_table', 'CREATE TABLE item (id integer, project text); SELECT see(''none'')', 'none');
CALL slipway.migrate('one');
CALL slipway.migrate('two');
CALL slipway.migrate('none');
SELECT tableoid::regclass, id, project FROM one.item UNION ALL SELECT tableoid::regclass, id, project FROM "Two, ""2""".item ORDER BY id;
SELECT to_regclass('public.item');
SELECT project, path, schemas FROM seen ORDER BY n;
SELECT project, migration, entry FROM slipway.log ORDER BY project, entry;
SHOW search_path;

-- Without schemas it is that of the caller, which is the same for each of the
-- migrations whatever the ones before have set.
SET search_path = one, public;
CALL migration('0002_set', 'SELECT public.see(''none''); SET search_path = public; SELECT see(''none, set'')', 'none');
CALL migration('0003_local', 'SELECT see(''none''); SET LOCAL search_path = pg_catalog; SELECT public.see(''none, local'')', 'none');
CALL migration('0004_function', $$SELECT public.see('none'); SELECT set_config('search_path', '', false); SELECT public.see('none, function')$$, 'none');
CALL migration('0005_last', 'SELECT see(''none'')', 'none');
CALL slipway.migrate('none');
SELECT project, path, schemas FROM seen WHERE n > 3 ORDER BY n;
SHOW search_path;
SET search_path = "$user", public;
-- With schemas too.
TRUNCATE seen RESTART IDENTITY;
CALL migration('0003_set', $$SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE one.dumped (); SELECT public.see('one, dump')$$, 'one');
CALL migration('0004_next', 'SELECT public.see(''one''); CREATE TABLE next ()', 'one');
CALL slipway.migrate('one');
SELECT project, path, schemas FROM seen ORDER BY n;
SELECT to_regclass('one.dumped'), to_regclass('one.next');
-- A failure leaves the caller's.
SET search_path = public, one;
CALL migration('0005_fails', 'SET search_path = pg_catalog; SELECT 1/0', 'one');
\set VERBOSITY terse
CALL slipway.migrate('one');
SHOW search_path;
SET search_path = "$user", public;

-- Other schemas from the next run on; NULL leaves them, an empty list resets.
SELECT schemas FROM slipway.project WHERE name = 'one';
CALL project('one', '{public}');
SELECT schemas FROM slipway.project WHERE name = 'one';
CALL project('one');
SELECT schemas FROM slipway.project WHERE name = 'one';
CALL migration('0005_fails', 'SELECT public.see(''public'')', 'one');
CALL slipway.migrate('one');
CALL project('one', '{}');
SELECT schemas FROM slipway.project WHERE name = 'one';
SELECT path FROM seen WHERE project = 'public';

-- Not names of schemas.
SELECT outcome($$SELECT slipway.create_project('bad', '{NULL}')$$) <> 'ok' AS refused;
SELECT outcome($$SELECT slipway.create_project('bad', '{one,NULL}')$$) <> 'ok' AS refused;
SELECT outcome($$SELECT slipway.create_project('bad', '{""}')$$) <> 'ok' AS refused;
SELECT outcome($$SELECT slipway.create_project('bad', '{{one},{two}}')$$) <> 'ok' AS refused;
SELECT count(*) FROM slipway.project WHERE name = 'bad';

-- A schema that the project makes itself, and one that is never there.
CALL project('self', '{made, pg_temp}');
CALL migration('0001_schema', 'CREATE SCHEMA made', 'self');
CALL migration('0002_table', 'CREATE TABLE here ()', 'self');
CALL slipway.migrate('self');
SELECT to_regclass('made.here');
CALL project('absent', '{nowhere}');
CALL migration('0001_table', 'CREATE TABLE here ()', 'absent');
CALL slipway.migrate('absent');
\echo :LAST_ERROR_SQLSTATE
-- "$user" is what it is in any search_path.
CALL project('user', '{$user}');
CALL migration('0001_see', $$CREATE SCHEMA AUTHORIZATION CURRENT_ROLE; CREATE TABLE mine (); SELECT public.see('user')$$, 'user');
CALL slipway.migrate('user');
SELECT path, schemas = format('{%I}', session_user) AS schemas FROM seen WHERE project = 'user';

-- Tables of slipway's names, or functions that shadow those of the server,
-- first in the path mislead nobody.
CREATE SCHEMA trap;
CREATE TABLE trap.history (project text);
CREATE TABLE trap.project (name text);
CREATE FUNCTION trap.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
CREATE FUNCTION trap.count() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
CREATE FUNCTION trap.coalesced(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.coalesced);
SET search_path = trap, pg_catalog;
SELECT migration, state FROM slipway.status WHERE project OPERATOR(pg_catalog.=) 'one';
SELECT * FROM slipway.plan('one');
SELECT * FROM slipway.validate('one');
SELECT * FROM slipway.verify_history('one');
SELECT slipway.require('0001_table', 'one');
SELECT name FROM slipway.schema_migrations WHERE project OPERATOR(pg_catalog.=) 'self';
SELECT slipway.create_project('trapped', '{trap,pg_catalog}');
SELECT pg_catalog.length(slipway.add_migration('0001', 'CREATE TABLE trap.fine ()', project => 'trapped'));
CALL slipway.migrate('trapped');
SELECT slipway.grant_role('pg_monitor', 'reader');
SELECT slipway.revoke_role('pg_monitor', 'reader');
SELECT slipway.set_owner(session_user::text);
SELECT project FROM slipway.lock_holder;
SET search_path = "$user", public;
SELECT migration, state FROM slipway.status WHERE project = 'trapped';
SET client_min_messages = warning;
DROP SCHEMA one, "Two, ""2""", made, trap CASCADE;
\set ECHO none
SELECT format('DROP SCHEMA %I CASCADE', session_user) \gexec
