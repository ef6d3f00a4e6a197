-- Credentials: a role of its own for each project, made and taken back step by step.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_cred_one, regress_cred_two, regress_cred_shared, regress_cred_owner, regress_cred_admin, regress_cred_other, "regress cred ""3""",
  regress_cred_heir, regress_cred_adopted;
RESET client_min_messages;
\set verifier 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
CREATE ROLE regress_cred_shared LOGIN;
CREATE ROLE regress_cred_owner;
CREATE ROLE regress_cred_heir;
CREATE SCHEMA one AUTHORIZATION regress_cred_owner;
CREATE SCHEMA "Two ""2""";
CREATE SCHEMA common;
CALL project('one', '{one,common,pg_catalog,nowhere}', 'regress_cred_owner');
CALL project('two', '{"Two \"2\"",common}');
CALL project('bare', '{common}');
CALL project('regress_cred_none');
SET ROLE regress_cred_owner;
CREATE TABLE one.item (id integer GENERATED ALWAYS AS IDENTITY, name text, secret text);
CREATE VIEW one.name AS SELECT name FROM one.item;
CREATE FUNCTION one.twice(integer, VARIADIC text[] DEFAULT NULL) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';
CREATE PROCEDURE one.nothing() LANGUAGE sql AS '';
RESET ROLE;
CREATE TABLE "Two ""2"""."It's" (id serial);
CREATE TABLE common.shared (id integer);

-- What is registered.
SELECT outcome($$SELECT slipway.register_credential('nowhere')$$);
SELECT outcome($$SELECT slipway.register_credential(NULL)$$);
SELECT outcome($$SELECT slipway.register_credential('one', 'pg_one')$$);
SELECT outcome($$SELECT slipway.register_credential('one', 'public')$$);
SELECT outcome($$SELECT slipway.register_credential('one', 'none')$$);
SELECT outcome($$SELECT slipway.register_credential('one', repeat('é', 32))$$);
SELECT outcome($$SELECT slipway.register_credential('one', E'a\nb')$$);
SELECT outcome($$SELECT slipway.register_credential('one', preset => 'all')$$);
SELECT outcome($$SELECT slipway.register_credential('one', preset => NULL)$$);
SELECT outcome($$SELECT slipway.register_credential('one', connection_limit => -2)$$);
SELECT outcome($$SELECT slipway.register_credential('one', application => 'a\\\')$$);
SELECT outcome($$SELECT slipway.register_credential('one', previous_role => 'regress_cred_nobody')$$);
SELECT outcome($$SELECT slipway.register_credential('one', 'regress_cred_shared', previous_role => 'regress_cred_shared')$$);
SELECT outcome($$SELECT * FROM slipway.check_credential('one')$$);
SELECT outcome($$SELECT slipway.generate_credential('store:1', 'one')$$);
SELECT slipway.register_credential('one', 'regress_cred_one', previous_role => 'regress_cred_shared', connection_limit => 5);
SELECT slipway.register_credential('one', 'regress_cred_one', previous_role => 'regress_cred_shared', connection_limit => 5);
SELECT slipway.register_credential('one', 'regress_cred_one', 'read-only', 'regress_cred_shared', 5);
SELECT slipway.register_credential('one', 'regress_cred_one', previous_role => 'regress_cred_shared', connection_limit => 5);
SELECT outcome($$SELECT slipway.register_credential('two', 'regress_cred_one')$$);
SELECT slipway.register_credential('two', 'regress cred "3"', 'read-only');
SELECT slipway.register_credential('regress_cred_none');
SELECT project, status, role, preset, previous_role, connection_limit, registered_by = session_user AS by FROM slipway.project_credential ORDER BY project;

-- The steps, each in its turn.
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));
SELECT outcome($$SELECT slipway.update_credential('one')$$);
SELECT outcome($$SELECT slipway.validate_credential('one')$$);
SELECT outcome($$SELECT slipway.rollback_credential('one', 'created')$$);
SELECT outcome($$SELECT slipway.rollback_credential('one', 'generated')$$);
SELECT outcome($$SELECT slipway.rollback_credential('one', 'active')$$);
SELECT slipway.rollback_credential('one');
SELECT outcome($$SELECT slipway.generate_credential('', 'one')$$);
SELECT slipway.generate_credential('store:1', 'one');
SELECT slipway.generate_credential('store:1', 'one');
SELECT slipway.generate_credential('store:2', 'one');
-- A password is refused in any form but one, and not shown.
SELECT outcome($$SELECT slipway.create_credential('hunter2', 'one')$$);
SELECT outcome($$SELECT slipway.create_credential('md5' || md5('hunter2'), 'one')$$);
SELECT outcome($$SELECT slipway.create_credential(NULL, 'one')$$);
SELECT * FROM slipway.credential_statements('one');
CREATE VIEW rights AS
SELECT 'schema' AS kind, nspname::text AS object, a.grantee::regrole::text, a.privilege_type, a.is_grantable
  FROM pg_namespace n, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a WHERE nspname IN ('one', 'Two "2"', 'common', 'public')
