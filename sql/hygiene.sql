-- Nothing of one migration reaches the next one, nor the session; and what the
-- session had before is still there.
\i test/fixture/start.psql

SET work_mem = '5MB';
SET synchronous_commit = on;
SET timezone = 'UTC';
CREATE TABLE me AS SELECT session_user AS name;

-- The state of the session, as a migration or the session itself sees it.
CREATE TABLE seen (n serial, who text, what text, value text);
CREATE FUNCTION look(who text) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO seen (who, what, value)
    SELECT who, what, value FROM (
        SELECT 1 AS n, 'settings' AS what, string_agg(s.name || '=' || s.setting, ', ' ORDER BY s.name COLLATE "C") AS value FROM pg_settings s
         WHERE s.name IN ('work_mem', 'lock_timeout', 'statement_timeout', 'TimeZone', 'search_path', 'row_security', 'synchronous_commit', 'client_min_messages', 'client_encoding', 'check_function_bodies', 'bytea_output', 'session_replication_role')
        UNION ALL
        SELECT 2, 'custom', concat_ws(',', current_setting('test.a', true), current_setting('test.b', true), current_setting('test.c', true))
        UNION ALL
        SELECT 3, 'users', concat_ws(',', session_user = (SELECT name FROM me), current_user = session_user, current_setting('role'))
        UNION ALL
        SELECT 4, 'temporary', string_agg(concat_ws(' ', c.relkind, c.relname), ',' ORDER BY c.relname COLLATE "C") FROM pg_class c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind IN ('r', 'v', 'S', 'c')
        UNION ALL
        SELECT 5, 'temporary', string_agg('f ' || p.proname, ',' ORDER BY p.proname COLLATE "C") FROM pg_proc p WHERE p.pronamespace = pg_my_temp_schema()
        UNION ALL
        SELECT 6, 'temporary', string_agg('t ' || t.typname, ',' ORDER BY t.typname COLLATE "C") FROM pg_type t WHERE t.typnamespace = pg_my_temp_schema() AND t.typtype IN ('e', 'd')
        UNION ALL
        SELECT 7, 'statements', string_agg(s.name, ',' ORDER BY s.name COLLATE "C") FROM pg_prepared_statements s
        UNION ALL
        SELECT 8, 'cursors', string_agg(c.name, ',' ORDER BY c.name COLLATE "C") FROM pg_cursors c WHERE c.name NOT LIKE '<unnamed%'
        UNION ALL
        SELECT 9, 'channels', string_agg(c, ',' ORDER BY c COLLATE "C") FROM pg_listening_channels() c
        UNION ALL
        SELECT 10, 'locks', string_agg(concat_ws(' ', l.classid, l.objid, l.mode), ',' ORDER BY l.objid, l.mode) FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype = 'advisory' AND l.objid::bigint < 1000
    ) state ORDER BY n;
END;
-- What is there at the session's start, and again after everything.
SELECT look('begin');
SELECT what, value FROM seen ORDER BY n;

