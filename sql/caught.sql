-- Errors that somebody else has caught: what the server puts back when a command has failed stays as it was then.
\i test/fixture/start.psql
\set VERBOSITY terse

-- In a trigger on a tracking table, while the end of a run is written, when nobody can cancel: the session can be cancelled afterwards.
CREATE FUNCTION catch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 / 0;
    RETURN NULL;
EXCEPTION WHEN division_by_zero THEN RETURN NULL;
END
$$;
CREATE TRIGGER catch AFTER INSERT OR UPDATE ON slipway.run FOR EACH ROW EXECUTE FUNCTION catch();
CREATE TRIGGER catch AFTER INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION catch();
CALL migration('0001_fails', 'SELECT 1 / 0');
CALL slipway.migrate();
SELECT outcome FROM slipway.run;
SET statement_timeout = '100ms';
SELECT pg_sleep(5);
RESET statement_timeout;
-- The same where a snapshot could not be stored.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON slipway.schema_snapshot FOR EACH ROW EXECUTE FUNCTION refuse();
CALL migration('0001_fails', 'SELECT 1');
CALL slipway.migrate();
SET statement_timeout = '100ms';
SELECT pg_sleep(5);
RESET statement_timeout;
DROP TRIGGER refuse ON slipway.schema_snapshot;
DROP TRIGGER catch ON slipway.run;
DROP TRIGGER catch ON slipway.history;

-- A function that fails while it works on a replication slot keeps that, and others could not use it. With a temporary slot to be dropped
-- besides, it would have been in use for ever.
SELECT slot_name FROM pg_create_physical_replication_slot('regress_caught');
CREATE FUNCTION use_slot() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_replication_slot_advance('regress_caught', '0/1');
EXCEPTION WHEN OTHERS THEN NULL;
END
$$;
CREATE VIEW slot AS SELECT slot_name, active FROM pg_replication_slots WHERE slot_name LIKE 'regress_caught%';
CALL migration('0002_slot', 'SELECT use_slot()');
CALL slipway.migrate();
SELECT * FROM slot;
CALL migration('0003_slots', 'SELECT pg_create_physical_replication_slot(''regress_caught_too'', false, true); SELECT use_slot()');
CALL slipway.migrate();
SELECT * FROM slot;
\c -
SELECT * FROM slot;
-- In a migration that fails, between two that are tried.
CALL migration('0004_fails', 'SELECT pg_replication_slot_advance(''regress_caught'', ''0/1'')');
CALL slipway.migrate();
SELECT * FROM slot;
SELECT pg_drop_replication_slot('regress_caught');