UNION ALL
SELECT 'relation', c.oid::regclass::text, a.grantee::regrole::text, a.privilege_type, a.is_grantable
  FROM pg_class c, aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) a
 WHERE relnamespace::regnamespace::text IN ('one', '"Two ""2"""', 'common') AND relkind <> 'i'
UNION ALL
SELECT 'routine', p.oid::regprocedure::text, a.grantee::regrole::text, a.privilege_type, a.is_grantable
  FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) a WHERE pronamespace = 'one'::regnamespace
UNION ALL
SELECT 'database', datname, a.grantee::regrole::text, a.privilege_type, a.is_grantable
  FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) a WHERE datname = current_database()
UNION ALL
SELECT 'default ' || defaclobjtype::text, defaclnamespace::regnamespace::text, a.grantee::regrole::text, a.privilege_type, a.is_grantable
  FROM pg_default_acl d, aclexplode(defaclacl) a;
CREATE TABLE rights_before AS TABLE rights;
CREATE FUNCTION changed_rights(OUT change text, OUT kind text, OUT object text, OUT grantee text, OUT privileges text) RETURNS SETOF record LANGUAGE sql AS $$
SELECT d.change, d.kind, d.object, d.grantee, string_agg(d.privilege_type || CASE WHEN d.is_grantable THEN '*' ELSE '' END, ' ' ORDER BY d.privilege_type)
  FROM (SELECT '+' AS change, n.* FROM (TABLE rights EXCEPT TABLE rights_before) n
        UNION ALL SELECT '-', o.* FROM (TABLE rights_before EXCEPT TABLE rights) o) d
 GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4, 1
$$;
SELECT slipway.create_credential(:'verifier', 'one');
SELECT * FROM changed_rights();
SELECT rolcanlogin, rolconnlimit, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS more,
       shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = 'regress_cred_one';
SELECT rolpassword = :'verifier' AS password FROM pg_authid WHERE rolname = 'regress_cred_one';
SELECT * FROM slipway.credential_statements('one');
-- Again: nothing else happens.
SELECT slipway.create_credential(:'verifier', 'one');
SELECT state, count(*) FROM slipway.credential_rights('one') GROUP BY state;
SELECT outcome($$SELECT slipway.register_credential('one', 'regress_cred_other')$$);
SELECT outcome($$SELECT slipway.generate_credential('store:3', 'one')$$);
SELECT outcome($$SELECT slipway.clear_credential('one')$$);
SELECT * FROM slipway.check_credential('one');
SELECT slipway.update_credential('one');
SELECT slipway.update_credential('one');
SELECT slipway.validate_credential('one', 'looks good') IS NOT NULL AS validated;
SELECT * FROM slipway.check_credential('one');
SELECT status, adopted, validated_at > updated_at AND updated_at > made_at AND made_at > generated_at AS in_order FROM slipway.project_credential WHERE project = 'one';

