-- Projects with an owner role: who deploys needs no rights of his own, and no
-- script gets out of that role.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_owner, regress_owner_2, regress_owner_deployer, regress_owner_super, regress_owner_admin;
CREATE ROLE regress_owner;
CREATE ROLE regress_owner_2;
CREATE ROLE regress_owner_deployer;
CREATE ROLE regress_owner_admin;
CREATE ROLE regress_owner_super SUPERUSER;
RESET client_min_messages;
CREATE SCHEMA app AUTHORIZATION regress_owner;
CREATE SCHEMA secret;
CREATE TABLE secret.data AS SELECT 'secret' AS value;

-- Not any role can be one.
SELECT outcome($$SELECT slipway.create_project('app', '{app}', 'regress_owner_super')$$);
SELECT outcome($$SELECT slipway.create_project('app', '{app}', 'regress_owner_nobody')$$);
SELECT slipway.grant_role('regress_owner_admin', 'admin');
SET ROLE regress_owner_admin;
SELECT outcome($$SELECT slipway.create_project('app', '{app}', 'regress_owner')$$);
RESET ROLE;
CALL project('app', '{app}', 'regress_owner');
SELECT name, schemas, owner FROM slipway.project;

-- The deployer may upload and deploy, and nothing else.
SELECT slipway.grant_role('regress_owner_deployer', 'uploader', 'app');
SELECT slipway.grant_role('regress_owner_deployer', 'deployer', 'app');
SET SESSION AUTHORIZATION regress_owner_deployer;
CREATE TABLE app.mine ();
SELECT slipway.add_migration('0001_tables', 'CREATE TABLE item (id integer PRIMARY KEY); CREATE VIEW items AS SELECT * FROM item; CREATE TYPE kind AS ENUM (''a'');
  CREATE FUNCTION count_items() RETURNS bigint LANGUAGE sql AS ''SELECT count(*) FROM item''; CREATE SEQUENCE number; INSERT INTO item VALUES (1)', project => 'app') IS NOT NULL AS added;
SELECT slipway.add_migration('0002_who', 'CREATE TABLE who (n serial, place text, "current" text DEFAULT current_user, "session" text DEFAULT session_user); INSERT INTO who (place) VALUES (''script'')', project => 'app') IS NOT NULL AS added;
CALL slipway.migrate('app');
SELECT current_user, session_user;
SHOW role;
SELECT migration, state FROM slipway.status;
SELECT entry, migration, outcome, session_role, effective_role FROM slipway.log ORDER BY entry;
SELECT * FROM app.item;
RESET SESSION AUTHORIZATION;
SELECT c.relkind, c.relname, c.relowner::regrole FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'v', 'S') ORDER BY c.relname COLLATE "C";
SELECT proname, proowner::regrole FROM pg_proc WHERE pronamespace = 'app'::regnamespace;
SELECT typname, typowner::regrole FROM pg_type WHERE typnamespace = 'app'::regnamespace AND typtype = 'e';
SELECT "current", "session" FROM app.who;
SELECT number, session_role, effective_role FROM slipway.run;