-- Each of these dirties the session, in every way there is.
CREATE SEQUENCE numbers;
CREATE SEQUENCE other_numbers;
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_hygiene;
CREATE ROLE regress_hygiene;
GRANT CREATE ON SCHEMA public TO regress_hygiene;
RESET client_min_messages;
CALL migration('0001_set', $script$
SET work_mem = '9MB'; SET LOCAL timezone = 'Asia/Tokyo'; SET row_security = off; SET synchronous_commit = off; SET client_min_messages = error; SET client_encoding = 'LATIN1';
SET SESSION check_function_bodies = off; SET test.a = 'script'; SET LOCAL test.b = 'script'; SET bytea_output = 'escape'; SET session_replication_role = replica;
SELECT set_config('test.c', 'script', false); SELECT set_config('lock_timeout', '1h', false); SELECT set_config('statement_timeout', '2h', true);
SELECT set_config('search_path', 'pg_catalog', false);
DO $$BEGIN SET test.d = 'script'; PERFORM set_config('test.e', 'script', false); END$$;
$script$);
CALL migration('0001_set_look', 'SELECT look(''after settings'')');
CALL migration('0002_role', 'SET ROLE regress_hygiene; CREATE TABLE of_regress_hygiene ()');
CALL migration('0002_role_look', 'SELECT look(''after role'')');
CALL migration('0003_user', 'SET SESSION AUTHORIZATION regress_hygiene; CREATE TABLE of_regress_hygiene_too ()');
CALL migration('0003_user_look', 'SELECT look(''after session authorization'')');
CALL migration('0003_user_local', 'SET LOCAL SESSION AUTHORIZATION regress_hygiene; SET LOCAL ROLE regress_hygiene; SELECT set_config(''role'', ''regress_hygiene'', false)');
CALL migration('0003_user_more', 'SELECT look(''after local ones'')');
CALL migration('0004_temporary', $script$
CREATE TEMP TABLE script_table (id serial PRIMARY KEY, note text DEFAULT 'x'); INSERT INTO script_table (note) VALUES ('a');
CREATE TEMP TABLE script_kept (id integer) ON COMMIT PRESERVE ROWS; CREATE TEMP TABLE script_deleted (id integer) ON COMMIT DELETE ROWS; CREATE TEMP TABLE script_dropped (id integer) ON COMMIT DROP;
CREATE TEMP VIEW script_view AS SELECT * FROM script_table; CREATE TEMP SEQUENCE script_sequence;
CREATE TYPE pg_temp.script_enum AS ENUM ('a'); CREATE DOMAIN pg_temp.script_domain AS integer; CREATE TYPE pg_temp.script_type AS (a integer);
CREATE FUNCTION pg_temp.script_function() RETURNS integer LANGUAGE sql AS 'SELECT 1'; SELECT pg_temp.script_function();
CREATE INDEX ON script_table (note); CREATE TABLE keeps AS SELECT * FROM script_table;
DO $$BEGIN CREATE TEMP TABLE script_hidden (id integer); END$$;
CREATE TEMP TABLE script_partitioned (id integer) PARTITION BY LIST (id); CREATE TEMP TABLE script_partition PARTITION OF script_partitioned DEFAULT;
$script$);
CALL migration('0004_temporary_look', 'SELECT look(''after temporary objects'')');
CALL migration('0005_prepared', $script$
PREPARE script_statement AS SELECT 1; EXECUTE script_statement;
DO $$BEGIN EXECUTE 'PREPARE script_hidden AS SELECT 2'; END$$; PREPARE "script; 'quoted'" (integer) AS SELECT $1;
DECLARE script_cursor CURSOR FOR SELECT 1; DECLARE script_held CURSOR WITH HOLD FOR SELECT generate_series(1, 3); FETCH script_held; MOVE script_held;
DO $$BEGIN EXECUTE 'DECLARE script_held_hidden CURSOR WITH HOLD FOR SELECT 1'; END$$;
DO $$DECLARE c refcursor := 'script_refcursor'; BEGIN OPEN c FOR SELECT 1; END$$;
LISTEN script_channel; DO $$BEGIN EXECUTE 'LISTEN script_hidden'; END$$; LISTEN script_unlistened; UNLISTEN script_unlistened;
$script$);
CALL migration('0005_prepared_look', 'SELECT look(''after prepared things'')');
CALL migration('0006_locks', $script$
SELECT pg_advisory_lock(501); SELECT pg_advisory_lock(501); SELECT pg_advisory_lock_shared(502); SELECT pg_advisory_lock(5, 503); SELECT pg_try_advisory_lock_shared(504);
SELECT pg_advisory_xact_lock(505); DO $$BEGIN PERFORM pg_advisory_lock(506); END$$;
$script$);
CALL migration('0006_locks_look', 'SELECT look(''after locks'')');
CALL migration('0007_sequence', 'SELECT nextval(''numbers''); SELECT nextval(''numbers'')');
CALL migration('0007_sequence_look', $script$
DO $$BEGIN PERFORM currval('numbers'); RAISE EXCEPTION 'reached'; EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END$$;
DO $$BEGIN PERFORM lastval(); RAISE EXCEPTION 'reached'; EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END$$;
$script$);
TRUNCATE seen;
CALL slipway.migrate();
SELECT who, string_agg(concat(what, ': ', value), '; ' ORDER BY n) FROM seen GROUP BY who ORDER BY min(n);
SELECT relname, relowner::regrole FROM pg_class WHERE relname LIKE 'of_regress%' ORDER BY 1;
SELECT id, note FROM keeps;
-- Nor the session.
TRUNCATE seen;
SELECT look('session');
SELECT what, value FROM seen ORDER BY n;
SELECT current_setting('test.d', true) AS d, current_setting('test.e', true) AS e;
SELECT currval('numbers');
SELECT pg_temp.script_function();

