-- The record of migrations is written by slipway alone: scripts cannot change
-- it, be they a superuser's, and nobody can change what is written.
\i test/fixture/start.psql

-- Scripts, each of which is run in a project of its own.
CREATE TABLE attempt (n serial, script text);
-- What must not change.
CREATE VIEW state AS
SELECT (SELECT count(*) FROM slipway.history WHERE project = 'default') AS history,
       (SELECT count(*) FROM slipway.script WHERE body LIKE 'forged%') + (SELECT count(*) FROM slipway.run WHERE action = 'forged') AS forged,
       (SELECT count(*) FROM pg_class WHERE relnamespace = 'slipway'::regnamespace) AS classes,
       (SELECT count(*) FROM pg_proc WHERE pronamespace = 'slipway'::regnamespace) AS functions,
       (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE relnamespace = 'slipway'::regnamespace AND tgenabled = 'A') AS always,
       (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE relnamespace = 'slipway'::regnamespace) AS triggers,
       (SELECT count(*) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE relnamespace = 'slipway'::regnamespace) AS rules,
       (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE relnamespace = 'slipway'::regnamespace) AS columns,
       (SELECT extversion FROM pg_extension WHERE extname = 'pg_slipway') AS version;

SET client_min_messages = error;
DROP ROLE IF EXISTS regress_protect, regress_protect_owner;
CREATE ROLE regress_protect;
CREATE ROLE regress_protect_owner;
RESET client_min_messages;
CALL migration('0000_first', 'CREATE TABLE first (id integer)');
CALL slipway.migrate();
CREATE TABLE before AS SELECT * FROM state;
CREATE VIEW unchanged AS SELECT before::text = state::text AS unchanged FROM before, state;
SELECT * FROM unchanged;

