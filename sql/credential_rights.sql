-- Rights of roles that are not as simple as the presets: what others have granted, or were granted by it, before, and since.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_right_a, regress_right_b, regress_right_owner, regress_right_grantor, regress_right_heir, regress_right_admin;
RESET client_min_messages;
\set verifier 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
CREATE ROLE regress_right_owner;
CREATE ROLE regress_right_grantor;
CREATE ROLE regress_right_heir;
CREATE SCHEMA one AUTHORIZATION regress_right_owner;
CREATE SCHEMA two AUTHORIZATION regress_right_owner;
CALL project('one', '{one}', 'regress_right_owner');
SET ROLE regress_right_owner;
CREATE TABLE one.item (id integer, name text);
CREATE TABLE two.item (id integer);
-- Routines whose arguments alone do not tell which of them is meant.
CREATE PROCEDURE one.p(IN x integer, OUT y integer) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE one.p(x integer, y integer) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE one.total(integer) (sfunc = int4pl, stype = integer);
CREATE AGGREGATE one.count(*) (sfunc = int8inc, stype = bigint, initcond = '0');
CREATE TYPE one."It's" AS ENUM ('a');
RESET ROLE;
CREATE AGGREGATE one.median(double precision ORDER BY double precision) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
CREATE FUNCTION one.any(VARIADIC "any") RETURNS integer LANGUAGE internal AS 'int4pl';
CREATE VIEW acl AS
SELECT c.oid::regclass::text AS object, c.relacl::text AS acl FROM pg_class c WHERE c.relnamespace IN ('one'::regnamespace, 'two'::regnamespace)
UNION ALL SELECT a.attrelid::regclass || '.' || a.attname, a.attacl::text FROM pg_attribute a WHERE a.attrelid IN ('one.item'::regclass, 'two.item'::regclass) AND a.attnum > 0
UNION ALL SELECT n.nspname, n.nspacl::text FROM pg_namespace n WHERE n.nspname IN ('one', 'two')
UNION ALL SELECT p.oid::regprocedure::text, p.proacl::text FROM pg_proc p WHERE p.pronamespace = 'one'::regnamespace
UNION ALL SELECT 'default ' || d.defaclnamespace::regnamespace || d.defaclobjtype::text, d.defaclacl::text FROM pg_default_acl d;
CREATE VIEW others AS
SELECT object, regexp_replace(acl, 'regress_right_owner=[^,}]*,?', '') AS acl FROM acl WHERE acl ~ 'regress_right_(a|b|grantor|heir)' ORDER BY object COLLATE "C";

SELECT slipway.register_credential('one', 'regress_right_a');
SELECT slipway.generate_credential('store:1', 'one');
SELECT slipway.create_credential(:'verifier', 'one');
SELECT object, privilege FROM slipway.credential_rights('one') WHERE kind = 'ROUTINE' AND state = 'granted' ORDER BY object COLLATE "C";
SELECT slipway.rollback_credential('one', 'generated');
TABLE others;
-- Of types, whose names have words of their own.
SELECT slipway.create_credential(:'verifier', 'one');
GRANT USAGE ON TYPE int4, varchar, timestamptz, one."It's" TO regress_right_a;
SELECT object, detail FROM slipway.check_credential('one') WHERE finding = 'superfluous right';
SELECT slipway.rollback_credential('one', 'generated');
-- Granted by somebody else than the owner.
SELECT slipway.create_credential(:'verifier', 'one');
GRANT USAGE ON SCHEMA one TO regress_right_grantor;
GRANT SELECT, TRUNCATE ON one.item TO regress_right_grantor WITH GRANT OPTION;
SET ROLE regress_right_grantor;
GRANT SELECT, TRUNCATE ON one.item TO regress_right_a;
RESET ROLE;
SELECT slipway.rollback_credential('one', 'generated');
SELECT object, acl FROM others WHERE acl LIKE '%regress_right_a%';
-- What others have from it is theirs: the role stays, unless that is to go as well.
SELECT slipway.create_credential(:'verifier', 'one');
GRANT SELECT ON one.item TO regress_right_a WITH GRANT OPTION;
GRANT UPDATE (name) ON one.item TO regress_right_a WITH GRANT OPTION;
SET ROLE regress_right_a;
GRANT SELECT ON one.item TO regress_right_heir;
GRANT UPDATE (name) ON one.item TO PUBLIC;
RESET ROLE;
SELECT database = current_database() AS here, kind, object FROM slipway.credential_objects('one') ORDER BY object;
SELECT outcome($$SELECT slipway.rollback_credential('one', 'generated')$$);
SELECT slipway.rollback_credential('one', 'generated', owned => 'drop');
SELECT object, acl FROM others WHERE acl LIKE '%regress_right_a%';
REVOKE ALL ON ALL TABLES IN SCHEMA one FROM regress_right_grantor;
REVOKE ALL ON SCHEMA one FROM regress_right_grantor;
TABLE others;

-- What an extension brings is neither missing nor too much. From 17 on the server has a second note of such rights.
SELECT slipway.create_credential(:'verifier', 'one');
SET ROLE regress_right_owner;
CREATE FUNCTION one.of_extension() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TABLE one.of_extension ();
RESET ROLE;
ALTER EXTENSION plpgsql ADD FUNCTION one.of_extension();
ALTER EXTENSION plpgsql ADD TABLE one.of_extension;
SELECT finding, object, detail FROM slipway.check_credential('one') WHERE finding <> 'status';
REVOKE ALL ON FUNCTION one.of_extension FROM regress_right_a;
SELECT finding, object, detail FROM slipway.check_credential('one') WHERE finding <> 'status';
SELECT slipway.rollback_credential('one', 'generated');
TABLE others;
ALTER EXTENSION plpgsql DROP FUNCTION one.of_extension();
ALTER EXTENSION plpgsql DROP TABLE one.of_extension;
DROP FUNCTION one.of_extension;
DROP TABLE one.of_extension;

