-- Credentials of many projects at once, and the user's own table that knows of them.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_app_alpha, regress_app_beta, regress_own, regress_reg_shared, regress_reg_admin, regress_reg_owner;
RESET client_min_messages;
\set verifier 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
CREATE ROLE regress_reg_shared;
CREATE SCHEMA alpha;
CREATE SCHEMA beta;
CREATE SCHEMA gamma;
CREATE TABLE alpha.item (id integer);
CREATE TYPE state AS ENUM ('none', 'migrated', 'rolled back');
CREATE TABLE "Our projects" (id serial PRIMARY KEY, project_ref varchar(40) NOT NULL, database_user name, database_password_hash text,
    credential_status state NOT NULL DEFAULT 'none', schema_list text, max_connections smallint);
INSERT INTO "Our projects" (project_ref, database_user, database_password_hash, schema_list, max_connections) VALUES
('beta', NULL, 'x', 'beta', 20), ('alpha', '', NULL, 'alpha, gamma', NULL), ('own', 'regress_own', NULL, NULL, 3);
\set query 'SELECT project_ref, database_user, schema_list, max_connections AS connection_limit FROM "Our projects"'
\set options '{"columns": {"project": "project_ref", "role": "database_user", "schemas": "schema_list"}, "prefix": "regress_app_", "previous_role": "regress_reg_shared", "preset": "read-only", "mapping": {"table": "\\"Our projects\\"", "project": "project_ref", "role": "database_user", "status": "credential_status", "reference": "database_password_hash", "statuses": {"active": "migrated"}}}'

-- One that is no project, and has no schemas: nothing is registered.
SELECT outcome(format('SELECT slipway.register_credentials(%L, %L)', :'query', :'options'));
SELECT count(*) FROM slipway.project;
CALL project('own', '{public}');
SELECT * FROM slipway.register_credentials(:'query', :'options');
SELECT * FROM slipway.register_credentials(:'query', :'options');
SELECT name, schemas FROM slipway.project ORDER BY name;
SELECT project, role, preset, previous_role, connection_limit, mapping FROM slipway.project_credential ORDER BY project;
UPDATE "Our projects" SET max_connections = 30 WHERE project_ref = 'beta';
SELECT * FROM slipway.register_credentials(:'query', :'options');