-- The role does its work, also with what the owner makes later.
SET ROLE regress_cred_owner;
CREATE TABLE one.later (id serial);
CREATE FUNCTION one.later() RETURNS integer LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION one.later FROM PUBLIC;
RESET ROLE;
SET ROLE regress_cred_one;
INSERT INTO one.item (name) VALUES ('a');
UPDATE one.item SET name = 'b' RETURNING name;
INSERT INTO one.later DEFAULT VALUES RETURNING id;
SELECT one.later(), one.twice(2);
\set VERBOSITY terse
TRUNCATE one.item;
CREATE TABLE one.mine ();
SELECT * FROM common.shared;
SELECT * FROM "Two ""2"""."It's";
BEGIN;
LOCK TABLE "Two ""2"""."It's" IN ACCESS SHARE MODE;
ROLLBACK;
SELECT slipway.version();
\set VERBOSITY default
RESET ROLE;
SELECT count(*) FROM slipway.check_credential('one');

-- Whatever is missing or too much is found.
REVOKE INSERT ON one.item FROM regress_cred_one;
REVOKE USAGE ON SCHEMA one FROM regress_cred_one;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_cred_owner IN SCHEMA one REVOKE SELECT ON TABLES FROM regress_cred_one;
GRANT SELECT ON one.later TO regress_cred_one WITH GRANT OPTION;
GRANT TRUNCATE ON one.later TO regress_cred_one;
GRANT UPDATE (id) ON common.shared TO regress_cred_one;
GRANT USAGE ON SCHEMA common TO regress_cred_one;
GRANT USAGE ON SCHEMA "Two ""2""" TO PUBLIC;
GRANT TEMPORARY ON DATABASE contrib_regression_slipway TO regress_cred_one;
GRANT USAGE ON LANGUAGE plpgsql TO regress_cred_one;
GRANT SET ON PARAMETER log_min_messages TO regress_cred_one;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO regress_cred_one;
CREATE DOMAIN public.domain AS text;
GRANT USAGE ON DOMAIN domain TO regress_cred_one;
CREATE FOREIGN DATA WRAPPER regress_cred_wrapper;
GRANT USAGE ON FOREIGN DATA WRAPPER regress_cred_wrapper TO regress_cred_one;
CREATE SERVER regress_cred_server FOREIGN DATA WRAPPER regress_cred_wrapper;
GRANT USAGE ON FOREIGN SERVER regress_cred_server TO regress_cred_one;
SELECT lo_create(47110815);
GRANT SELECT ON LARGE OBJECT 47110815 TO regress_cred_one;
GRANT regress_cred_heir TO regress_cred_one;
ALTER ROLE regress_cred_one CREATEDB NOLOGIN CONNECTION LIMIT 7 VALID UNTIL '2020-01-01';
SELECT finding, object, replace(detail, session_user, 'SESSION_USER') AS detail FROM (SELECT * FROM slipway.check_credential('one')) f(finding, object, detail)
 WHERE object <> 'TYPES FOR ROLE ' || quote_ident(session_user) ORDER BY finding COLLATE "C", object COLLATE "C", detail COLLATE "C";
