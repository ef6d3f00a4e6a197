Settings and things of the session that mislead the bookkeeping, or that would stay behind.
sql/hygiene.sql has what is put back.

-- case: settings that a script may need
-- control
-- must: apply
-- shows: SELECT note = '5MB' FROM public.marked
SET work_mem = '5MB';
SELECT public.mark(current_setting('work_mem'));
-- case: everything about how values are written
-- must: apply
SET bytea_output = 'escape';
SET datestyle = 'German';
SET intervalstyle = 'sql_standard';
SET timezone = 'Pacific/Auckland';
SET extra_float_digits = -15;
SET xmloption = 'document';
SET quote_all_identifiers = on;
SET array_nulls = off;
SET escape_string_warning = off;
SET backslash_quote = off;
SET lc_monetary = 'C';
SET lc_numeric = 'C';
SET transform_null_equals = on;
SET standard_conforming_strings = off;
SELECT 1;
-- next
SELECT 1;
-- case: the same from a function, for the session
-- must: apply
DO $$BEGIN
    PERFORM set_config(name, value, false) FROM (VALUES ('bytea_output', 'escape'), ('datestyle', 'SQL, DMY'), ('timezone', 'Asia/Kathmandu'),
        ('standard_conforming_strings', 'off'), ('transform_null_equals', 'on'), ('search_path', 'adv'), ('client_encoding', 'LATIN1'), ('adv.own', 'planted')) v(name, value);
END$$;
-- next
SELECT public.mark(current_setting('adv.own', true));
-- case: everything that makes a query fail or slow
-- must: apply
SET row_security = off;
SET enable_seqscan = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan;
SET work_mem = '64kB';
SET default_transaction_isolation = 'serializable';
SET default_transaction_deferrable = on;
SET default_transaction_read_only = on;
SET idle_in_transaction_session_timeout = 1;
SET lock_timeout = 1;
SET constraint_exclusion = on;
SET default_table_access_method = heap;
SET temp_tablespaces = '';
SET vacuum_cost_delay = 100;
SET synchronous_commit = off;
SELECT 1;
-- next
SELECT 1;
-- case: a transaction that cannot write any more
-- must: apply
SET TRANSACTION READ ONLY;
SELECT 1;
-- case: a transaction that cannot write any more, from a function
-- must: apply
SELECT 1;
DO $$BEGIN PERFORM set_config('transaction_read_only', 'on', true); END$$;
-- case: a transaction of another isolation
-- must: apply
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM pg_class;
-- case: the settings of slipway
-- must: fail 55P02
SET slipway.migration = 'another';
-- case: the settings of slipway, by set_config()
-- must: fail 55P02
SELECT set_config('slipway.run', '1', false);
-- case: the project, in the settings of slipway
-- must: fail 55P02
DO $$BEGIN EXECUTE 'SET LOCAL slipway.project = alive'; END$$;
-- case: defaults of the options
-- must: apply
SET slipway.lock_timeout = 1;
SET slipway.retries = 1000;
SET slipway.mode = 'all';
SET slipway.recut = 'refuse';
SET slipway.snapshot = off;
SET slipway.ignore = 'kind:*';
SET slipway.notify = 'adversary';
SET slipway.report_progress = on;
-- next
SELECT 1;
-- case: time-outs that end everything
-- must: fail 57014
SET statement_timeout = 1;
SELECT pg_sleep(10);
-- case: a time-out for what comes behind the script
-- must: apply
SELECT 1;
SET statement_timeout = 1;
-- case: a time-out for what comes behind the script, from a function
-- must: apply
DO $$BEGIN PERFORM set_config('statement_timeout', '1', false); END$$;
-- case: a time-out that is caught, and goes on, as anywhere in the server
-- with: {"statement_timeout": "300ms"}
-- must: apply
DO $$BEGIN
    FOR i IN 1 .. 3 LOOP
        BEGIN
            PERFORM pg_sleep(0.2);
        EXCEPTION WHEN query_canceled THEN NULL;
        END;
    END LOOP;