INSERT INTO attempt (script) VALUES
-- rows
('INSERT INTO slipway.history (project, entry, action, outcome, started_at, finished_at, session_role, effective_role, entry_hash) VALUES (''default'', 2, ''apply'', ''succeeded'', now(), now(), '''', '''', '''')'),
('INSERT INTO slipway.run (project, number, action, manifest_hash, outcome, started_at, session_role, effective_role, backend_pid) VALUES (''default'', 99, ''forged'', '''', ''running'', now(), '''', '''', 1)'),
('INSERT INTO slipway.script (hash, body) VALUES (sha256(''forged''), ''forged'')'),
('UPDATE slipway.history SET outcome = ''failed'''),
('UPDATE slipway.run SET action = ''forged'''),
('UPDATE slipway.project SET owner = ''postgres'''),
('DELETE FROM slipway.history'),
('DELETE FROM slipway.run WHERE false'),
('INSERT INTO slipway.role_grant (role, kind) VALUES (''nobody'', ''admin'')'),
('MERGE INTO slipway.run r USING (VALUES (1)) v(n) ON r.number = v.n WHEN MATCHED THEN UPDATE SET action = ''forged'''),
('WITH gone AS (DELETE FROM slipway.run RETURNING *) SELECT count(*) FROM gone'),
('TRUNCATE slipway.history'),
('TRUNCATE slipway.run'),
('TRUNCATE slipway.project CASCADE'),
('COPY slipway.project (name) FROM PROGRAM ''echo forged'''),
-- through something else
('DO $$BEGIN DELETE FROM slipway.run; END$$'),
('DO $$BEGIN EXECUTE ''DELETE FROM slipway.run''; END$$'),
('CREATE FUNCTION forge() RETURNS void LANGUAGE sql AS ''DELETE FROM slipway.run''; SELECT forge()'),
('CREATE FUNCTION forge() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN UPDATE slipway.run SET action = ''forged''; END$$; SELECT forge()'),
('CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM slipway.run; RETURN new; END$$; CREATE TRIGGER forge BEFORE INSERT ON first FOR EACH ROW EXECUTE FUNCTION forge(); INSERT INTO first VALUES (1)'),
('CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM slipway.run; RETURN NULL; END$$; CREATE CONSTRAINT TRIGGER forge AFTER INSERT ON first DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forge(); INSERT INTO first VALUES (1)'),
('CREATE VIEW forge AS SELECT * FROM slipway.run; DELETE FROM forge'),
('CREATE RULE forge AS ON INSERT TO first DO ALSO DELETE FROM slipway.run; INSERT INTO first VALUES (1)'),
('PREPARE forge AS DELETE FROM slipway.run; EXECUTE forge'),
('DO $$BEGIN DELETE FROM slipway.run; EXCEPTION WHEN division_by_zero THEN NULL; END$$'),
('SET search_path = slipway; DELETE FROM run'),
('SET session_replication_role = replica; DELETE FROM slipway.history'),
('SET session_replication_role = replica; UPDATE slipway.history SET message = ''forged'''),
-- tables, their triggers and rules
('DROP TABLE slipway.run CASCADE'),
('ALTER TABLE slipway.history DISABLE TRIGGER append_only'),
('ALTER TABLE slipway.history DISABLE TRIGGER ALL'),
('ALTER TABLE slipway.history ENABLE TRIGGER append_only'),
('DROP TRIGGER append_only ON slipway.history'),
('ALTER TRIGGER append_only ON slipway.history RENAME TO off'),
('ALTER TABLE slipway.history ADD COLUMN forged integer'),
('ALTER TABLE slipway.history DROP COLUMN hint CASCADE'),
('ALTER TABLE slipway.history ALTER COLUMN hint SET DEFAULT ''forged'''),
('ALTER TABLE slipway.history RENAME TO forged'),
('ALTER TABLE slipway.history RENAME COLUMN hint TO forged'),
('ALTER TABLE slipway.history SET SCHEMA public'),
('ALTER TABLE slipway.history OWNER TO regress_protect'),
('ALTER TABLE slipway.history ENABLE ROW LEVEL SECURITY'),
('ALTER TABLE slipway.history FORCE ROW LEVEL SECURITY'),
('ALTER TABLE slipway.migration DISABLE TRIGGER ALL'),
('ALTER TABLE slipway.history REPLICA IDENTITY FULL'),
('CREATE TABLE child (LIKE slipway.history INCLUDING ALL); ALTER TABLE child INHERIT slipway.history'),
('ALTER TABLE slipway.history SET UNLOGGED'),
('ALTER TABLE slipway.history SET (fillfactor = 50)'),
('ALTER TABLE slipway.history ADD CONSTRAINT forged CHECK (hint IS NULL)'),
('ALTER TABLE slipway.history DROP CONSTRAINT history_pkey'),
('CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''; CREATE TRIGGER forge BEFORE INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION forge()'),
('CREATE RULE forge AS ON INSERT TO slipway.history DO INSTEAD NOTHING'),
('CREATE POLICY forge ON slipway.history USING (false)'),
('CREATE INDEX forge ON slipway.history (hint)'),
('CREATE UNIQUE INDEX forge ON slipway.history (outcome)'),
('DROP INDEX slipway.history_migration_idx'),
('ALTER INDEX slipway.history_migration_idx RENAME TO forged'),
('CREATE TABLE forge () INHERITS (slipway.history)'),
-- functions and views
('DROP FUNCTION slipway.version() CASCADE'),
('CREATE OR REPLACE FUNCTION slipway._may(kind text, project text) RETURNS boolean LANGUAGE sql AS ''SELECT true'''),
('ALTER FUNCTION slipway.version() SECURITY DEFINER'),
('ALTER FUNCTION slipway.version() RENAME TO forged'),
('ALTER PROCEDURE slipway.migrate(text, jsonb) SET search_path = public'),
('CREATE OR REPLACE VIEW slipway._applied AS SELECT * FROM slipway._applied LIMIT 0'),
('DROP VIEW slipway.status'),
('CREATE TABLE slipway.forged ()'),
('CREATE FUNCTION slipway.forged() RETURNS integer LANGUAGE sql AS ''SELECT 1'''),
('CREATE TABLE forged (); ALTER TABLE forged SET SCHEMA slipway'),
('SELECT slipway.set_owner(''regress_protect'')'),
-- the extension and the schema
('DROP EXTENSION pg_slipway'),
('DROP EXTENSION pg_slipway CASCADE'),
('DROP EXTENSION IF EXISTS pg_slipway'),
('DO $$BEGIN DROP EXTENSION pg_slipway CASCADE; END$$'),
('DO $$BEGIN EXECUTE ''DROP EXTENSION pg_slipway CASCADE''; END$$'),
('DROP SCHEMA slipway CASCADE'),
('DO $$BEGIN DROP SCHEMA slipway CASCADE; END$$'),
('ALTER EXTENSION pg_slipway UPDATE'),
('ALTER EXTENSION pg_slipway DROP TABLE slipway.history'),
('ALTER EXTENSION pg_slipway ADD TABLE first'),
('ALTER SCHEMA slipway RENAME TO forged'),
('ALTER SCHEMA slipway OWNER TO regress_protect'),
('GRANT ALL ON slipway.history TO regress_protect'), ('REVOKE ALL ON slipway.history FROM PUBLIC'),
('GRANT SELECT ON ALL TABLES IN SCHEMA slipway TO regress_protect'), ('GRANT USAGE ON SCHEMA slipway TO regress_protect'),
('GRANT EXECUTE ON FUNCTION slipway.grant_role(text, text, text) TO regress_protect'), ('DO $$BEGIN GRANT ALL ON slipway.run TO regress_protect; END$$');