SELECT count(*) FROM slipway.check_credential('one') WHERE object = 'TYPES FOR ROLE ' || quote_ident(session_user);
\set VERBOSITY terse
SELECT slipway.validate_credential('one');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM regress_cred_one;
DROP FOREIGN DATA WRAPPER regress_cred_wrapper CASCADE;
SELECT lo_unlink(47110815);
DROP DOMAIN domain;
REVOKE ALL ON PARAMETER log_min_messages FROM regress_cred_one;
REVOKE ALL ON LANGUAGE plpgsql FROM regress_cred_one;
REVOKE TEMPORARY ON DATABASE contrib_regression_slipway FROM regress_cred_one;
REVOKE USAGE ON SCHEMA common FROM regress_cred_one;
REVOKE USAGE ON SCHEMA "Two ""2""" FROM PUBLIC;
REVOKE UPDATE (id) ON common.shared FROM regress_cred_one;
REVOKE regress_cred_heir FROM regress_cred_one;
REVOKE GRANT OPTION FOR SELECT ON one.later FROM regress_cred_one;
REVOKE TRUNCATE ON one.later FROM regress_cred_one;
ALTER ROLE regress_cred_one NOCREATEDB VALID UNTIL 'infinity';
-- What is missing comes back with the step done again.
SELECT slipway.create_credential(:'verifier', 'one');
SELECT * FROM slipway.check_credential('one');
SELECT slipway.validate_credential('one') IS NOT NULL AS validated;

-- What is granted to it is no part of the schema.
CREATE TABLE snapshot_with AS SELECT * FROM slipway.snapshot('one');
SELECT slipway.rollback_credential('one', 'generated');
SELECT * FROM slipway.snapshot('one') EXCEPT TABLE snapshot_with;
TABLE snapshot_with EXCEPT SELECT * FROM slipway.snapshot('one');
SELECT kind, identity FROM snapshot_with WHERE definition LIKE '%regress_cred_one%';
DROP TABLE snapshot_with;
SELECT slipway.create_credential(:'verifier', 'one');
SELECT slipway.update_credential('one');

-- Back: first the last step, then all of it. Everybody else's rights are as before.
DROP TABLE one.later;
DROP FUNCTION one.later;
SELECT slipway.rollback_credential('one', 'created', 'too early');
SELECT slipway.rollback_credential('one', 'created');
SELECT slipway.update_credential('one');
SELECT slipway.rollback_credential('one', 'generated');
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_cred_one';
SELECT * FROM changed_rights();
SELECT slipway.create_credential(:'verifier', 'one');
SELECT slipway.update_credential('one');
SELECT slipway.rollback_credential('one', reason => 'and back');
SELECT slipway.rollback_credential('one');
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_cred_one';
SELECT * FROM changed_rights();
SELECT status, reference, made_at, updated_at, validated_at FROM slipway.project_credential WHERE project = 'one';
SELECT * FROM slipway.credential_orphans();
SELECT slipway.clear_credential('one');
SELECT slipway.clear_credential('one');
SELECT * FROM slipway.credential_orphans();
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));

-- Failure is on record, and the step can be done again.
SELECT outcome($$SELECT slipway.fail_credential('nothing', 'message', 'one')$$);
SELECT outcome($$SELECT slipway.fail_credential('create', 'message', 'one', 'abc')$$);
SELECT slipway.generate_credential('store:4', 'one');
SELECT slipway.fail_credential('create', 'the server went away', 'one', '57P01');
SELECT slipway.generate_credential('store:4', 'one');
SELECT slipway.create_credential(:'verifier', 'one');
SELECT slipway.fail_credential('update', 'the store went away', 'one');
SELECT slipway.generate_credential('store:4', 'one');
SELECT slipway.update_credential('one');
SELECT slipway.rollback_credential('one');
SELECT entry, action, outcome, variables, reason, sqlstate, message, effective_role = session_user AS by FROM slipway.log WHERE project = 'one' AND action NOT IN ('credential_register') ORDER BY entry;
SELECT * FROM slipway.verify_history('one');

-- The other presets.
SELECT slipway.generate_credential('store:5', 'two');
SELECT slipway.create_credential(:'verifier', 'two');
SELECT * FROM changed_rights();
SELECT slipway.rollback_credential('two');
SELECT slipway.register_credential('two', 'regress cred "3"', 'owner');
SELECT slipway.generate_credential('store:5', 'two');
SELECT slipway.create_credential(:'verifier', 'two');
SELECT change, kind, object, grantee, replace(privileges, 'INSERT MAINTAIN', 'INSERT') AS privileges FROM changed_rights();
SELECT state, count(*) > 0 AS some FROM slipway.credential_rights('two') GROUP BY state;