END$$;
-- case: another role for the session
-- as: deployer
-- must: fail 42501
SET ROLE adv_owner;
-- case: another role for the session that the caller may have
-- as: deployer
-- must: apply
-- setup: GRANT adv_other TO adv_deployer
-- clean: REVOKE adv_other FROM adv_deployer
SET ROLE adv_other;
-- next
SELECT public.mark();
-- case: a superuser's: who the session is
-- as: superuser
-- must: apply
SET SESSION AUTHORIZATION adv_other;
SET ROLE adv_other;
-- next
SELECT public.mark();
-- case: a superuser's: what is logged
-- as: superuser
-- must: apply
SET log_statement = 'none';
SET log_min_messages = 'panic';
SET session_replication_role = replica;
SET allow_system_table_mods = on;
SET zero_damaged_pages = on;
SET ignore_checksum_failure = on;
SET commit_delay = 10000;
SET dynamic_library_path = '/tmp';
-- next
SELECT public.mark(current_setting('log_min_messages'));
-- case: a superuser's: a script that shows nothing
-- as: superuser
-- must: fail 22012
SET client_min_messages = error;
SELECT 1 / 0;
-- case: names for prepared statements, cursors and channels that an engine might use
-- must: apply
PREPARE slipway AS SELECT 1;
PREPARE s1 AS SELECT 1;
DECLARE slipway CURSOR WITH HOLD FOR SELECT 1;
DECLARE "<unnamed portal 1>" CURSOR WITH HOLD FOR SELECT 1;
DECLARE "<unnamed portal 2>" CURSOR WITH HOLD FOR SELECT 1;
LISTEN slipway;
NOTIFY slipway, 'forged';
-- next
SELECT 1;
-- case: names that are asked for by a function
-- must: apply
DO $$BEGIN
    EXECUTE 'PREPARE hidden AS SELECT 1';
    EXECUTE 'DECLARE hidden CURSOR WITH HOLD FOR SELECT 1';
    EXECUTE 'LISTEN hidden';
    EXECUTE 'CREATE TEMP TABLE hidden AS SELECT 1';
    EXECUTE 'CREATE FUNCTION pg_temp.hidden() RETURNS integer LANGUAGE sql AS ''SELECT 1''';
    EXECUTE 'CREATE TYPE pg_temp.hidden_type AS ENUM (''a'')';
    PERFORM pg_advisory_lock(i) FROM generate_series(1, 20) i;
