-- Mode all: what a run applies commits together.
\i test/fixture/start.psql
CREATE VIEW record AS
SELECT entry, run, migration, action, outcome, message, detail FROM slipway.history ORDER BY entry;
CREATE TABLE seen (n serial, what text, xid text DEFAULT pg_current_xact_id()::text);

CALL migration('0001', 'INSERT INTO seen (what) VALUES (''one'')');
CALL migration('0002', 'INSERT INTO seen (what) VALUES (''two'')');
CALL migration('0003', E'INSERT INTO seen (what) VALUES (''three'');\nSELECT missing;');
CALL slipway.migrate('default', '{"mode": "all"}');
TABLE record;
TABLE seen;
SELECT migration, state FROM slipway.status;
SELECT applied, pending, outcome FROM slipway.progress;
CALL migration('0003', 'INSERT INTO seen (what) VALUES (''three'')');
CALL slipway.migrate('default', '{"mode": "all"}');
SELECT what, xid = (SELECT min(xid) FROM seen) AS together FROM seen ORDER BY n;
TABLE record;
SELECT migration, state FROM slipway.status;
SELECT outcome, settled_entry FROM slipway.run ORDER BY number;
SELECT finished_at >= started_at AS sound, started_at >= lag(finished_at) OVER (ORDER BY entry) AS in_order FROM slipway.history WHERE run = 2 ORDER BY entry;
SELECT * FROM slipway.verify_history();
-- Nothing to do; one only; up to one.
CALL slipway.migrate('default', '{"mode": "all"}');
CALL migration('0004', 'SELECT 1 / 0');
CALL slipway.migrate('default', '{"mode": "all"}');
SELECT detail FROM slipway.history ORDER BY entry DESC LIMIT 1;
CALL migration('0004', 'SELECT 1');
CALL migration('0005', 'SELECT 1');
CALL slipway.migrate('default', '{"mode": "all", "to": "0004"}');
SELECT migration, state FROM slipway.status WHERE migration > '0003';

-- The default is a setting.
SET slipway.mode = 'all';
CALL migration('0006', 'SELECT 1 / 0');
CALL slipway.migrate();
SELECT migration, state FROM slipway.status WHERE migration > '0004';
CALL slipway.migrate('default', '{"mode": "each"}');
SELECT migration, state FROM slipway.status WHERE migration > '0004';
RESET slipway.mode;
CALL migration('0006', 'SELECT 1');
CALL slipway.migrate();

-- What cannot share a transaction: found before anything runs, or by the server.
CALL migration('0007', 'INSERT INTO seen (what) VALUES (''seven'')');
CALL migration('0008', E'CREATE TABLE item (id integer);\nCREATE INDEX CONCURRENTLY ON item (id)');
CALL slipway.migrate('default', '{"mode": "all"}');
SELECT count(*) FROM slipway.history WHERE migration > '0006';
CALL slipway.migrate('default', '{"mode": "all", "to": "0007"}');
CALL slipway.migrate();
CALL migration('0009', 'SELECT 1');
CALL migration('0010', $$DO 'BEGIN COMMIT; END'$$);
CALL slipway.migrate('default', '{"mode": "all"}');
SELECT migration, state FROM slipway.status WHERE migration > '0008';
CALL migration('0010', E'VACUUM;\nSELECT 1 / 0;');
CALL slipway.migrate();
CALL migration('0011', 'SELECT 1');
-- One that has stopped part way goes on so, whatever it looks like now.
CALL migration('0010', E'-- slipway: no-transaction\nVACUUM;\nSELECT 1;');
CALL slipway.migrate('default', '{"mode": "all"}');
CALL slipway.migrate();
-- Also where what is left could run in one transaction.
CALL migration('0012', E'-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0;');
CALL slipway.migrate();
CALL migration('0012', E'SELECT 1;\nSELECT 2;');
CALL slipway.migrate('default', '{"mode": "all"}');
CALL slipway.migrate();
SELECT migration, state FROM slipway.status WHERE migration > '0008';

-- Hooks: those around each are in the transaction, those around the run are not.
CALL project('hooked');
CALL migration('before_migrate', 'INSERT INTO seen (what) VALUES (''before_migrate'')', 'hooked');
CALL migration('after_migrate', 'INSERT INTO seen (what) VALUES (''after_migrate'')', 'hooked');
CALL migration('before_each', 'INSERT INTO seen (what) SELECT ''before '' || current_setting(''slipway.migration'')', 'hooked');
CALL migration('after_each', 'INSERT INTO seen (what) SELECT ''after '' || current_setting(''slipway.migration'')', 'hooked');
CALL migration('after_error', 'INSERT INTO seen (what) SELECT ''after_error '' || current_setting(''slipway.migration'')', 'hooked');
CALL migration('0001', 'INSERT INTO seen (what) VALUES (''one'')', 'hooked');
CALL migration('0002', 'SELECT 1 / 0', 'hooked');
TRUNCATE seen;
CALL slipway.migrate('hooked', '{"mode": "all"}');
CALL migration('0002', 'INSERT INTO seen (what) VALUES (''two'')', 'hooked');
CALL slipway.migrate('hooked', '{"mode": "all"}');
SELECT what, dense_rank() OVER (ORDER BY first) AS transaction
  FROM (SELECT *, min(n) OVER (PARTITION BY xid) AS first FROM seen) s ORDER BY n;
