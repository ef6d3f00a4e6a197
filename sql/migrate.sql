-- CALL slipway.migrate(): what is applied, in which order, and the options.
\i test/fixture/start.psql

-- Each migration once, in the order of the manifest, each in a transaction of
-- its own, together with its record.
CREATE TABLE trace (n serial, migration text, xid xid8 DEFAULT pg_current_xact_id());
CALL migration('0002_b', 'INSERT INTO trace (migration) VALUES (''0002_b'')');
CALL migration('0001_a', 'INSERT INTO trace (migration) VALUES (''0001_a'')');
CALL migration('0003_c', 'INSERT INTO trace (migration) VALUES (''0003_c'')');
SET application_name = 'regress';
CALL slipway.migrate(options => '{"client_version": "9.8.7"}');
SELECT n, migration FROM trace ORDER BY n;
SELECT count(DISTINCT xid) FROM trace;
SELECT t.migration, h.entry, h.xmin::text = t.xid::text AS together
  FROM trace t JOIN slipway.history h USING (migration) ORDER BY t.n;
SELECT h.entry, h.run, h.migration, h.action, h.outcome, encode(h.script_hash, 'hex') = hash_of(s.body) AS script,
       h.manifest_hash = r.manifest_hash AS manifest, h.session_role = session_user AS session_role,
       h.effective_role = current_user AS effective_role, h.client_addr, h.application_name, h.client_version,
       h.started_at < h.finished_at AS times,
       h.sqlstate, h.message
  FROM slipway.history h JOIN slipway.script s ON s.hash = h.script_hash JOIN slipway.run r ON r.number = h.run
 ORDER BY h.entry;
SELECT number, action, outcome, started_at < finished_at AS times, application_name, client_version,
       backend_pid = pg_backend_pid() AS backend
  FROM slipway.run;

-- Nothing to do: nothing is written.
CALL slipway.migrate();
SELECT (SELECT count(*) FROM trace) AS trace, (SELECT count(*) FROM slipway.history) AS history, (SELECT count(*) FROM slipway.run) AS run;
-- What is applied is skipped.
CALL migration('0004_d', 'INSERT INTO trace (migration) VALUES (''0004_d'')');
CALL migration('0005_e', 'INSERT INTO trace (migration) VALUES (''0005_e'')');
CALL migration('0006_f', 'INSERT INTO trace (migration) VALUES (''0006_f'')');
CALL slipway.migrate(options => '{"to": "0004_d"}');
SELECT migration, count(*) FROM trace GROUP BY 1 ORDER BY 1;
SELECT migration, state FROM slipway.status;
CALL slipway.migrate(options => '{"to": "0004_d"}');
CALL slipway.migrate(options => '{"to": "0002_b"}');
SELECT count(*) FROM trace;
CALL slipway.migrate('default', '{"to": "0009_x"}');
SELECT count(*) FROM trace;
CALL slipway.migrate();
SELECT migration, count(*) FROM trace GROUP BY 1 ORDER BY 1;
SELECT number, outcome FROM slipway.run ORDER BY number;

-- No locks stay.
SELECT locktype, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'object');

-- A failure ends the run: what came before stays, nothing after it runs.
CALL migration('0001_ok', 'CREATE TABLE one ()', 'failure');
CALL migration('0002_bad', 'CREATE TABLE two (); SELECT 1/0; CREATE TABLE three ()', 'failure');
CALL migration('0003_never', 'CREATE TABLE four ()', 'failure');
CALL slipway.migrate('failure');
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('one') AS one, to_regclass('two') AS two, to_regclass('three') AS three, to_regclass('four') AS four;
SELECT entry, run, migration, action, outcome, sqlstate, message FROM slipway.log WHERE project = 'failure' ORDER BY entry;
SELECT run, outcome, finished_at IS NOT NULL AS finished, applied, pending, migration FROM slipway.progress WHERE project = 'failure';
-- The next one goes on from there.
CALL migration('0002_bad', 'CREATE TABLE two ()', 'failure');
CALL slipway.migrate('failure');
SELECT entry, run, migration, outcome FROM slipway.log WHERE project = 'failure' ORDER BY entry;
SELECT number, outcome FROM slipway.run WHERE project = 'failure' ORDER BY number;

-- Scripts without a statement are versions like others.
CALL migration('0001_empty', '', 'nothing');
CALL migration('0002_blank', E' \n\t\n', 'nothing');
CALL migration('0003_comment', E'-- one\n/* two\n /* three */ ; */\n', 'nothing');
CALL migration('0004_semicolon', ' ; ;; ', 'nothing');
CALL migration('0005_block', 'BEGIN; COMMIT;', 'nothing');
CALL slipway.migrate('nothing');
SELECT migration, state FROM slipway.status WHERE project = 'nothing';
CALL slipway.migrate('nothing');

-- A project without migrations, and one that is not there.
CALL project('bare');
CALL slipway.migrate('bare');
SELECT count(*) FROM slipway.run WHERE project = 'bare';
\set VERBOSITY terse
CALL slipway.migrate('absent');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate('Default');
CALL slipway.migrate('');