-- The same after a migration that failed.
CALL migration('0100_fails', $script$
SET work_mem = '9MB'; SET test.a = 'script'; SELECT set_config('test.c', 'script', false); SET ROLE regress_hygiene; SET search_path = pg_catalog; RESET ROLE;
CREATE TEMP TABLE script_table (id integer); CREATE FUNCTION pg_temp.script_function() RETURNS integer LANGUAGE sql AS 'SELECT 1';
PREPARE script_statement AS SELECT 1; DO $$BEGIN EXECUTE 'PREPARE script_hidden AS SELECT 2'; END$$;
DECLARE script_held CURSOR WITH HOLD FOR SELECT generate_series(1, 3);
LISTEN script_channel; SELECT pg_advisory_lock(501); SELECT pg_advisory_lock_shared(502); SELECT nextval('public.other_numbers');
SET SESSION AUTHORIZATION regress_hygiene;
SELECT 1 / 0;
$script$);
\set VERBOSITY terse
CALL slipway.migrate();
TRUNCATE seen;
SELECT look('session');
SELECT what, value FROM seen ORDER BY n;
SELECT currval('other_numbers');
SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'object');
CALL migration('0100_fails', 'SELECT look(''after a failure'')');
CALL slipway.migrate();

-- What the session has of its own stays, whatever scripts do to it.
SET work_mem = '7MB';
SET timezone = 'Europe/Zurich';
SET test.a = 'session';
SET lock_timeout = '11s';
SET statement_timeout = '12s';
CREATE TEMP TABLE session_table (id integer);
INSERT INTO session_table VALUES (1), (2);
CREATE FUNCTION pg_temp.session_function() RETURNS integer LANGUAGE sql AS 'SELECT 77';
CREATE TYPE pg_temp.session_enum AS ENUM ('a');
PREPARE session_statement AS SELECT 'prepared by the session' AS value;
BEGIN;
DECLARE session_cursor CURSOR WITH HOLD FOR SELECT generate_series(1, 5);
FETCH 2 FROM session_cursor;
COMMIT;
LISTEN session_channel;
SELECT pg_advisory_lock(601), pg_advisory_lock(601), pg_advisory_lock_shared(602), pg_advisory_lock(6, 603);
SELECT nextval('other_numbers') IS NOT NULL AS called;
TRUNCATE seen;
SELECT look('session');
SELECT what, value FROM seen ORDER BY n;
CREATE TABLE before AS SELECT n - (SELECT min(n) FROM seen) AS n, what, value FROM seen;
CALL migration('0101_touch', $script$
SET work_mem = '9MB'; SET timezone = 'Asia/Tokyo'; SET test.a = 'script'; RESET lock_timeout; RESET test.a; SET statement_timeout = 0;
INSERT INTO session_table VALUES (3); CREATE TEMP TABLE script_table (id integer); CREATE TEMP VIEW script_view AS SELECT * FROM session_table;
PREPARE script_statement AS SELECT 1; LISTEN script_channel; LISTEN session_channel; EXECUTE session_statement;
SELECT pg_advisory_lock(701); SELECT pg_advisory_lock_shared(602); DECLARE script_held CURSOR WITH HOLD FOR SELECT 1;
DO $$BEGIN EXECUTE 'PREPARE session_statement AS SELECT 1'; EXCEPTION WHEN duplicate_prepared_statement THEN NULL; END$$;
DO $$BEGIN EXECUTE 'DECLARE session_cursor CURSOR WITH HOLD FOR SELECT 1'; EXCEPTION WHEN duplicate_cursor THEN NULL; END$$;
$script$);
CALL migration('0102_look', 'SELECT look(''in the run'')');
CALL slipway.migrate();
-- Scripts start with what the session has but for the time-outs, and without
-- what is of the run's.
SELECT what, value FROM seen WHERE who = 'in the run' ORDER BY n;
DELETE FROM seen;
SELECT look('session');
SELECT what, value FROM (SELECT n - (SELECT min(n) FROM seen) AS n, what, value FROM seen EXCEPT SELECT * FROM before) changed ORDER BY n;
EXECUTE session_statement;
FETCH 2 FROM session_cursor;
SELECT id FROM session_table ORDER BY id;
SELECT pg_temp.session_function();
SHOW timezone;
SHOW statement_timeout;
-- Advisory locks: those that scripts took are gone. How often a session holds
-- one the server does not tell, so 602, which the script took once more, stays
-- until all are released.
SELECT pg_advisory_unlock(601), pg_advisory_unlock(601), pg_advisory_unlock_shared(602), pg_advisory_unlock(6, 603);
SELECT pg_advisory_unlock(601), pg_advisory_unlock(701);
SELECT pg_advisory_unlock_all();