-- A role that owns something is not dropped by the way.
SET ROLE "regress cred ""3""";
CREATE TABLE "Two ""2"""."of its own" (id serial, payload text);
CREATE FUNCTION "Two ""2""".f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER DEFAULT PRIVILEGES IN SCHEMA "Two ""2""" GRANT SELECT ON TABLES TO regress_cred_heir;
RESET ROLE;
ALTER TABLE common.shared ENABLE ROW LEVEL SECURITY;
CREATE POLICY its ON common.shared TO "regress cred ""3""" USING (true);
SELECT state, count(*) FROM slipway.credential_rights('two') WHERE state <> 'granted' GROUP BY state;
SELECT * FROM slipway.credential_objects('two');
SELECT outcome($$SELECT slipway.rollback_credential('two')$$);
SELECT outcome($$SELECT slipway.rollback_credential('two', owned => 'keep')$$);
SELECT outcome($$SELECT slipway.rollback_credential('two', owned => 'reassign')$$);
SELECT outcome($$SELECT slipway.rollback_credential('two', owned => 'drop', heir => 'regress_cred_heir')$$);
SELECT outcome($$SELECT slipway.rollback_credential('two', owned => 'reassign', heir => 'regress_cred_nobody')$$);
SELECT status FROM slipway.project_credential WHERE project = 'two';
BEGIN;
SELECT slipway.rollback_credential('two', owned => 'drop');
SELECT count(*) FROM pg_class WHERE relname = 'of its own';
ROLLBACK;
SELECT slipway.rollback_credential('two', owned => 'reassign', heir => 'regress_cred_heir');
SELECT relowner::regrole FROM pg_class WHERE relname = 'of its own';
SELECT count(*) FROM pg_policy;
SELECT count(*) FROM pg_roles WHERE rolname = 'regress cred "3"';
DROP OWNED BY regress_cred_heir;
SELECT * FROM changed_rights();

-- Of very many things the first hundred are listed.
SELECT slipway.generate_credential('store:5', 'two');
SELECT slipway.create_credential(:'verifier', 'two');
DO $$BEGIN FOR i IN 1 .. 103 LOOP EXECUTE format('CREATE TABLE %1$I.t%2$s (); ALTER TABLE %1$I.t%2$s OWNER TO %3$I', 'Two "2"', i, 'regress cred "3"'); END LOOP; END$$;
SELECT substring(outcome($$SELECT slipway.rollback_credential('two')$$) FROM 'table[^\n]*\nand [0-9]+ more');
SELECT slipway.rollback_credential('two', owned => 'drop');
SELECT count(*) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'Two "2"') AND relname ~ '^t[0-9]+$';

-- No schema to give rights in.
SELECT slipway.generate_credential('store:6', 'regress_cred_none');
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'regress_cred_none'));
SELECT slipway.register_credential('bare', 'regress_cred_other');
SELECT slipway.generate_credential('store:7', 'bare');
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'bare'));
SELECT * FROM slipway.check_credentials() WHERE finding <> 'authentication';

