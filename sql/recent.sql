-- A large script that is run right after it was uploaded is not loaded again.
\i test/fixture/start.psql

-- Too varied to be compressed: it is stored in pieces.
CREATE FUNCTION large(name text) RETURNS text LANGUAGE sql AS
    $$SELECT format(E'CREATE TABLE %s ();\n-- ', name) || string_agg(md5(n::text), '') FROM generate_series(1, 1000) n$$;
CREATE FUNCTION add_large(name text) RETURNS boolean LANGUAGE sql AS
    $$SELECT slipway.add_script_part(convert_to(large(name), 'UTF8'), 0, true) = hash_of(large(name))$$;
CREATE FUNCTION loads() RETURNS bigint LANGUAGE sql AS
    $$SELECT idx_scan FROM pg_stat_all_tables
       WHERE relid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'slipway.script'::regclass)$$;
CREATE FUNCTION add_members(upto integer) RETURNS bigint LANGUAGE sql AS
    $$SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' ||
          (SELECT string_agg(hash_of(large('t' || n)) || ' - - versioned 000' || n || E'_large\n', '' ORDER BY n)
             FROM generate_series(1, upto) n))$$;

-- Once it is, once there is a transaction in between.
SELECT add_members(1) AS missing;
SELECT pg_stat_force_next_flush();
SELECT loads() AS before \gset
SELECT add_large('t1') AS added;
CALL slipway.migrate();
SELECT pg_stat_force_next_flush();
SELECT loads() AS between \gset
SELECT add_members(2) AS missing;
SELECT add_large('t2') AS added;
SELECT FROM slipway.status;
CALL slipway.migrate();
SELECT pg_stat_force_next_flush();
SELECT loads() - :between > :between - :before AS loaded_more;
SELECT to_regclass('t1'), to_regclass('t2');

-- What was taken back is not run.
SELECT add_members(3) AS missing;
BEGIN;
SELECT add_large('t3') AS added;
ROLLBACK;
CALL slipway.migrate();
BEGIN;
SAVEPOINT before;
SELECT add_large('t3') AS added;
ROLLBACK TO before;
COMMIT;
CALL slipway.migrate();

-- Used up in the transaction that stored it.
BEGIN;
SELECT add_large('t3') AS added;
SELECT count(*) AS problems FROM slipway.validate();
COMMIT;
CALL slipway.migrate();

-- Changed in between.
SELECT add_members(4) AS missing;
SELECT add_large('t4') AS added;
ALTER TABLE slipway.script DISABLE TRIGGER append_only;
UPDATE slipway.script SET body = 'CREATE TABLE evil ()' WHERE hash = sha256(convert_to(large('t4'), 'UTF8'));
ALTER TABLE slipway.script ENABLE ALWAYS TRIGGER append_only;
\set VERBOSITY sqlstate
CALL slipway.migrate();
\set VERBOSITY default
SELECT to_regclass('t3'), to_regclass('t4'), to_regclass('evil');
