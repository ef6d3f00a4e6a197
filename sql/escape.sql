-- Ways out of the owner role, and into the rights of deployers, that need more
-- than one step.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_escape, regress_escape_keeper;
CREATE ROLE regress_escape;
CREATE ROLE regress_escape_keeper;
RESET client_min_messages;
CREATE SCHEMA app AUTHORIZATION regress_escape;
CALL project('app', '{app}', 'regress_escape');

-- A deferred trigger that defers the next one again still fires before the
-- commit: as the role, with settings that are undone.
CALL migration('0001_trigger', $script$
CREATE TABLE item (n integer);
CREATE TABLE seen (n integer, role name);
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SET CONSTRAINTS ALL DEFERRED;
    INSERT INTO app.seen VALUES (new.n, current_user);
    PERFORM set_config('search_path', 'app, pg_catalog', false);
    PERFORM set_config('work_mem', '1MB', false);
    IF new.n < 4 THEN
        INSERT INTO app.item VALUES (new.n + 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER fire AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fire();
INSERT INTO item VALUES (1);
$script$, 'app');
SHOW search_path;
SHOW work_mem;
CALL slipway.migrate('app');
SHOW search_path;
SHOW work_mem;
SELECT * FROM app.seen ORDER BY n;

-- One that fails there fails the migration, which leaves nothing.
CALL migration('0002_late', $script$
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.n = 12 THEN
        RAISE EXCEPTION 'too late';
    END IF;
    SET CONSTRAINTS ALL DEFERRED;
    INSERT INTO app.item VALUES (12);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail();
INSERT INTO item VALUES (10);
$script$, 'app');
\set VERBOSITY terse
CALL slipway.migrate('app');
\set VERBOSITY default
SELECT max(n) FROM app.item;

-- The owner of the tracking tables may put triggers on them, but none that
-- fires as whoever commits.
SELECT slipway.set_owner('regress_escape_keeper');
CREATE SCHEMA keeper AUTHORIZATION regress_escape_keeper;
SET SESSION AUTHORIZATION regress_escape_keeper;
CREATE TABLE keeper.seen (role name);
CREATE FUNCTION keeper.spy() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO keeper.seen VALUES (current_user); RETURN NULL; END$$;
CREATE TRIGGER now AFTER INSERT ON slipway.run FOR EACH ROW EXECUTE FUNCTION keeper.spy();
RESET SESSION AUTHORIZATION;
CALL migration('0001_plain', 'CREATE TABLE plain ()');
CALL slipway.migrate();
SELECT DISTINCT role FROM keeper.seen;
SET SESSION AUTHORIZATION regress_escape_keeper;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON slipway.run DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION keeper.spy();
RESET SESSION AUTHORIZATION;
CALL migration('0002_plain', 'CREATE TABLE plainer ()');
\set VERBOSITY sqlstate
CALL slipway.migrate();
\set VERBOSITY default
SELECT DISTINCT role FROM keeper.seen;
SET SESSION AUTHORIZATION regress_escape_keeper;
DROP TRIGGER now ON slipway.run;
DROP TRIGGER later ON slipway.run;
-- What it sets does not last in the session of who calls.
CREATE FUNCTION keeper.lead() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM set_config('search_path', 'keeper, pg_catalog', false), set_config('escape.own', 'set', false); SET DateStyle = 'SQL'; RETURN NEW; END$$;
CREATE TRIGGER lead BEFORE INSERT ON slipway.script FOR EACH ROW EXECUTE FUNCTION keeper.lead();
CREATE TRIGGER lead BEFORE INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION keeper.lead();
RESET SESSION AUTHORIZATION;
SELECT current_setting('search_path') AS path, current_setting('DateStyle') AS style \gset
CALL migration('0003_plain', 'CREATE TABLE plainest ()');
SELECT current_setting('search_path') = :'path' AS path, current_setting('DateStyle') = :'style' AS style, current_setting('escape.own', true) AS own;
CALL slipway.migrate();
SELECT current_setting('search_path') = :'path' AS path, current_setting('DateStyle') = :'style' AS style, current_setting('escape.own', true) AS own;
SET SESSION AUTHORIZATION regress_escape_keeper;
DROP TRIGGER lead ON slipway.script;
DROP TRIGGER lead ON slipway.history;
-- Nor may it replace what others call.
CREATE OR REPLACE FUNCTION slipway.version() RETURNS text LANGUAGE sql AS 'SELECT ''9.9''';
CREATE OR REPLACE VIEW slipway.status AS SELECT 1;
CREATE TABLE slipway.planted ();
RESET SESSION AUTHORIZATION;
CALL slipway.migrate();
SELECT migration, outcome FROM slipway.log WHERE project = 'default' ORDER BY entry;

-- It cannot be the role of scripts, nor can who has its rights, also when that
-- comes later.
SELECT outcome($$SELECT slipway.create_project('mine', '{public}', 'regress_escape_keeper')$$);
GRANT regress_escape_keeper TO regress_escape;
CALL migration('0002_late', 'SELECT 1', 'app');
CALL slipway.migrate('app');
SELECT outcome($$SELECT slipway.create_project('app', '{app}', 'regress_escape')$$);
REVOKE regress_escape_keeper FROM regress_escape;
CALL slipway.migrate('app');

-- Grants to the owner of the tables change nothing for it, taken back neither.
SELECT slipway.grant_role('regress_escape_keeper', 'reader');
SELECT slipway.revoke_role('regress_escape_keeper', 'reader');
SET SESSION AUTHORIZATION regress_escape_keeper;
SELECT count(*) FROM slipway.history;
SELECT count(*) FROM slipway.status;
RESET SESSION AUTHORIZATION;

-- A former owner keeps no privileges.
SELECT slipway.set_owner(session_user::text);
SET SESSION AUTHORIZATION regress_escape_keeper;
SELECT count(*) FROM slipway.history;
RESET SESSION AUTHORIZATION;

-- A stored script that was changed does not run.
CALL migration('0003_changed', 'CREATE TABLE changed ()');
ALTER TABLE slipway.script DISABLE TRIGGER append_only;
UPDATE slipway.script SET body = 'CREATE TABLE evil ()' WHERE body = 'CREATE TABLE changed ()';
ALTER TABLE slipway.script ENABLE ALWAYS TRIGGER append_only;
\set VERBOSITY sqlstate
CALL slipway.migrate();
\set VERBOSITY default
SELECT to_regclass('evil');

-- An event trigger that catches an error does not end bookkeeping half way.
CREATE FUNCTION caught() RETURNS event_trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END$$;
CREATE EVENT TRIGGER regress_escape ON ddl_command_end EXECUTE FUNCTION caught();
SELECT slipway.grant_role('regress_escape', 'reader');
DROP EVENT TRIGGER regress_escape;
SELECT slipway.version() IS NOT NULL AS alive;

-- A setting that only a superuser may change, of a module that is not loaded yet: what a
-- script has set it to before does not count, whatever comes between.
CALL project('preset');
SELECT slipway.grant_role('regress_escape_keeper', 'deployer', 'preset');
GRANT CREATE ON SCHEMA public TO regress_escape_keeper;
CALL migration('0001', $script$
SET plpgsql.variable_conflict = 'use_column';
SET my.own = 'kept';
COMMIT;
SELECT 1;
DO 'BEGIN END';
COMMIT;
CREATE TABLE preset AS SELECT current_setting('plpgsql.variable_conflict') AS conflict, current_setting('my.own') AS own;
$script$, 'preset');
CALL migration('0002', $script$
SET plpgsql.variable_conflict = 'use_variable';
COMMIT;
SELECT 1 / (coalesce(current_setting('my.go', true), 'off') = 'on')::integer;
INSERT INTO preset SELECT current_setting('plpgsql.variable_conflict'), 'again';
$script$, 'preset');
\c -
SET slipway.report_progress = off;
SET SESSION AUTHORIZATION regress_escape_keeper;
CALL slipway.migrate('preset', '{"to": "0001"}');
TABLE preset;
-- One of the session itself, put back after a script.
\c -
SET slipway.report_progress = off;
SET SESSION AUTHORIZATION regress_escape_keeper;
SET plpgsql.variable_conflict = 'use_column';
CALL slipway.migrate('preset');
DO 'BEGIN END';
SHOW plpgsql.variable_conflict;
-- One that was written down by a session without the module.
SET my.go = 'on';
CALL slipway.migrate('preset');
TABLE preset;
RESET SESSION AUTHORIZATION;
-- A superuser's counts.
CALL migration('0003', $script$
SET plpgsql.variable_conflict = 'use_column';
COMMIT;
DO 'BEGIN END';
CREATE TABLE preset_by_superuser AS SELECT current_setting('plpgsql.variable_conflict') AS conflict;
$script$, 'preset');
\c -
SET slipway.report_progress = off;
CALL slipway.migrate('preset');
TABLE preset_by_superuser;
DROP TABLE preset, preset_by_superuser;

DROP OWNED BY regress_escape, regress_escape_keeper CASCADE;
DROP ROLE regress_escape, regress_escape_keeper;