-- Attempts to get out. Each is a script of its own, in a project with the
-- same owner; regress_owner may write into escaped only as itself.
CREATE TABLE escaped (attempt integer, "user" name);
GRANT INSERT ON escaped TO PUBLIC;
CREATE FUNCTION escape(attempt integer) RETURNS integer LANGUAGE sql AS 'INSERT INTO public.escaped VALUES (attempt, current_user); SELECT 1';
CREATE TABLE attempt (n serial, script text);
GRANT SELECT ON attempt TO PUBLIC;
\set ECHO none
INSERT INTO attempt (script) VALUES
('RESET ROLE'), ('SET ROLE NONE'), ('SET ROLE regress_owner_deployer'), ('SET LOCAL ROLE NONE'), ('SET SESSION ROLE regress_owner'), ('SET role TO DEFAULT'),
('SET SESSION AUTHORIZATION DEFAULT'), ('RESET SESSION AUTHORIZATION'), ('SET SESSION AUTHORIZATION regress_owner_deployer'), ('SET LOCAL SESSION AUTHORIZATION DEFAULT'),
('SET "role" = none'), ('SET "ROLE" = none'), ('BEGIN; SELECT 1; RESET ROLE; COMMIT'),
('SELECT set_config(''role'', ''none'', false)'), ('SELECT set_config(''role'', ''regress_owner_deployer'', true)'), ('SELECT set_config(''Role'', ''none'', false)'),
('SELECT set_config(''session_authorization'', ''regress_owner_deployer'', false)'),
('SELECT set_config(name, ''none'', false) FROM (VALUES (''role'')) v(name)'),
('UPDATE pg_settings SET setting = ''none'' WHERE name = ''role'''), ('SET role FROM CURRENT'),
('DO $$BEGIN RESET ROLE; END$$'), ('DO $$BEGIN SET ROLE NONE; END$$'), ('DO $$BEGIN SET LOCAL SESSION AUTHORIZATION DEFAULT; END$$'), ('DO $$BEGIN EXECUTE ''RESET ROLE''; END$$'), ('DO $$BEGIN PERFORM set_config(''role'', ''none'', false); END$$'),
('DO $$BEGIN RESET ALL; END$$'), ('DO $$BEGIN EXECUTE ''DISCARD ALL''; END$$'), ('DO $$BEGIN COMMIT; END$$'), ('DO $$BEGIN ROLLBACK; END$$'),
('CREATE FUNCTION leave() RETURNS void LANGUAGE plpgsql AS $$BEGIN RESET ROLE; END$$; SELECT leave()'),
('CREATE FUNCTION leave() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RESET ROLE; END$$; SELECT leave()'),
('CREATE FUNCTION leave() RETURNS void LANGUAGE sql SET role = none AS ''SELECT 1''; SELECT leave()'),
('CREATE FUNCTION leave() RETURNS void LANGUAGE sql SET role = regress_owner_deployer AS ''SELECT 1''; SELECT leave()'),
('CREATE FUNCTION leave() RETURNS void LANGUAGE sql SET session_authorization = regress_owner_deployer AS ''SELECT 1''; SELECT leave()'),
('CREATE PROCEDURE leave() LANGUAGE plpgsql AS $$BEGIN COMMIT; RESET ROLE; END$$; CALL leave()'),
('PREPARE p AS SELECT set_config(''role'', ''none'', false); EXECUTE p'),
('CREATE TABLE t (a integer); CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RESET ROLE; RETURN NULL; END$$; CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave(); INSERT INTO t VALUES (1)'),
('CREATE TABLE t (a integer); CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM set_config(''role'', ''none'', false); RETURN NULL; END$$; CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave(); INSERT INTO t VALUES (1)'),
('ALTER ROLE regress_owner SUPERUSER'), ('ALTER ROLE regress_owner_deployer SUPERUSER'), ('GRANT regress_owner_super TO regress_owner'), ('CREATE ROLE regress_owner_new'),
('SET session_replication_role = replica'), ('ALTER SYSTEM SET log_statement = ''all'''), ('COPY item TO PROGRAM ''true'''), ('CREATE EXTENSION pg_stat_statements'),
('SELECT * FROM secret.data'), ('SELECT rolpassword FROM pg_authid'), ('CREATE TABLE public.t ()'), ('CREATE TABLE secret.t ()'), ('DO $$BEGIN EXECUTE format(''ALTER DATABASE %I SET role = regress_owner_super'', current_database()); END$$'),
-- slipway's own
('SELECT body FROM slipway.script'), ('SELECT * FROM slipway.history'), ('INSERT INTO slipway.history DEFAULT VALUES'), ('DELETE FROM slipway.run'), ('TRUNCATE slipway.history'), ('ALTER TABLE slipway.history DISABLE TRIGGER ALL'),
('SELECT slipway.grant_role(''regress_owner'', ''admin'')'), ('SELECT slipway.create_project(''x'')'), ('SELECT slipway.set_owner(''regress_owner'')'), ('SELECT slipway.add_script(''x'', ''app'')'), ('SELECT slipway.version()'),
('DO $$BEGIN CALL slipway.migrate(''app''); END$$'), ('DROP EXTENSION pg_slipway'), ('DO $$BEGIN DROP EXTENSION pg_slipway CASCADE; END$$'), ('DROP SCHEMA slipway CASCADE'), ('CREATE TABLE slipway.t ()');
CREATE PROCEDURE prepare_attempts(kind text) LANGUAGE plpgsql AS $$
DECLARE
    a attempt;
BEGIN
    FOR a IN SELECT * FROM attempt ORDER BY n LOOP
        PERFORM slipway.create_project(kind || a.n, '{app}', 'regress_owner');
        PERFORM slipway.add_migration('0001', a.script || '; SELECT public.escape(' || a.n || ')', project => kind || a.n);
        PERFORM slipway.grant_role('regress_owner_deployer', 'deployer', kind || a.n);
    END LOOP;
END
$$;
CALL prepare_attempts('deployer ');
CALL prepare_attempts('superuser ');
\set VERBOSITY sqlstate
\o /dev/null
SET SESSION AUTHORIZATION regress_owner_deployer;
SELECT format('CALL slipway.migrate(%L)', 'deployer ' || n) FROM attempt ORDER BY n \gexec
RESET SESSION AUTHORIZATION;
SELECT format('CALL slipway.migrate(%L)', 'superuser ' || n) FROM attempt ORDER BY n \gexec
\o
\set VERBOSITY default
\set ECHO all
SELECT count(*) FROM attempt;
-- The deployer's and the superuser's runs ended the same way, but for what was
-- refused before it ran. Where there is nothing, the script went through, as
-- the owner.
SELECT d.sqlstate AS deployer, s.sqlstate AS superuser, c.sqlstate AS "check", left(a.script, 150) AS script
  FROM attempt a
  LEFT JOIN slipway.history d ON d.project = 'deployer ' || a.n
  LEFT JOIN slipway.history s ON s.project = 'superuser ' || a.n
  LEFT JOIN LATERAL slipway.check_script('x', a.script, 'app') c ON true
 ORDER BY a.n;
