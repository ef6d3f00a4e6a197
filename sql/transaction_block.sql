-- BEGIN and COMMIT in scripts, and statements that are refused or that refuse
-- a transaction.
\i test/fixture/start.psql
CREATE SEQUENCE number;
CREATE PROCEDURE script(body text) LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(to_char(nextval('number'), 'FM0000'), body);
END
$$;
CREATE TABLE seen (n serial, value text, xid xid8 DEFAULT pg_current_xact_id());

-- A block around all, or around some of it: it commits as one, together with
-- the record.
CALL script('BEGIN; INSERT INTO seen (value) VALUES (1); INSERT INTO seen (value) VALUES (2); COMMIT;');
CALL script('INSERT INTO seen (value) VALUES (1); BEGIN TRANSACTION; INSERT INTO seen (value) VALUES (2); END; INSERT INTO seen (value) VALUES (3)');
CALL script(E'-- comment\nSTART TRANSACTION;\nINSERT INTO seen (value) VALUES (1);\nCOMMIT WORK;\n-- comment\n');
CALL slipway.migrate();
SELECT h.migration, string_agg(s.value, ',' ORDER BY s.n) AS seen FROM slipway.history h JOIN seen s ON s.xid::text = h.xmin::text GROUP BY 1 ORDER BY 1;
SELECT migration, c.kind, units FROM slipway.status, slipway.check_script(migration, (SELECT body FROM slipway.script WHERE encode(hash, 'hex') = script_hash)) c ORDER BY 1;
-- A failure after COMMIT undoes all of it.
CALL script('BEGIN; CREATE TABLE gone (); COMMIT; SELECT 1/0');
CALL slipway.migrate();
SELECT to_regclass('gone');
CALL migration('0004', 'SELECT 1');
CALL slipway.migrate();

