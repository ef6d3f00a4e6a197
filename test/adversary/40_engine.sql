Scripts that call slipway, end their own session, or cancel themselves, in every phase.

-- case: what a script may ask
-- control
-- as: superuser
-- must: apply
-- shows: SELECT note = '0' FROM public.marked
SELECT public.mark(count(*)::text) FROM slipway.verify_history('alive');
SELECT slipway.version(), slipway.lock_key('alive');
-- case: a run in a run
-- as: superuser
-- must: refuse SW007
CALL slipway.migrate('alive');
-- case: a run in a run, by another name
-- as: superuser
-- must: fail 25001
SET search_path = slipway, pg_catalog;
CALL migrate('alive');
-- case: a run in a run, every statement by itself
-- as: superuser
-- must: fail 25001
-- slipway: no-transaction
SELECT 1;
DO $$BEGIN COMMIT; CALL slipway.migrate('alive'); END$$;
-- case: a rollback in a run
-- as: superuser
-- must: fail 25001
DO $$BEGIN CALL slipway.rollback('alive', '{"all": true}'); END$$;
-- case: a rehearsal in a run
-- as: superuser
-- must: fail 25001
DO $$BEGIN CALL slipway.rehearse('alive'); END$$;
-- case: a detached run in a run
-- as: superuser
-- must: fail SW007
SELECT slipway.migrate_detached('alive');
-- case: a detached run from a trigger
-- as: superuser
-- must: fail SW007
CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM slipway.migrate_detached('alive'); RETURN NULL; END$$;
CREATE TABLE t (a integer);
CREATE CONSTRAINT TRIGGER forge AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forge();
INSERT INTO t VALUES (1);
-- case: entries by hand in a run, of the same project
-- as: superuser
-- must: fail SW017
SELECT slipway.mark_applied('0002', 'why not', current_setting('slipway.project'));
-- next
SELECT 1;
-- case: entries by hand in a run, of another project
-- as: superuser
-- must: fail SW017
SELECT slipway.baseline('0001', 'why not', 'alive');
-- case: what has failed is forgotten by a script
-- as: superuser
-- must: fail SW017
DO $$BEGIN PERFORM slipway.forget_failed('0001', 'why not', 'alive'); END$$;
-- case: this migration is marked as applied by itself
-- as: superuser
-- must: fail SW017
SELECT slipway.mark_applied('0001', 'why not', current_setting('slipway.project'));
-- case: this migration is replaced by itself
-- as: superuser
-- must: apply
SELECT slipway.add_migration('0001', 'SELECT 1 / 0', project => current_setting('slipway.project'));
-- case: a migration puts another one before itself
-- as: superuser
-- must: apply
SELECT slipway.add_migration('0000', 'SELECT public.mark()', project => current_setting('slipway.project'));
-- case: the owner role of the project is taken away by its script
-- must: fail 42501
SELECT slipway.create_project(current_setting('slipway.project'), NULL, '');
-- case: the rights are given by a script
-- must: fail 42501
SELECT slipway.grant_role('adv_deployer', 'admin');
-- case: a script approves another one
-- as: superuser
-- must: fail SW017
SELECT slipway.approve('0002', project => current_setting('slipway.project'));
-- next
SELECT 1;
-- case: a script approves, in text that is run
-- as: superuser
-- must: fail SW017
DO $$BEGIN EXECUTE 'SELECT slipway.approve(''0001'', project => ''alive'')'; END$$;
-- case: a script ends the need for approval
-- as: superuser
-- must: fail SW017
SELECT slipway.require_approval(false, 'why not', current_setting('slipway.project'));
-- case: a script withdraws an approval
-- as: superuser
-- must: fail SW017
SELECT slipway.withdraw_approval('0001', 'why not', project => 'alive');
-- case: what was not approved
-- as: superuser
-- must: refuse SW008
-- setup: SELECT slipway.require_approval(true, 'why not', name) FROM slipway.project WHERE name = (SELECT max(name) FROM (SELECT name FROM slipway.project WHERE name LIKE 'case %' ORDER BY length(name) DESC, name DESC LIMIT 1) n)
SELECT public.mark();
-- case: the owner of the tables is set by a script
-- as: superuser
-- must: fail SW017
SELECT slipway.set_owner('adv_other');
-- case: the trigger's function
-- as: superuser
-- must: fail 39P01
SELECT slipway._refuse_change();
-- case: the run is cancelled by its script
-- as: superuser
-- must: fail 57014
-- again: fail 57014
SELECT slipway.cancel(current_setting('slipway.project'));
SELECT pg_sleep(10);
-- case: the statement is cancelled by itself
-- as: superuser
-- must: fail 57014
SELECT pg_cancel_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: cancelled in a trigger at the end
-- as: superuser
-- must: fail 57014
CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END$$;
CREATE TABLE t (a integer);
CREATE CONSTRAINT TRIGGER cancel AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cancel();
INSERT INTO t VALUES (1);
-- case: cancelled at the commit, by a held cursor
-- as: superuser
-- must: fail 57014
CREATE FUNCTION cancel() RETURNS integer LANGUAGE plpgsql AS $$BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN 1; END$$;
CREATE TABLE t (a integer);
VACUUM t;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT cancel();
COMMIT;
SELECT 1;
-- case: cancelled in a unit that stands alone
-- as: superuser
-- must: fail 57014
CREATE FUNCTION cancel(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN 1; END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY i ON t (cancel(a));
-- case: cancelled behind a commit of its own
-- as: superuser
-- must: fail 57014
-- shows: SELECT count(*) = 1 FROM adv.t
CREATE TABLE t (a integer);
DO $$BEGIN INSERT INTO adv.t VALUES (1); COMMIT; PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(10); END$$;
-- case: cancelled in the verify script
-- as: superuser
-- with: {"verify": true}
-- must: fail 57014
-- shows: SELECT to_regclass('adv.t') IS NULL
CREATE TABLE t (a integer);
-- verify
SELECT pg_cancel_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: cancelled in the down script
-- as: superuser
-- call: rollback
-- with: {"steps": 1}
-- must: fail 57014
-- shows: SELECT to_regclass('adv.t') IS NOT NULL
CREATE TABLE t (a integer);
-- down
DROP TABLE t;
SELECT pg_cancel_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: cancelled, and caught
-- as: superuser
-- must: apply
-- shows: SELECT note = 'caught' FROM public.marked
DO $$BEGIN
    PERFORM pg_cancel_backend(pg_backend_pid());
    PERFORM pg_sleep(10);
EXCEPTION WHEN query_canceled THEN PERFORM public.mark('caught');
END$$;
-- case: cancelled in the last moment, too late
-- as: superuser
-- must: apply
DO $$BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); EXCEPTION WHEN query_canceled THEN NULL; END$$;
-- case: the owner role cancels the session
-- must: fail 42501
SELECT pg_cancel_backend(pg_backend_pid());
-- case: the owner role ends the session
-- must: fail 42501
SELECT pg_terminate_backend(pg_backend_pid());
-- case: the session is ended
-- as: superuser
-- must: end 57P01
-- again: end 57P01
-- shows: SELECT to_regclass('adv.t') IS NULL
CREATE TABLE t (a integer);
SELECT pg_terminate_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: the session is ended by a deployer's own script
-- as: deployer
-- must: end 57P01
-- again: end 57P01
CREATE TABLE t (a integer);
SELECT pg_terminate_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: the session is ended, and that is caught
-- as: superuser
-- must: end 57P01
-- again: end 57P01
DO $$BEGIN
    PERFORM pg_terminate_backend(pg_backend_pid());
    PERFORM pg_sleep(10);