SELECT project, migration FROM slipway.history WHERE project LIKE '% %' AND outcome = 'succeeded' ORDER BY 1;
SELECT * FROM escaped;
SELECT DISTINCT effective_role FROM slipway.history;

-- What runs late, at the end of the script or in its commit, runs as the owner.
SET SESSION AUTHORIZATION regress_owner_deployer;
SELECT slipway.add_migration('0003_late', $script$
CREATE TABLE late (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO app.who (place) VALUES (TG_ARGV[0]);
    IF new.id < 3 THEN
        SET CONSTRAINTS ALL DEFERRED;
        INSERT INTO app.late VALUES (new.id + 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER note AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note('deferred');
INSERT INTO late VALUES (1);
CREATE FUNCTION note_held() RETURNS integer LANGUAGE plpgsql AS $$BEGIN INSERT INTO app.who (place) VALUES ('held cursor'); RETURN 1; END$$;
DECLARE held CURSOR WITH HOLD FOR SELECT app.note_held();
CREATE TEMP TABLE dropped (id integer) ON COMMIT DROP;
CREATE MATERIALIZED VIEW seen AS SELECT current_user AS "user";
$script$, project => 'app') IS NOT NULL AS added;
CALL slipway.migrate('app');
RESET SESSION AUTHORIZATION;
SELECT place, "current", "session", count(*) FROM app.who GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT * FROM app.seen;

-- After a failure the caller is who he was, in whatever way he came to be.
\set VERBOSITY terse
SET SESSION AUTHORIZATION regress_owner_deployer;
SELECT slipway.add_migration('0004_fails', 'CREATE TABLE gone (); SELECT 1/0', project => 'app') IS NOT NULL AS added;
CALL slipway.migrate('app');
SELECT current_user, session_user;
SHOW role;
RESET SESSION AUTHORIZATION;
SET ROLE regress_owner_deployer;
CALL slipway.migrate('app');
SELECT current_user, session_user = current_user AS same;
SHOW role;
CREATE TABLE app.mine ();
RESET ROLE;
CALL slipway.migrate('app');
SELECT current_user = session_user AS same;
SELECT entry, migration, outcome, session_role = session_user AS by_superuser, effective_role FROM slipway.log WHERE project = 'app' ORDER BY entry;
SELECT to_regclass('app.gone');

-- Without rights of the owner a script fails with the server's own words.
CALL migration('0004_fails', 'CREATE TABLE secret.other ()', 'app');
CALL slipway.migrate('app');
\echo :LAST_ERROR_SQLSTATE

-- Another owner, none, and roles that have changed since.
CALL project('app', NULL, 'regress_owner_2');
SELECT schemas, owner FROM slipway.project WHERE name = 'app';
CALL migration('0004_fails', 'SELECT * FROM item', 'app');
CALL slipway.migrate('app');
\echo :LAST_ERROR_SQLSTATE
CALL project('app', NULL, '');
SELECT schemas, owner FROM slipway.project WHERE name = 'app';
SET ROLE regress_owner_deployer;
CALL slipway.migrate('app');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
CALL slipway.migrate('app');
SELECT migration, outcome, effective_role = session_user AS by_superuser FROM slipway.log WHERE project = 'app' ORDER BY entry DESC LIMIT 2;
CALL project('app', NULL, 'regress_owner');
CALL migration('0005_next', 'SELECT 1', 'app');
ALTER ROLE regress_owner SUPERUSER;
\set VERBOSITY default
CALL slipway.migrate('app');
\echo :LAST_ERROR_SQLSTATE
ALTER ROLE regress_owner NOSUPERUSER;
CALL project('dropped', NULL, 'regress_owner_2');
CALL migration('0001', 'SELECT 1', 'dropped');
DROP ROLE regress_owner_2;
CALL slipway.migrate('dropped');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate('app');
SELECT slipway.require('0005_next', 'app');
SELECT p.name, v.* FROM slipway.project p, slipway.verify_history(p.name) v;

SET client_min_messages = error;
DROP SCHEMA app, secret CASCADE;
DROP OWNED BY regress_owner, regress_owner_deployer, regress_owner_super, regress_owner_admin;
DROP ROLE regress_owner, regress_owner_deployer, regress_owner_super, regress_owner_admin;