-- A role that exists already.
CREATE ROLE regress_cred_adopted NOLOGIN CONNECTION LIMIT 3;
GRANT USAGE ON SCHEMA one TO regress_cred_adopted;
GRANT SELECT, TRUNCATE ON one.item TO regress_cred_adopted;
TRUNCATE rights_before;
INSERT INTO rights_before TABLE rights;
SELECT slipway.register_credential('one', 'regress_cred_adopted', connection_limit => 8);
SELECT slipway.generate_credential('store:8', 'one');
SELECT finding, project, detail FROM slipway.check_credentials() WHERE finding = 'name';
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));
SELECT outcome($$SELECT slipway.create_credential(NULL, 'one', true)$$);
ALTER ROLE regress_cred_adopted SUPERUSER;
SELECT outcome(format('SELECT slipway.create_credential(%L, %L, true)', :'verifier', 'one'));
ALTER ROLE regress_cred_adopted NOSUPERUSER;
SELECT slipway.create_credential(:'verifier', 'one', true);
SELECT adopted FROM slipway.project_credential WHERE project = 'one';
SELECT rolcanlogin, rolconnlimit, rolpassword = :'verifier' AS password FROM pg_authid WHERE rolname = 'regress_cred_adopted';
SELECT slipway.create_credential(:'verifier', 'one');
SELECT finding, object, detail FROM slipway.check_credential('one');
ALTER ROLE regress_cred_adopted PASSWORD NULL;
SELECT finding, object, detail FROM slipway.check_credential('one') WHERE finding = 'no login';
ALTER ROLE regress_cred_adopted PASSWORD :'verifier';
SET ROLE regress_cred_owner;
CREATE TABLE one.later (id integer);
RESET ROLE;
SELECT slipway.rollback_credential('one');
SELECT rolcanlogin, rolconnlimit, rolpassword FROM pg_authid WHERE rolname = 'regress_cred_adopted';
SELECT * FROM changed_rights() WHERE object <> 'one.later' OR grantee = 'regress_cred_adopted';
DROP TABLE one.later;
-- With a password of its own: that stays.
ALTER ROLE regress_cred_adopted PASSWORD 'of its own' LOGIN;
SELECT outcome(format('SELECT slipway.create_credential(%L, %L, true)', :'verifier', 'one'));
SELECT slipway.create_credential(NULL, 'one', true);
SELECT slipway.create_credential(NULL, 'one');
SELECT slipway.rollback_credential('one');
SELECT rolcanlogin, rolconnlimit, rolpassword LIKE 'SCRAM%' AND rolpassword <> :'verifier' AS own FROM pg_authid WHERE rolname = 'regress_cred_adopted';
SELECT * FROM changed_rights();
DROP OWNED BY regress_cred_adopted;
DROP ROLE regress_cred_adopted;

-- A credential whose record is older than its role, as after a restore: the role is known by its mark.
SELECT slipway.register_credential('one', 'regress_cred_one');
SELECT slipway.generate_credential('store:9', 'one');
CREATE TABLE saved AS SELECT * FROM slipway.credential WHERE project = 'one';
SELECT slipway.create_credential(:'verifier', 'one');
UPDATE slipway.credential c SET status = s.status, made_at = NULL FROM saved s WHERE c.project = s.project;
SELECT kind, role, project FROM slipway.credential_orphans();
SELECT outcome($$SELECT slipway.drop_orphan('regress_cred_shared')$$);
SELECT outcome($$SELECT slipway.drop_orphan('regress_cred_nobody')$$);
SELECT slipway.create_credential(:'verifier', 'one');
SELECT kind, role, project FROM slipway.credential_orphans();
SELECT outcome($$SELECT slipway.drop_orphan('regress_cred_one')$$);
UPDATE slipway.credential SET made_at = NULL WHERE project = 'one';
SELECT slipway.drop_orphan('regress_cred_one');
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_cred_one';
SELECT slipway.create_credential(:'verifier', 'one');
-- One that has lost its mark is not dropped, nor forgotten.
COMMENT ON ROLE regress_cred_one IS 'mine';
SELECT finding, object, detail FROM slipway.check_credential('one');
SELECT outcome($$SELECT slipway.rollback_credential('one')$$);
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));
DROP OWNED BY regress_cred_one;
DROP ROLE regress_cred_one;
SELECT kind, role, project FROM slipway.credential_orphans();
SELECT finding, object, detail FROM slipway.check_credential('one');
SELECT outcome($$SELECT slipway.update_credential('one')$$);
SELECT slipway.rollback_credential('one');