-- And after one that failed.
SELECT pg_advisory_lock(601), pg_advisory_lock_shared(602), pg_advisory_lock(6, 603);
CALL migration('0103_fails', $script$
SET work_mem = '9MB'; SET test.a = 'script'; RESET timezone; INSERT INTO session_table VALUES (4); DROP FUNCTION pg_temp.session_function();
CREATE TEMP TABLE script_table (id integer); LISTEN script_channel; PREPARE script_statement AS SELECT 1; SELECT pg_advisory_lock(701); SELECT pg_advisory_lock_shared(602);
DECLARE script_held CURSOR WITH HOLD FOR SELECT 1;
SELECT 1 / 0;
$script$);
CALL slipway.migrate();
TRUNCATE seen;
SELECT look('session');
SELECT what, value FROM (SELECT n - (SELECT min(n) FROM seen) AS n, what, value FROM seen EXCEPT SELECT * FROM before) changed ORDER BY n;
EXECUTE session_statement;
FETCH 1 FROM session_cursor;
SELECT id FROM session_table ORDER BY id;
SELECT pg_temp.session_function();
SELECT pg_advisory_unlock(601), pg_advisory_unlock_shared(602), pg_advisory_unlock(6, 603);
SELECT pg_advisory_unlock(601), pg_advisory_unlock(701);
SELECT pg_advisory_unlock_all();

-- A script that releases all advisory locks: those of the run are taken again.
CALL migration('0103_fails', 'SELECT pg_advisory_unlock_all()');
CALL migration('0104_lock', $$INSERT INTO seen (who, what, value) SELECT 'in the run', 'lock', count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND ((classid::bigint << 32) | objid::bigint) = slipway.lock_key('default')$$);
CALL slipway.migrate();
SELECT who, what, value FROM seen WHERE who = 'in the run';
SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'object');

-- A session that has frozen deploys may deploy itself, and they stay frozen.
SELECT pg_advisory_lock(slipway.lock_key('default'));
CALL migration('0104_own', 'SELECT 1');
CALL slipway.migrate();
CALL migration('0104_own_fails', 'SELECT 1/0');
CALL slipway.migrate();
SELECT count(*) FROM slipway.lock_holder WHERE pid = pg_backend_pid();
SELECT pg_advisory_unlock(slipway.lock_key('default'));
SELECT count(*) FROM slipway.lock_holder;
CALL migration('0104_own_fails', 'SELECT 1');

-- A script that runs as the caller may drop his temporary objects; then they are gone. Nothing else that is his.
CALL migration('0105_remove', 'DROP TABLE session_table; DROP FUNCTION pg_temp.session_function()');
CALL slipway.migrate();
SELECT count(*) FROM pg_class WHERE relname = 'session_table';
CALL migration('0106_deallocate', 'DEALLOCATE session_statement');
CALL slipway.migrate();
CALL migration('0106_deallocate', 'CLOSE session_cursor');
CALL slipway.migrate();
CALL migration('0106_deallocate', 'UNLISTEN session_channel');
CALL slipway.migrate();
SELECT name FROM pg_prepared_statements;
SELECT name FROM pg_cursors WHERE name LIKE 'session%';
SELECT * FROM pg_listening_channels();
REVOKE CREATE ON SCHEMA public FROM regress_hygiene;
DROP TABLE of_regress_hygiene, of_regress_hygiene_too;
DROP ROLE regress_hygiene;
