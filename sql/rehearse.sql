-- CALL slipway.rehearse(): what runs, and that nothing of it stays. What it tells while it
-- goes on has times in it: test/t/080 and those that follow look at that.
\i test/fixture/start.psql
\set VERBOSITY terse
CREATE TABLE t (id integer PRIMARY KEY, n integer);
INSERT INTO t VALUES (1, 1);
CALL project('default');
-- What would show that something was left.
CREATE VIEW left_over AS SELECT (SELECT count(*) FROM slipway.history) AS history, (SELECT count(*) FROM slipway.run) AS runs, (SELECT count(*) FROM slipway.journal) AS journal,
  (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') AS tables, (SELECT string_agg(t::text, ' ') FROM t) AS t,
  (SELECT count(*) FROM pg_locks l WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR locktype = 'object' AND classid = 'slipway.history'::regclass)) AS locks;

-- Nothing.
CALL slipway.rehearse();
-- Something, twice; then for real.
CALL migration('0001_a', 'CREATE TABLE a (id integer); INSERT INTO a VALUES (1); UPDATE t SET n = 2');
CALL slipway.rehearse();
CALL slipway.rehearse('default', '{"snapshot": "off"}');
TABLE left_over;
CALL slipway.migrate();
TABLE left_over;
CALL slipway.rehearse();

-- Later ones see what earlier ones have done.
CALL migration('0002_b', 'ALTER TABLE a ADD b integer');
CALL migration('0003_c', 'UPDATE a SET b = 3; DO $$BEGIN ASSERT (SELECT b = 3 FROM a); END$$');
CALL slipway.rehearse();
TABLE left_over;
-- What fails.
CALL migration('0004_d', E'CREATE TABLE d ();\nSELECT nowhere FROM a');
\set VERBOSITY default
CALL slipway.rehearse();
\echo :LAST_ERROR_SQLSTATE
TABLE left_over;
CALL slipway.rehearse(options => '{"to": "0003_c"}');
CALL slipway.rehearse(options => '{"to": "0003_x"}');
CALL slipway.rehearse(options => '{"to": "0001_a"}');
-- Found before anything runs, as by a deploy.
CALL project('broken');
CALL migration('0001_a', 'SELECT 1', 'broken');
CALL migration('0002_b', E'SELECT 1;\nSELEC 2', 'broken');
CALL slipway.rehearse('broken');
SELECT state, count(*) FROM slipway.status GROUP BY state ORDER BY state;
-- Deferred constraints, and statements between which a deploy would commit.
CALL project('deferred');
CALL migration('0001_a', 'CREATE TABLE child (id integer REFERENCES t DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (77)', 'deferred');
CALL slipway.rehearse('deferred');
TABLE left_over;
-- The session's own things stay.
CALL project('session');
SET work_mem = '5MB';
PREPARE mine AS SELECT 1;
CREATE TEMP TABLE own AS SELECT 1 AS one;
SELECT pg_advisory_lock(7);
CALL migration('0001_a', 'SET work_mem = ''77MB''; PREPARE theirs AS SELECT 1; CREATE TEMP TABLE their_own (); SELECT pg_advisory_unlock_all(); LISTEN theirs; SELECT pg_advisory_lock(8)', 'session');
CALL slipway.rehearse('session');
SHOW work_mem;
SELECT name FROM pg_prepared_statements WHERE NOT from_sql IS NULL AND name IN ('mine', 'theirs');
SELECT one, to_regclass('their_own') FROM own;
SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT * FROM pg_listening_channels();
SELECT pg_advisory_unlock(7);
-- Verification.
CALL project('verified');
SELECT slipway.add_migration('0001_a', 'CREATE TABLE v ()', verify => 'SELECT 1 / (SELECT count(*) FROM v)', project => 'verified') IS NOT NULL AS added;
CALL slipway.rehearse('verified');
CALL slipway.rehearse('verified', '{"verify": true}');
-- What is verified may also be right; and hooks behind a migration, and behind all of them.
CALL project('behind');
CREATE FUNCTION tell(what text) RETURNS void LANGUAGE plpgsql AS
    $$BEGIN RAISE NOTICE '% of "%", v is %', what, current_setting('slipway.migration', true), to_regclass('v'); END$$;
SELECT slipway.add_migration('0001_a', 'CREATE TABLE v ()', verify => 'SELECT 1 / (to_regclass(''v'') IS NOT NULL)::integer', project => 'behind') IS NOT NULL AS added;
CALL migration('0002_b', 'CREATE TABLE w ()', 'behind');
CALL migration('after_each', 'SELECT tell(''after_each'')', 'behind');
CALL migration('after_migrate', 'SELECT tell(''after_migrate'')', 'behind');
CALL slipway.rehearse('behind', '{"verify": true}');
CALL migration('after_migrate', 'SELECT tell(''after_migrate''); SELECT 1 / 0', 'behind');
CALL slipway.rehearse('behind');
TABLE left_over;
-- Counters are wanted, and afterwards as they were; a schema that cannot be compared is no failure.
SET track_counts = off;
SET slipway.ignore = 'kind:';
CALL slipway.rehearse('behind', '{"to": "0001_a"}');
RESET slipway.ignore;
SHOW track_counts;
RESET track_counts;

-- Where and by whom.
BEGIN;
CALL slipway.rehearse();
ROLLBACK;
DO $$BEGIN CALL slipway.rehearse(); END$$;
CALL slipway.rehearse(NULL);
CALL slipway.rehearse('nowhere');
CALL project('inside');
CALL migration('0001_a', 'CALL slipway.rehearse()', 'inside');
CALL slipway.rehearse('inside');
SET default_transaction_read_only = on;
CALL slipway.rehearse();
RESET default_transaction_read_only;
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rehearse_reader, regress_rehearse_deployer;
RESET client_min_messages;
CREATE ROLE regress_rehearse_reader;
CREATE ROLE regress_rehearse_deployer;
SELECT slipway.grant_role('regress_rehearse_reader', 'reader'), slipway.grant_role('regress_rehearse_deployer', 'deployer', 'session');
SET ROLE regress_rehearse_reader;
CALL slipway.rehearse();
SET ROLE regress_rehearse_deployer;
CALL slipway.rehearse();
CALL slipway.rehearse('session');
RESET ROLE;

-- Options.
CALL slipway.rehearse(options => '{"mode": "all"}');
CALL slipway.rehearse(options => '{"lock_hold": -1}');
CALL slipway.rehearse(options => '{"plain_indexes": "yes"}');
CALL slipway.rehearse(options => '{"plain_indexes_below": "much"}');
CALL slipway.rehearse(options => '{"plain_indexes_below": ""}');
CALL slipway.rehearse(options => '{"snapshot": "perhaps"}');
CALL slipway.rehearse(options => '{"to": "0002_b", "lock_hold": "2s", "plain_indexes": true, "plain_indexes_below": "1GB", "snapshot": true, "lock_timeout": 100, "statement_timeout": "1s", "lock_wait": "1s"}');
CALL slipway.migrate(options => '{"lock_hold": 1}');
TABLE left_over;
SELECT slipway.revoke_role('regress_rehearse_reader', 'reader'), slipway.revoke_role('regress_rehearse_deployer', 'deployer', 'session');
DROP ROLE regress_rehearse_reader, regress_rehearse_deployer;