-- As somebody who is no superuser: the roles are made by that one's own rights.
CREATE ROLE regress_cred_admin;
SELECT slipway.grant_role('regress_cred_admin', 'admin', 'one');
GRANT regress_cred_owner TO regress_cred_admin;
SET ROLE regress_cred_admin;
SELECT slipway.generate_credential('store:10', 'one');
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one')) ~ '^42501: permission denied to create role' AS refused;
SELECT outcome($$SELECT slipway.generate_credential('store:10', 'two')$$);
SELECT outcome($$SELECT * FROM slipway.check_credential('two')$$);
SELECT project FROM slipway.project_credential;
RESET ROLE;
ALTER ROLE regress_cred_admin CREATEROLE;
REVOKE regress_cred_owner FROM regress_cred_admin;
SELECT slipway.grant_role('regress_cred_admin', 'admin');
UPDATE slipway.project SET owner = 'regress_cred_nobody' WHERE name = 'two';
SET ROLE regress_cred_admin;
-- Schemas in which nothing is granted are no matter.
SELECT project, replace(detail, quote_ident(session_user), 'SESSION_USER') AS detail FROM slipway.check_credentials() WHERE finding IN ('rights', 'owner') AND project IN ('one', 'two') ORDER BY project, detail COLLATE "C";
RESET ROLE;
UPDATE slipway.project SET owner = NULL WHERE name = 'two';
SELECT slipway.revoke_role('regress_cred_admin', 'admin');
SET ROLE regress_cred_admin;
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one')) ~ '^42501' AS refused;
RESET ROLE;
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_cred_one';
-- Where the server only warns that nothing was granted, it is an error.
GRANT regress_cred_owner TO regress_cred_admin;
CREATE TABLE one.others (id integer);
GRANT SELECT ON one.others TO regress_cred_admin;
SET client_min_messages = error;
SET ROLE regress_cred_admin;
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));
RESET ROLE;
RESET client_min_messages;
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_cred_one';
DROP TABLE one.others;
SET ROLE regress_cred_admin;
SELECT slipway.create_credential(:'verifier', 'one');
SELECT slipway.update_credential('one');
SELECT slipway.validate_credential('one') IS NOT NULL AS validated;
RESET ROLE;
GRANT CREATE ON SCHEMA one TO regress_cred_one;
SET ROLE regress_cred_one;
CREATE TABLE one.own (id serial);
RESET ROLE;
SET ROLE regress_cred_admin;
SELECT outcome($$SELECT slipway.rollback_credential('one')$$);
SELECT slipway.rollback_credential('one', owned => 'drop');
RESET ROLE;
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_cred_one';
SELECT count(*) FROM pg_class WHERE relname = 'own';
SELECT * FROM slipway.verify_history('one');

-- Steps do not make a deploy look for what is to be done; what has to do with migrations does.
CALL migration('0001_one', 'SELECT 1', 'one');
CALL slipway.migrate('one');
SELECT settled FROM slipway.find_base('one');
SELECT slipway.generate_credential('store:11', 'one');
SELECT slipway.fail_credential('create', 'the server went away', 'one');
SELECT settled FROM slipway.find_base('one');
CALL migration('0002_two', 'SELECT 2', 'one');
SELECT slipway.mark_applied('0002_two', 'by hand', 'one');
SELECT settled FROM slipway.find_base('one');

-- Inside a script nothing of this is possible.
CALL migration('0001_a', $$SELECT slipway.generate_credential('x', 'one')$$, 'regress_cred_none');
CALL slipway.migrate('regress_cred_none');
CALL migration('0001_a', $$SELECT slipway.register_credentials('SELECT 1')$$, 'regress_cred_none');
CALL slipway.migrate('regress_cred_none');
CALL migration('0001_a', $$SELECT slipway.drop_orphan('x')$$, 'regress_cred_none');
CALL slipway.migrate('regress_cred_none');

SELECT slipway.revoke_role('regress_cred_admin', 'admin', 'one');
DROP ROLE regress_cred_admin, regress_cred_shared, regress_cred_heir;
DROP SCHEMA one, common, "Two ""2""" CASCADE;
DROP ROLE regress_cred_owner;