-- Adopted: rights on columns and with grant option are there again, in schemas that come and go, too.
CREATE ROLE regress_right_b LOGIN PASSWORD 'of its own';
GRANT SELECT (name), UPDATE (name), REFERENCES (id) ON one.item TO regress_right_b WITH GRANT OPTION;
GRANT SELECT (id) ON one.item TO regress_right_b;
GRANT INSERT ON one.item TO regress_right_b WITH GRANT OPTION;
GRANT USAGE ON SCHEMA two TO regress_right_b;
CREATE TABLE others_before AS TABLE others;
TABLE others;
SELECT slipway.register_credential('one', 'regress_right_b');
SELECT slipway.generate_credential('store:2', 'one');
SELECT slipway.create_credential(NULL, 'one', true);
-- Its password is not replaced when the step is done again, either.
SELECT outcome(format('SELECT slipway.create_credential(%L, %L, true)', :'verifier', 'one'));
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));
SELECT slipway.create_credential(NULL, 'one');
SELECT rolpassword <> :'verifier' AS own FROM pg_authid WHERE rolname = 'regress_right_b';
SELECT slipway.rollback_credential('one', 'generated');
(TABLE others EXCEPT TABLE others_before) UNION ALL (TABLE others_before EXCEPT TABLE others);
-- A schema that leaves the project, or that another project has, too.
CALL project('one', '{one,two}');
SELECT slipway.create_credential(NULL, 'one', true);
CALL project('one', '{one}');
SELECT slipway.rollback_credential('one', 'generated');
(TABLE others EXCEPT TABLE others_before) UNION ALL (TABLE others_before EXCEPT TABLE others);
SELECT slipway.create_credential(NULL, 'one', true);
CALL project('two', '{one}');
SELECT slipway.rollback_credential('one', 'generated');
(TABLE others EXCEPT TABLE others_before) UNION ALL (TABLE others_before EXCEPT TABLE others);
CALL project('two', '{}');
-- One that comes to it when the role is made, and rights that were there already.
SELECT slipway.create_credential(NULL, 'one', true);
CALL project('one', '{one,two}');
SELECT slipway.create_credential(NULL, 'one');
SELECT finding, object, detail FROM slipway.check_credential('one') WHERE object LIKE '%two%';
SELECT slipway.rollback_credential('one', 'generated');
(TABLE others EXCEPT TABLE others_before) UNION ALL (TABLE others_before EXCEPT TABLE others);
CALL project('one', '{one}');
-- As somebody who may not take rights back, although the server would only warn.
CREATE ROLE regress_right_admin CREATEROLE;
SELECT slipway.grant_role('regress_right_admin', 'admin', 'one');
SELECT slipway.create_credential(NULL, 'one', true);
GRANT USAGE ON SCHEMA one TO regress_right_admin;
GRANT SELECT ON one.item TO regress_right_admin;
SET ROLE regress_right_admin;
SELECT outcome($$SELECT slipway.rollback_credential('one', 'generated')$$);
RESET ROLE;
REVOKE ALL ON SCHEMA one FROM regress_right_admin;
REVOKE ALL ON one.item FROM regress_right_admin;
SELECT slipway.rollback_credential('one', 'generated');
(TABLE others EXCEPT TABLE others_before) UNION ALL (TABLE others_before EXCEPT TABLE others);

-- A database that has got another name: its roles are its own still.
SELECT slipway.register_credential('one', 'regress_right_a');
SELECT slipway.create_credential(:'verifier', 'one');
COMMENT ON ROLE regress_right_a IS $$slipway: credential of project 'one' in database 'of before'$$;
SELECT count(*) FROM slipway.check_credential('one') WHERE finding = 'foreign role';
SELECT slipway.create_credential(:'verifier', 'one');
SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'regress_right_a';
COMMENT ON ROLE regress_right_a IS $$slipway: credential of project 'one' in database 'of before'$$;
SELECT slipway.rollback_credential('one', 'generated');
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_right_a';
-- One that is there has its own.
SELECT slipway.create_credential(:'verifier', 'one');
COMMENT ON ROLE regress_right_a IS $$slipway: credential of project 'one' in database 'template1'$$;
SELECT count(*) FROM slipway.check_credential('one') WHERE finding = 'foreign role';
SELECT kind, role, project FROM slipway.credential_orphans();
-- Of a project that nobody has, in a database that is gone: an orphan.
COMMENT ON ROLE regress_right_a IS $$slipway: credential of project 'none' in database 'it''s gone'$$;
SELECT kind, role, project, detail FROM slipway.credential_orphans();
UPDATE slipway.credential SET made_at = NULL, status = 'generated';
SELECT kind, role, project, detail FROM slipway.credential_orphans();
SELECT outcome(format('SELECT slipway.create_credential(%L, %L)', :'verifier', 'one'));
SELECT slipway.drop_orphan('regress_right_a');
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_right_a';
SELECT * FROM slipway.verify_history('one');

SELECT slipway.revoke_role('regress_right_admin', 'admin', 'one');
DROP SCHEMA one, two CASCADE;
DROP OWNED BY regress_right_b;
DROP ROLE regress_right_b, regress_right_owner, regress_right_grantor, regress_right_heir, regress_right_admin;