SELECT run, migration, action, outcome FROM slipway.history WHERE project = 'hooked' ORDER BY entry;

-- Each is by itself all the same: settings, what it leaves in the session, deferred constraints.
CALL project('apart');
CALL migration('0001', 'SET work_mem = ''7MB''; CREATE TEMP TABLE passing (); PREPARE p AS SELECT 1; SELECT pg_advisory_lock(1)', 'apart');
CALL migration('0002', 'CREATE TEMP TABLE passing (); CREATE TABLE apart AS SELECT current_setting(''work_mem'') AS work_mem, (SELECT count(*) FROM pg_prepared_statements WHERE name = ''p'')', 'apart');
CALL migration('0003', 'CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child (id integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1)', 'apart');
CALL migration('0004', 'INSERT INTO child VALUES (2)', 'apart');
CALL migration('0005', 'INSERT INTO parent VALUES (2)', 'apart');
SET work_mem = '5MB';
CALL slipway.migrate('apart', '{"mode": "all"}');
CALL migration('0004', 'INSERT INTO parent VALUES (2); INSERT INTO child VALUES (2)', 'apart');
CALL migration('0005', 'INSERT INTO parent VALUES (3)', 'apart');
CALL slipway.migrate('apart', '{"mode": "all"}');
RESET work_mem;
TABLE apart;
SELECT to_regclass('pg_temp.passing');
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();

-- A new try runs all of them again.
CALL project('again');
CREATE SEQUENCE tries;
CREATE SEQUENCE first;
CALL migration('0001', 'SELECT nextval(''first''); CREATE TABLE again ()', 'again');
CALL migration('0002', $$DO 'BEGIN IF nextval(''tries'') < 3 THEN RAISE lock_not_available; END IF; END'$$, 'again');
CALL slipway.migrate('again', '{"mode": "all", "retries": 1}');
CALL slipway.migrate('again', '{"mode": "all", "retries": 5}');
SELECT last_value FROM first;

-- Bad values, and what would have to be first in its transaction.
CALL slipway.migrate('again', '{"mode": "some"}');
CALL slipway.migrate('again', '{"mode": 1}');
CALL slipway.migrate('again', '{"mode": null}');
SET slipway.mode = 'some';
CALL migration('0003', 'SELECT 1', 'again');
CALL migration('0004', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE level AS SELECT current_setting(''transaction_isolation'')', 'again');
CALL slipway.migrate('again', '{"mode": "all"}');
CALL slipway.migrate('again');
TABLE level;

-- Scripts that do not fit into memory together are read again one by one, with their hooks; errors are where they stand all the same.
SET maintenance_work_mem = '1MB';
CREATE TABLE large (n integer, who text DEFAULT current_setting('slipway.migration'));
CREATE PROCEDURE large(name text, statement text, project text DEFAULT 'large') LANGUAGE sql
    AS $$ CALL migration(name, repeat(E'-- something long\n', 60000) || statement, project) $$;
CALL large('0001', 'INSERT INTO large VALUES (1)');
CALL large('0002', 'INSERT INTO large VALUES (2)');
CALL large('0003', 'INSERT INTO large VALUES (3)');
CALL large('0004', E'INSERT INTO large VALUES (4);\nSELECT 1 / 0');
CALL large('before_each', 'INSERT INTO large VALUES (0)');
CALL large('after_each', 'INSERT INTO large VALUES (9)');
CALL large('before_migrate', 'INSERT INTO large VALUES (-1)');
CALL slipway.rehearse('large', '{"to": "0003"}');
CALL slipway.rehearse('large');
CALL slipway.migrate('large', '{"mode": "all"}');
TABLE large;
CALL slipway.migrate('large');
TABLE large;
CALL large('0004', 'INSERT INTO large VALUES (4)');
CALL large('0005', 'INSERT INTO large VALUES (5)');
CALL slipway.migrate('large', '{"mode": "all"}');
SELECT * FROM large OFFSET 11;
SELECT migration, outcome, line_number FROM slipway.history WHERE project = 'large' AND outcome <> 'succeeded';
SELECT * FROM slipway.verify_history('large');
RESET maintenance_work_mem;