EXCEPTION WHEN OTHERS THEN PERFORM public.mark('caught');
END$$;
-- case: the session is ended at the commit
-- as: superuser
-- must: end 57P01
-- again: end 57P01
-- shows: SELECT to_regclass('adv.t') IS NULL
CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END$$;
CREATE TABLE t (a integer);
CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave();
INSERT INTO t VALUES (1);
-- case: the session is ended between units
-- as: superuser
-- must: end 57P01
-- again: end 57P01
-- shows: SELECT count(*) = 1 FROM pg_index WHERE indrelid = 'adv.t'::regclass AND indisvalid
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
SELECT pg_terminate_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: the session is ended in a unit that stands alone
-- as: superuser
-- must: end 57P01
-- again: end 57P01
CREATE FUNCTION leave(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN 1; END$$;
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX CONCURRENTLY i ON t (leave(a));
-- case: the session is ended in the verify script
-- as: superuser
-- with: {"verify": true}
-- must: end 57P01
-- again: end 57P01
-- shows: SELECT to_regclass('adv.t') IS NULL
CREATE TABLE t (a integer);
-- verify
SELECT pg_terminate_backend(pg_backend_pid());
SELECT pg_sleep(10);
-- case: event triggers that fail at everything
-- as: superuser
-- must: apply
-- shows: SELECT to_regclass('adv.t') IS NOT NULL
CREATE TABLE t ();
CREATE TEMP TABLE left_behind ();
CREATE FUNCTION fails() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;
CREATE EVENT TRIGGER fails ON ddl_command_end EXECUTE FUNCTION fails();
CREATE EVENT TRIGGER fails_too ON sql_drop EXECUTE FUNCTION fails();
-- next
DROP EVENT TRIGGER fails;
DROP EVENT TRIGGER fails_too;