\set ECHO none
\set VERBOSITY sqlstate
SET client_min_messages = error;
SELECT format('CALL migration(%L, %L, %L)', 'script', script, 'attempt ' || n), format('CALL slipway.migrate(%L)', 'attempt ' || n)
  FROM attempt ORDER BY n \gexec
RESET client_min_messages;
\set VERBOSITY default
\set ECHO all
SELECT * FROM unchanged;
-- All were refused with SW017, some of them before they ran; what the server
-- itself refuses, as the extension needs it, has 2BP01.
SELECT CASE WHEN h.outcome IS NULL THEN 'check' ELSE h.outcome END AS outcome, coalesce(h.sqlstate, c.sqlstate) AS sqlstate, coalesce(h.message, c.message) AS message, left(a.script, 100) AS script
  FROM attempt a LEFT JOIN slipway.history h ON h.project = 'attempt ' || a.n
  LEFT JOIN LATERAL slipway.check_script('script', a.script) c ON true
 ORDER BY a.n;

-- What the errors look like.
CALL migration('0001', E'SELECT 1;\nDROP EXTENSION pg_slipway;', 'look');
CALL slipway.migrate('look');
CALL migration('0001', E'SELECT 1;\nDELETE FROM slipway.run;', 'look');
CALL slipway.migrate('look');
CALL migration('0001', E'SELECT 1;\nALTER TABLE slipway.history DISABLE TRIGGER ALL;', 'look');
CALL slipway.migrate('look');

-- Caught by the script it has no effect either. A script may fail to notice.
CALL migration('0001', $$DO 'BEGIN DELETE FROM slipway.run; EXCEPTION WHEN OTHERS THEN RAISE NOTICE ''%'', SQLSTATE; END'$$, 'look');
CALL slipway.migrate('look');
-- Nor when a held cursor would do it at commit.
CALL migration('0002', $script$
CREATE FUNCTION forge() RETURNS integer LANGUAGE plpgsql AS $$BEGIN DELETE FROM slipway.run; RETURN 1; END$$;
DECLARE held CURSOR WITH HOLD FOR SELECT forge();
$script$, 'look');
CALL slipway.migrate('look');
SELECT name FROM pg_cursors WHERE name = 'held';
SELECT * FROM unchanged;