-- Manifests by their hash: two releases of one project. The older one does
-- not mind what the newer has applied.
CREATE FUNCTION manifest(VARIADIC names text[]) RETURNS text LANGUAGE sql AS $$
    SELECT E'slipway-manifest 1 order=auto\n' || string_agg(hash_of('SELECT ''' || name || '''') || ' - - versioned ' || name || E'\n', '' ORDER BY n)
      FROM unnest(names) WITH ORDINALITY u(name, n)
$$;
CREATE FUNCTION options(VARIADIC names text[]) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('manifest', manifest_hash(manifest(VARIADIC names)))
$$;
CALL project('release');
SELECT slipway.add_script('SELECT ''' || n || '''', 'release') IS NOT NULL FROM unnest('{1,2,3,4,5}'::text[]) n;
SELECT count(*) FROM slipway.add_manifest(manifest('1', '2', '4'), 'release');
SELECT count(*) FROM slipway.add_manifest(manifest('1', '2'), 'release');
CALL slipway.migrate('release', options('1', '2', '4'));
SELECT migration, run FROM slipway.log WHERE project = 'release' ORDER BY entry;
SELECT migration, state FROM slipway.status WHERE project = 'release';
CALL slipway.migrate('release', options('1', '2'));
-- The newest is the default, whatever its size.
CALL slipway.migrate('release');
SELECT count(*) FROM slipway.run WHERE project = 'release';
-- Only what its own manifest has counts as order: 3 comes after 1 and 2.
SELECT count(*) FROM slipway.add_manifest(manifest('1', '2', '3'), 'release');
CALL slipway.migrate('release', options('1', '2', '3'));
SELECT migration, run FROM slipway.log WHERE project = 'release' ORDER BY entry;
-- For a manifest with later ones it is missing.
CALL slipway.migrate('release', options('1', '2', '4'));
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate('release', upper(options('1', '2')::text)::jsonb);
CALL slipway.migrate('release', jsonb_build_object('manifest', upper(manifest_hash(manifest('1', '2')))));
-- Not uploaded: the manifest, or one of its scripts.
CALL slipway.migrate('release', options('1', '5'));
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM slipway.add_manifest(manifest('1', '2', '3', '4', '6'), 'release');
\set VERBOSITY default
CALL slipway.migrate('release', options('1', '2', '3', '4', '6'));
\set VERBOSITY terse
\echo :LAST_ERROR_SQLSTATE
-- A manifest belongs to its project.
CALL slipway.migrate('bare', options('1', '2'));
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM slipway.run WHERE project = 'bare';

-- Options.
\set VERBOSITY default
CALL slipway.migrate('bare', '{"too": "0001"}');
\set VERBOSITY terse
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate('bare', '{"To": "0001"}');
CALL slipway.migrate('bare', '{"": 1}');
CALL slipway.migrate('bare', '[]');
CALL slipway.migrate('bare', '"to"');
CALL slipway.migrate('bare', 'null');
CALL slipway.migrate('bare', NULL);
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate(NULL);
\set VERBOSITY default
CALL slipway.migrate('bare', '{"manifest": 5}');
CALL slipway.migrate('bare', '{"manifest": "5"}');
CALL slipway.migrate('bare', '{"to": ["a"]}');
CALL slipway.migrate('bare', '{"lock_wait": -1}');
CALL slipway.migrate('bare', '{"lock_wait": "1 week of Sundays"}');
CALL slipway.migrate('bare', '{"lock_timeout": true}');
CALL slipway.migrate('bare', '{"lock_timeout": {"ms": 1}}');
CALL slipway.migrate('bare', '{"statement_timeout": 1e12}');
CALL slipway.migrate('bare', '{"retries": -1}');
CALL slipway.migrate('bare', '{"retries": 1.5}');
CALL slipway.migrate('bare', '{"retries": "few"}');
CALL slipway.migrate('bare', '{"retries": "2s"}');
CALL slipway.migrate('bare', '{"allow_out_of_order": "yes"}');
CALL slipway.migrate('bare', '{"client_version": 1}');
CALL slipway.migrate('bare', '{"lock_wait": 0, "lock_timeout": "30s", "statement_timeout": "1min", "retries": 0, "allow_out_of_order": false, "client_version": "1"}');
-- All settings that a script sees come from them, or from the defaults.
CREATE TABLE seen (id serial, lock_timeout text DEFAULT current_setting('lock_timeout'), statement_timeout text DEFAULT current_setting('statement_timeout'));
SET lock_timeout = '7s';
SET statement_timeout = '8s';
CALL migration('1', 'INSERT INTO seen DEFAULT VALUES', 'option');
CALL slipway.migrate('option');
CALL migration('2', 'INSERT INTO seen DEFAULT VALUES', 'option');
SET slipway.lock_timeout = '3s';
CALL slipway.migrate('option');
CALL migration('3', 'INSERT INTO seen DEFAULT VALUES', 'option');
CALL slipway.migrate('option', '{"lock_timeout": "1500ms", "statement_timeout": 90000}');
CALL migration('4', 'INSERT INTO seen DEFAULT VALUES', 'option');
CALL slipway.migrate('option', '{"lock_timeout": 0, "statement_timeout": "0"}');
SELECT * FROM seen ORDER BY id;
SHOW lock_timeout;
SHOW statement_timeout;
-- A time-out is one of each statement, not of the whole.
CALL migration('5', 'SELECT pg_sleep(0.15); SELECT pg_sleep(0.15); SELECT pg_sleep(0.15); SELECT pg_sleep(0.15)', 'option');
CALL migration('6', 'SELECT 1; SELECT pg_sleep(60)', 'option');
CALL slipway.migrate('option', '{"statement_timeout": 500}');
\echo :LAST_ERROR_SQLSTATE
SELECT migration, outcome, sqlstate FROM slipway.log WHERE project = 'option' AND migration > '4' ORDER BY entry;