-- What is wrong is said.
SELECT outcome($$SELECT slipway.register_credentials('SELECT 1 AS ref')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT 1 AS ref', '{"columns": {"project": "project_ref"}}')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project', '{"columns": {"role": "owner"}}')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project', '{"columns": {"rule": "owner"}}')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project', '{"columns": "project"}')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project', '{"prefixes": "a"}')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project', '[]')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT x AS project FROM (VALUES (''own''), ('''')) v(x)')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT x AS project FROM (VALUES (''own''), (''alpha''), (''own'')) v(x)')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project, ''many'' AS connection_limit')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project, ''regress_own'' AS role, ''write'' AS preset')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT project FROM nowhere')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''own'' AS project; DROP TABLE "Our projects"')$$);
SELECT outcome($$SELECT slipway.register_credentials('DELETE FROM "Our projects" RETURNING project_ref AS project')$$);
SELECT outcome($$SELECT slipway.register_credentials('WITH d AS (DELETE FROM "Our projects" RETURNING project_ref AS project) SELECT * FROM d')$$);
SELECT outcome($$SELECT slipway.register_credentials('')$$);
SELECT count(*) FROM "Our projects";
-- A mapping that leads nowhere.
SELECT outcome(format('SELECT slipway.register_credential(''own'', mapping => %L)', m))
  FROM (VALUES (1, '[]'), (2, '{}'), (3, '{"table": 1}'), (4, '{"table": "nowhere"}'), (5, '{"table": "\"Our projects\""}'),
               (6, '{"table": "\"Our projects\"", "project": "ref", "role": "database_user"}'),
               (7, '{"table": "\"Our projects\"", "project": "project_ref"}'),
               (8, '{"table": "\"Our projects\"", "project": "project_ref", "password": "database_password_hash"}'),
               (9, '{"table": "\"Our projects\"", "project": "project_ref", "status": "credential_status", "statuses": 1}'),
               (10, '{"table": "\"Our projects\"", "project": "project_ref", "role": "project_ref"}'),
               (11, '{"table": "\"Our projects\"", "project": "project_ref", "role": "database_user", "reference": "database_user"}')) v(n, m)
 ORDER BY n;

-- The table is told when the role is in force, and told back.
SELECT slipway.generate_credential('store:alpha', 'alpha');
SELECT statement FROM slipway.credential_statements('alpha') statement WHERE statement LIKE 'UPDATE%';
SELECT slipway.create_credential(:'verifier', 'alpha');
CREATE TABLE projects_before AS TABLE "Our projects";
CREATE VIEW told AS
SELECT 'now' AS "when", n.* FROM (TABLE "Our projects" EXCEPT TABLE projects_before) n UNION ALL SELECT 'before', b.* FROM (TABLE projects_before EXCEPT TABLE "Our projects") b;
SELECT slipway.update_credential('alpha');
TABLE told ORDER BY 1;
SELECT mapped FROM slipway.credential WHERE project = 'alpha';
SELECT slipway.rollback_credential('alpha', 'created');
TABLE told;
SELECT slipway.update_credential('alpha');
-- Done again after whatever has undone it half: what was there first is still known.
UPDATE slipway.credential SET status = 'failed' WHERE project = 'alpha';
SELECT slipway.update_credential('alpha');
-- Nothing to put it back in keeps no role from going.
BEGIN;
DELETE FROM "Our projects" WHERE project_ref = 'alpha';
SELECT slipway.rollback_credential('alpha');
ROLLBACK;
BEGIN;
INSERT INTO "Our projects" (project_ref) VALUES ('alpha');
SELECT outcome($$SELECT slipway.rollback_credential('alpha')$$);
ROLLBACK;
BEGIN;
ALTER TABLE "Our projects" DROP COLUMN credential_status CASCADE;
SELECT slipway.rollback_credential('alpha');
ROLLBACK;
SELECT slipway.rollback_credential('alpha');
TABLE told;
-- Columns that are never null, and whose names are those of anything else.
CREATE DOMAIN told_moment AS timestamptz NOT NULL;
ALTER TABLE "Our projects" ADD COLUMN t told_moment DEFAULT '2020-01-01', ADD COLUMN r text, ADD COLUMN twice integer GENERATED ALWAYS AS (2 * id) STORED;
SELECT slipway.create_credential(:'verifier', 'alpha');
SELECT slipway.update_credential('alpha');
SELECT database_user, credential_status, t = '2020-01-01' AS kept, twice = 2 * id AS made FROM "Our projects" WHERE project_ref = 'alpha';
SELECT slipway.rollback_credential('alpha');
ALTER TABLE "Our projects" DROP COLUMN t, DROP COLUMN r, DROP COLUMN twice;
-- No row, or more than one; another word than the column has; a table that has gone.
DELETE FROM "Our projects" WHERE project_ref = 'alpha';
SELECT slipway.create_credential(:'verifier', 'alpha');
SELECT outcome($$SELECT slipway.update_credential('alpha')$$);
INSERT INTO "Our projects" (project_ref) VALUES ('alpha'), ('alpha');
SELECT outcome($$SELECT slipway.update_credential('alpha')$$);
DELETE FROM "Our projects" WHERE id = (SELECT max(id) FROM "Our projects");
UPDATE slipway.credential SET mapping = mapping #- '{statuses}' WHERE project = 'alpha';
SELECT outcome($$SELECT slipway.update_credential('alpha')$$);
SELECT status, updated_at FROM slipway.project_credential WHERE project = 'alpha';
ALTER TABLE "Our projects" RENAME TO ours;
SELECT outcome($$SELECT slipway.update_credential('alpha')$$);
ALTER TABLE ours RENAME TO "Our projects";
SELECT slipway.rollback_credential('alpha');

-- Behind a view, or in a partition, there are triggers of others.
CREATE ROLE regress_reg_part;
CREATE VIEW seen AS SELECT * FROM "Our projects";
SELECT outcome($$SELECT slipway.register_credential('beta', 'regress_view', mapping => '{"table": "seen", "project": "project_ref", "role": "database_user"}')$$);
CREATE TABLE parted (project_ref text, database_user text) PARTITION BY LIST (project_ref);
CREATE TABLE part PARTITION OF parted DEFAULT;
SELECT outcome($$SELECT slipway.register_credential('beta', 'regress_view', mapping => '{"table": "parted", "project": "project_ref", "role": "database_user"}')$$);
ALTER TABLE part OWNER TO regress_reg_part;
SELECT outcome($$SELECT slipway.register_credential('beta', 'regress_part', mapping => '{"table": "parted", "project": "project_ref", "role": "database_user"}')$$);
DROP TABLE parted;
DROP VIEW seen;
DROP ROLE regress_reg_part;

-- With the caller's own rights, triggers and all.
CREATE ROLE regress_reg_admin;
SELECT slipway.grant_role('regress_reg_admin', 'admin', 'own');
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'told by %', CASE current_user WHEN 'regress_reg_admin' THEN 'the administrator' ELSE 'somebody else' END; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER tell AFTER UPDATE ON "Our projects" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
GRANT USAGE ON SCHEMA public TO regress_reg_admin;
SET ROLE regress_reg_admin;
SELECT outcome($$SELECT slipway.register_credentials('SELECT project_ref AS project, database_user AS role FROM "Our projects"')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''alpha'' AS project')$$);
SELECT outcome($$SELECT slipway.register_credentials('SELECT ''delta'' AS project, ''delta'' AS schemas')$$);
SELECT * FROM slipway.register_credentials($$SELECT 'own' AS project, 'regress_own' AS role$$);
SELECT slipway.register_credential('own', 'regress_own', mapping => '{"table": "Our projects", "project": "project_ref", "role": "database_user"}');
\set mapping '{"table": "\\"Our projects\\"", "project": "project_ref", "role": "database_user", "status": "credential_status", "statuses": {"active": "migrated"}}'
-- Nobody can let others write what he may not.
SELECT slipway.register_credential('own', 'regress_own', mapping => :'mapping');
RESET ROLE;
GRANT SELECT, UPDATE (database_user) ON "Our projects" TO regress_reg_admin;
SET ROLE regress_reg_admin;
SELECT slipway.register_credential('own', 'regress_own', mapping => :'mapping');
RESET ROLE;
GRANT UPDATE (credential_status) ON "Our projects" TO regress_reg_admin;
SET ROLE regress_reg_admin;
SELECT slipway.register_credential('own', 'regress_own', mapping => :'mapping');
RESET ROLE;
REVOKE ALL ON "Our projects" FROM regress_reg_admin;
SELECT slipway.generate_credential('store:own', 'own');
SELECT slipway.create_credential(:'verifier', 'own');
SET ROLE regress_reg_admin;
SELECT outcome($$SELECT slipway.update_credential('own')$$);
RESET ROLE;
GRANT SELECT, UPDATE ON "Our projects" TO regress_reg_admin;
SET ROLE regress_reg_admin;
SELECT slipway.update_credential('own');
RESET ROLE;
SELECT project_ref, database_user, credential_status FROM "Our projects" ORDER BY project_ref;
SELECT slipway.rollback_credential('own');
-- What somebody with fewer rights has put on his table does not run with those of the caller.
CREATE ROLE regress_reg_owner;
ALTER TABLE "Our projects" OWNER TO regress_reg_owner;
CREATE OR REPLACE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'told by %', CASE WHEN current_user IN ('regress_reg_admin', 'regress_reg_owner') THEN current_user ELSE 'somebody else' END; RETURN NULL; END $$;
SELECT slipway.create_credential(:'verifier', 'own');
SELECT outcome($$SELECT slipway.update_credential('own')$$);
DROP TRIGGER tell ON "Our projects";
CREATE TRIGGER tell AFTER UPDATE ON "Our projects" FOR EACH ROW EXECUTE FUNCTION tell();
-- Nor does it lead what he does next to something else.
CREATE FUNCTION lead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'beta, pg_catalog', false); RETURN NULL; END $$;
CREATE TRIGGER lead AFTER UPDATE ON "Our projects" FOR EACH ROW EXECUTE FUNCTION lead();
SELECT current_setting('search_path') AS path \gset
SELECT slipway.update_credential('own');
SELECT current_setting('search_path') = :'path' AS kept;
DROP TRIGGER lead ON "Our projects";
SELECT slipway.rollback_credential('own', 'created');
SET ROLE regress_reg_admin;
SELECT outcome($$SELECT slipway.update_credential('own')$$);
RESET ROLE;
GRANT regress_reg_owner TO regress_reg_admin;
SET ROLE regress_reg_admin;
SELECT slipway.update_credential('own');
RESET ROLE;
REVOKE regress_reg_owner FROM regress_reg_admin;
GRANT regress_reg_admin TO regress_reg_owner;
SET ROLE regress_reg_admin;
SELECT slipway.rollback_credential('own', 'created');
RESET ROLE;
SELECT slipway.rollback_credential('own');
SELECT slipway.verify_history(name) FROM slipway.project;
DROP VIEW told;
DROP TABLE "Our projects";
DROP ROLE regress_reg_owner;

SELECT slipway.revoke_role('regress_reg_admin', 'admin', 'own');
DROP SCHEMA alpha, beta, gamma CASCADE;
DROP OWNED BY regress_reg_admin;
DROP ROLE regress_reg_admin, regress_reg_shared;