-- A script may look, with all that the views offer, and may grant.
CREATE TABLE looked AS SELECT migration, outcome FROM slipway.history LIMIT 0;
CALL migration('0003', $$INSERT INTO looked SELECT migration, outcome FROM slipway.history WHERE project = 'look' AND outcome = 'succeeded'$$, 'look');
CALL migration('0004', $$INSERT INTO looked SELECT migration, state FROM slipway.status WHERE project = 'look'; SELECT slipway.require('0003', 'look')$$, 'look');
CALL migration('0005', $$SELECT slipway.grant_role('regress_protect', 'reader', 'look')$$, 'look');
CALL slipway.migrate('look');
SELECT * FROM looked;
SELECT role, kind, project FROM slipway.role_grant;
SELECT slipway.revoke_role('regress_protect', 'reader', 'look');
-- Tables of the same name elsewhere are its own business.
CALL migration('0006', $$CREATE TABLE history (id integer); INSERT INTO history VALUES (1); DELETE FROM history; TRUNCATE history; DROP TABLE history$$, 'look');
CALL slipway.migrate('look');

-- With another owner of the tables: as that owner, and what is done to all
-- that a role owns.
SELECT slipway.set_owner('regress_protect_owner');
GRANT CREATE ON SCHEMA public TO regress_protect_owner;
TRUNCATE attempt;
INSERT INTO attempt (script) VALUES
('SET ROLE regress_protect_owner; DELETE FROM slipway.run'),
('SET ROLE regress_protect_owner; ALTER TABLE slipway.history DISABLE TRIGGER append_only'),
('SET SESSION AUTHORIZATION regress_protect_owner; UPDATE slipway.project SET owner = NULL'),
('DROP OWNED BY regress_protect_owner CASCADE'),
('REASSIGN OWNED BY regress_protect_owner TO regress_protect'),
('DROP ROLE regress_protect_owner');
\set ECHO none
\set VERBOSITY sqlstate
SET client_min_messages = error;
SELECT format('CALL migration(%L, %L, %L)', 'script', script, 'attempt ' || n), format('CALL slipway.migrate(%L)', 'attempt ' || n)
  FROM attempt ORDER BY n \gexec
RESET client_min_messages;
\set VERBOSITY default
\set ECHO all
SELECT h.outcome, h.sqlstate, h.message, a.script
  FROM attempt a LEFT JOIN slipway.history h ON h.project = 'attempt ' || a.n
 ORDER BY a.n;
SELECT * FROM unchanged;
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relkind = 'r';
SELECT slipway.set_owner(session_user::text);
REVOKE ALL ON SCHEMA public FROM regress_protect_owner;

-- Outside of migrations rows cannot be changed or removed, not even by a
-- superuser who is not asking for it.
\set VERBOSITY terse
UPDATE slipway.history SET outcome = 'failed';
\echo :LAST_ERROR_SQLSTATE
UPDATE slipway.history SET outcome = 'failed' WHERE false;
DELETE FROM slipway.history;
TRUNCATE slipway.history;
UPDATE slipway.script SET body = '';
DELETE FROM slipway.script;
TRUNCATE slipway.script;
UPDATE slipway.manifest SET members = '{}';
DELETE FROM slipway.manifest;
TRUNCATE slipway.manifest;
UPDATE slipway.migration SET name = 'x';
DELETE FROM slipway.migration;
TRUNCATE slipway.migration;
TRUNCATE slipway.project CASCADE;
SET session_replication_role = replica;
UPDATE slipway.history SET outcome = 'failed';
DELETE FROM slipway.script;
TRUNCATE slipway.manifest;
RESET session_replication_role;
DELETE FROM slipway.project;
SELECT * FROM unchanged;
SELECT p.name, v.* FROM slipway.project p, slipway.verify_history(p.name) v;

-- The guard sleeps between migrations, also after a failed one.
CALL migration('0007', 'SELECT 1/0', 'look');
CALL slipway.migrate('look');
ALTER TABLE slipway.run ADD COLUMN extra integer;
ALTER TABLE slipway.run DROP COLUMN extra;
INSERT INTO slipway.project (name) VALUES ('by hand');
DELETE FROM slipway.project WHERE name = 'by hand';

DROP ROLE regress_protect, regress_protect_owner;