-- What a transaction is like: SET TRANSACTION may come first, or BEGIN says it.
TRUNCATE seen;
CALL script($$SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; INSERT INTO seen (value) VALUES (current_setting('transaction_isolation'))$$);
CALL script($$BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO seen (value) VALUES (current_setting('transaction_isolation')); COMMIT$$);
CALL script($$START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE, DEFERRABLE; INSERT INTO seen (value) VALUES (concat_ws(',', current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('transaction_deferrable'))); COMMIT$$);
CALL script($$-- only after these
SET LOCAL lock_timeout = '1s'; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; INSERT INTO seen (value) VALUES (current_setting('transaction_isolation'))$$);
CALL script($$INSERT INTO seen (value) VALUES (concat_ws(',', current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('transaction_deferrable')))$$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
-- Read-only ones are recorded like others.
CALL script('BEGIN READ ONLY; SELECT count(*) FROM seen; COMMIT');
CALL script('SET TRANSACTION READ ONLY; SELECT count(*) FROM seen');
CALL script('SET default_transaction_read_only = on; SELECT count(*) FROM seen');
CALL script('SET transaction_read_only = on; SELECT count(*) FROM seen');
CALL script('BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SELECT count(*) FROM seen; COMMIT');
CALL slipway.migrate();
SELECT migration, outcome FROM slipway.log WHERE migration BETWEEN '0010' AND '0014' ORDER BY entry;
SHOW transaction_read_only;
SHOW default_transaction_read_only;
-- They cannot write, nor change that too late.
CALL script('BEGIN READ ONLY; INSERT INTO seen (value) VALUES (1); COMMIT');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0015', 'SELECT count(*) FROM seen; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0015', 'SELECT count(*) FROM seen');
-- The defaults of the session hold for scripts too.
SET default_transaction_isolation = 'repeatable read';
CALL script($$INSERT INTO seen (value) VALUES (current_setting('transaction_isolation'))$$);
CALL slipway.migrate();
RESET default_transaction_isolation;
SELECT value FROM seen ORDER BY n DESC LIMIT 1;

-- Refused, with their place.
CREATE FUNCTION check_script(body text) RETURNS TABLE (kind text, units integer, sqlstate text, problem text, line integer, "column" integer) LANGUAGE sql AS $$
    SELECT kind, units, sqlstate, coalesce(message || coalesce(E'\nhint: ' || hint, ''), reason), line_number, column_number
      FROM slipway.check_script('script', body) $$;
SELECT * FROM check_script(E'SELECT 1;\n  BEGIN;\nSELECT 2;\n');
SELECT * FROM check_script('BEGIN; BEGIN; COMMIT');
SELECT body, c.* FROM unnest(ARRAY[
    'ROLLBACK', 'ABORT', 'ROLLBACK AND CHAIN', 'COMMIT AND CHAIN', 'BEGIN; SELECT 1; COMMIT AND CHAIN', 'BEGIN; ROLLBACK',
    'SAVEPOINT a', 'RELEASE a', 'ROLLBACK TO a',
    'PREPARE TRANSACTION ''a''', 'COMMIT PREPARED ''a''', 'ROLLBACK PREPARED ''a''',
    'DISCARD ALL', 'DISCARD PLANS', 'DISCARD TEMP', 'DISCARD SEQUENCES', 'RESET ALL',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    'COPY seen TO STDOUT', 'COPY (SELECT 1) TO STDOUT', E'COPY seen (value) FROM stdin BINARY;\na\n\\.\n',
    'CALL slipway.migrate()']) WITH ORDINALITY u(body, n), check_script(body) c ORDER BY n;
-- These are not.
SELECT body, c.kind, c.units, c.problem FROM unnest(ARRAY[
    'SET TRANSACTION READ ONLY', 'RESET lock_timeout', 'RESET ROLE', 'SET ROLE NONE', 'SET SESSION AUTHORIZATION DEFAULT', 'PREPARE a AS SELECT 1',
    'DEALLOCATE ALL', 'LISTEN a', 'UNLISTEN *', 'COPY seen TO ''/dev/null''', 'COPY seen FROM PROGRAM ''true''', 'LOCK TABLE seen', 'CHECKPOINT',
    'ANALYZE', 'ANALYZE seen', 'REINDEX (CONCURRENTLY off) TABLE seen', 'CREATE SUBSCRIPTION s CONNECTION '''' PUBLICATION p WITH (connect = false)', 'REINDEX TABLE seen', 'REINDEX INDEX i', 'CLUSTER seen', 'REFRESH MATERIALIZED VIEW CONCURRENTLY m', 'DROP INDEX i',
    'ALTER DATABASE x SET a = 1', 'ALTER DATABASE x CONNECTION LIMIT 5', 'ALTER SUBSCRIPTION s DISABLE', 'ALTER SUBSCRIPTION s SET (binary = true)', 'ALTER TABLE a DETACH PARTITION b', 'ALTER TYPE a ADD VALUE ''b''', 'DO ''BEGIN COMMIT; END''', 'CALL other.migrate()']) WITH ORDINALITY u(body, n), check_script(body) c ORDER BY n;
-- Statements that refuse a transaction are units of their own.
SELECT body, c.kind, c.units, c.problem FROM unnest(ARRAY[
    'CREATE INDEX CONCURRENTLY ON seen (n)', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON seen (n)', 'DROP INDEX CONCURRENTLY i',
    'REINDEX INDEX CONCURRENTLY i', 'REINDEX (CONCURRENTLY) TABLE seen', 'REINDEX (CONCURRENTLY on, VERBOSE) TABLE seen',
    'REINDEX SCHEMA public', 'REINDEX DATABASE x', 'REINDEX SYSTEM x',
    'ALTER TABLE a DETACH PARTITION b CONCURRENTLY', 'VACUUM', 'VACUUM (ANALYZE) seen', 'CLUSTER', 'ALTER SYSTEM SET a = 1', 'ALTER SYSTEM RESET ALL',
    'CREATE DATABASE x', 'DROP DATABASE x', 'ALTER DATABASE x SET TABLESPACE y', 'CREATE TABLESPACE x LOCATION ''/x''', 'DROP TABLESPACE x',
    'CREATE SUBSCRIPTION s CONNECTION '''' PUBLICATION p', 'ALTER SUBSCRIPTION s REFRESH PUBLICATION',
    E'-- slipway: no-transaction\nSELECT 1']) WITH ORDINALITY u(body, n), check_script(body) c ORDER BY n;
SELECT * FROM check_script(E'SELECT 1;\nSELECT 2;\nVACUUM;\nSELECT 3;\nVACUUM;\n');
-- Blocks that are several units.
SELECT * FROM check_script('BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT');
SELECT * FROM check_script('SELECT 1; COMMIT; SELECT 2');
-- A block around such a statement cannot work.
SELECT * FROM check_script(E'BEGIN;\nCREATE INDEX CONCURRENTLY ON seen (n);\nCOMMIT;');
SELECT * FROM check_script(E'BEGIN;\nSELECT 1;\nCOMMIT;\nVACUUM;');

-- Migrate says the same, before anything has run.
CALL script('CREATE TABLE before ()');
CALL script(E'SELECT 1;\n\tPREPARE TRANSACTION ''a'';');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0018', E'COPY seen TO STDOUT;');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('before');
SELECT migration, state FROM slipway.status WHERE state <> 'applied';
-- What hides from it fails when it runs, and leaves nothing, if it is not to be cut there.
SET slipway.recut = refuse;
CALL migration('0018', 'CREATE TABLE hidden (); DO $$BEGIN COMMIT; END$$');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0018', 'CREATE TABLE hidden (); DO $$BEGIN EXECUTE ''VACUUM seen''; END$$');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0018', 'CREATE TABLE hidden (); DO $$BEGIN ROLLBACK; END$$');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
CALL migration('0018', 'CREATE TABLE hidden (); CREATE PROCEDURE ends() LANGUAGE plpgsql AS $$BEGIN COMMIT; END$$; CALL ends()');
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('hidden'), to_regprocedure('ends()'), to_regclass('before');
SELECT migration, outcome, sqlstate FROM slipway.log WHERE migration >= '0017' ORDER BY entry;