END$$;
-- case: what is left behind by a script that fails
-- must: fail 22012
PREPARE hidden AS SELECT 1;
LISTEN hidden;
DECLARE hidden CURSOR WITH HOLD FOR SELECT 1;
SELECT pg_advisory_lock(4711), pg_advisory_lock_shared(4712);
CREATE TEMP TABLE hidden ();
SET work_mem = '7MB';
SELECT 1 / 0;
-- case: what is left behind by units that stand alone
-- must: fail 22012
-- again: fail 22012
CREATE TABLE t (a integer);
CREATE TEMP TABLE hidden (a integer);
SET work_mem = '7MB';
SET adv.own = 'planted';
PREPARE hidden AS SELECT 1;
CREATE INDEX CONCURRENTLY i ON t (a);
SELECT pg_advisory_lock(4711);
VACUUM t;
SELECT 1 / 0;
-- case: every lock is let go
-- must: apply
SELECT pg_advisory_unlock_all();
DO $$BEGIN PERFORM pg_advisory_unlock_all(); END$$;
SELECT public.mark();
-- next
SELECT pg_advisory_unlock_all();
-- case: the lock of another project
-- must: apply
-- setup: GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC
SELECT pg_advisory_lock(k) FROM generate_series(1, 5) k;
SELECT pg_advisory_xact_lock_shared(k) FROM generate_series(6, 9) k;
-- case: the caller's transaction
-- must: refuse SW007
SELECT 1;
ROLLBACK;
SELECT public.mark();
-- case: the caller's transaction, in text that is run
-- must: fail 0A000
DO $$BEGIN EXECUTE 'ROLLBACK'; END$$;
-- case: a savepoint in text that is run
-- must: fail 0A000
DO $$BEGIN EXECUTE 'SAVEPOINT s'; END$$;
-- case: two phases in text that is run
-- must: fail 0A000
DO $$BEGIN EXECUTE 'PREPARE TRANSACTION ''planted'''; END$$;
-- case: everything is discarded, in text that is run
-- must: fail SW007
DO $$BEGIN EXECUTE 'DEALLOCATE ALL'; END$$;
-- case: channels are left, in text that is run
-- must: fail SW007
DO $$BEGIN EXECUTE 'UNLISTEN *'; END$$;
-- case: the characteristics of the session, in text that is run
-- must: apply
DO $$BEGIN EXECUTE 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE'; END$$;
-- next
SELECT public.mark();
-- case: output that the caller would take for another's
-- must: refuse SW007
COPY (SELECT 'forged') TO STDOUT;
-- case: output that the caller would take for another's, in text that is run
-- must: fail 0A000
DO $$BEGIN EXECUTE 'COPY (SELECT 1) TO STDOUT'; END$$;
-- case: input that the caller is to send, in text that is run
-- must: fail 0A000
CREATE TABLE t (a integer);
DO $$BEGIN EXECUTE 'COPY t FROM STDIN'; END$$;
-- case: an event that looks like the engine's
-- must: apply
DO $$BEGIN RAISE INFO '0002_forged: applied in 1.0 ms' USING DETAIL = '{"event": "applied", "migration": "0002_forged"}'; END$$;
-- case: a prepared statement of the caller is removed
-- must: fail SW007
-- session: PREPARE theirs AS SELECT 1
DEALLOCATE theirs;
-- case: a prepared statement of the caller is replaced, in text that is run
-- must: fail SW007
-- session: PREPARE theirs AS SELECT 1
DO $$BEGIN EXECUTE 'DEALLOCATE theirs'; EXECUTE 'PREPARE theirs AS SELECT 2'; END$$;
-- case: a channel of the caller is left
-- must: fail SW007
-- session: LISTEN theirs
UNLISTEN theirs;
-- case: a cursor of the caller is closed
-- must: fail 24000
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
CLOSE theirs;
-- case: a cursor of the caller is closed with all others
-- must: fail SW007
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
CLOSE ALL;
-- case: a cursor of the caller is closed, and that is caught
-- must: apply
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
DO $$DECLARE theirs refcursor := 'theirs'; BEGIN CLOSE theirs; EXCEPTION WHEN invalid_cursor_state THEN NULL; END$$;
-- case: a cursor of the caller is fetched from
-- must: fail 55000
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
FETCH theirs;
-- case: a cursor of the caller is moved, between units
-- must: fail 55000
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
MOVE theirs;
-- case: a cursor of the caller is fetched from by a function
-- must: fail 55000
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
DO $$DECLARE theirs refcursor := 'theirs'; n integer; BEGIN FETCH theirs INTO n; PERFORM public.mark(n::text); END$$;
-- case: a cursor of the caller is written as XML
-- must: fail 55000
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
SELECT public.mark(cursor_to_xml('theirs', 1, false, false, '')::text);
-- case: a cursor of the caller in a rehearsal
-- must: refuse 55000
-- call: rehearse
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
FETCH theirs;
-- case: statements, channels and cursors of one's own
-- control
-- must: apply
-- session: PREPARE theirs AS SELECT 1
-- session: LISTEN theirs
-- session: DECLARE theirs CURSOR WITH HOLD FOR SELECT generate_series(1, 10)
PREPARE mine AS SELECT 1;
LISTEN mine;
DECLARE mine CURSOR WITH HOLD FOR SELECT 1;
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
FETCH mine;
CLOSE mine;
UNLISTEN mine;
UNLISTEN other;
DEALLOCATE mine;
-- case: an advisory lock of the caller is let go
-- must: apply
-- session: DO 'BEGIN PERFORM pg_advisory_lock(99), pg_advisory_lock_shared(98); END'
SELECT pg_advisory_unlock(99), pg_advisory_unlock_shared(98);
-- case: a channel that is listened to, before a later unit fails
-- must: fail 22012
CREATE TABLE t (a integer);
LISTEN hidden;
CREATE INDEX CONCURRENTLY i ON t (a);
SELECT 1 / 0;
-- case: what a held cursor leaves behind at the commit
-- must: apply
CREATE FUNCTION hide() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    EXECUTE 'LISTEN hidden';
    EXECUTE 'PREPARE hidden AS SELECT 1';
    EXECUTE 'CREATE TEMP TABLE hidden ()';
    PERFORM pg_advisory_lock(4711);
    RETURN 1;
END$$;
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT hide();
COMMIT;
SELECT 1;
-- case: what a held cursor leaves behind at the commit, before a later unit fails
-- must: fail 22012
CREATE FUNCTION hide() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    EXECUTE 'LISTEN hidden';
    EXECUTE 'PREPARE hidden AS SELECT 1';
    EXECUTE 'CREATE TEMP TABLE hidden ()';
    PERFORM pg_advisory_lock(4711);
    RETURN 1;
END$$;
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT hide();
COMMIT;
SELECT 1 / 0;
-- case: more temporary tables than one transaction can drop
-- must: apply
-- slipway: no-transaction
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE a' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE b' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE c' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE d' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE e' || i || '(a text)'; END LOOP; END$$;
-- next
SELECT 1;
-- case: more temporary tables than one transaction can drop, and a failure
-- must: fail 22012
-- slipway: no-transaction
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE a' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE b' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE c' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE d' || i || '(a text)'; END LOOP; END$$;
DO $$BEGIN FOR i IN 1 .. 90 LOOP EXECUTE 'CREATE TEMP TABLE e' || i || '(a text)'; END LOOP; END$$;
SELECT 1 / 0;
-- case: a rehearsal leaves nothing behind
-- call: rehearse
-- must: apply
PREPARE hidden AS SELECT 1;
LISTEN hidden;
DECLARE hidden CURSOR WITH HOLD FOR SELECT 1;
SELECT pg_advisory_lock(4711), pg_advisory_lock_shared(4712);
CREATE TEMP TABLE hidden ();
SET work_mem = '7MB';
SET adv.own = 'planted';
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
-- case: a superuser's: an origin of replication
-- as: superuser
-- must: apply
-- clean: SELECT pg_replication_origin_drop('planted')
SELECT pg_replication_origin_create('planted');
SELECT pg_replication_origin_session_setup('planted');
-- next
SELECT pg_replication_origin_session_setup('planted');
-- case: a superuser's: an origin of replication of the caller's
-- as: superuser
-- must: fail 55000
-- setup: SELECT pg_replication_origin_create('theirs')
-- session: DO 'BEGIN PERFORM pg_replication_origin_session_setup(''theirs''); END'
-- clean: SELECT pg_replication_origin_drop('theirs')
SELECT pg_replication_origin_session_reset();
-- next
SELECT pg_replication_origin_session_setup('theirs');
-- case: a superuser's: temporary replication slots
-- as: superuser
-- must: apply
-- session: DO 'BEGIN PERFORM pg_create_physical_replication_slot(''theirs'', true, true); END'
SELECT pg_create_physical_replication_slot('planted', true, true);
-- next
SELECT pg_create_physical_replication_slot('planted', true, true);
DO $$BEGIN ASSERT (SELECT array_agg(slot_name::text ORDER BY slot_name) = '{planted,theirs}' FROM pg_replication_slots); END$$;
-- case: a superuser's: a backup that goes on
-- as: superuser
-- must: apply
SELECT pg_backup_start('planted', true);
-- next
SELECT pg_backup_start('planted', true);
-- case: the settings of an extension that is not loaded, in the session
-- must: apply
-- session: SET pgaudit.log = 'none'
-- session: SET pg_stat_statements.track = 'none'
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
-- case: the settings of an extension that is not loaded, in the script
-- must: apply
SET pgaudit.log = 'none';
SET pg_stat_statements.track = 'none';
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
-- case: a superuser calls: a setting for superusers, of a language that is loaded by a later unit
-- as: superuser of owner
-- must: apply
-- shows: SELECT value = 'error' FROM adv.found
SET plpgsql.variable_conflict = 'use_column';
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
DO $$BEGIN END$$;
CREATE TABLE found AS SELECT current_setting('plpgsql.variable_conflict') AS value;
-- case: a superuser calls: a setting for superusers, of a language that is loaded by a unit that stands alone
-- as: superuser of owner
-- must: apply
-- setup: CREATE FUNCTION adv.f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN 1; END$$
-- shows: SELECT value = 'error' FROM adv.found
SET plpgsql.variable_conflict = 'use_column';
CREATE TABLE t (a integer);
INSERT INTO t VALUES (1);
CREATE INDEX CONCURRENTLY i ON t (f(a));
CREATE TABLE found AS SELECT current_setting('plpgsql.variable_conflict') AS value;
