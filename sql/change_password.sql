-- A role gives itself another password, by its verifier: pg_catalog.slipway_change_password().
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_password_one, regress_password_other;
RESET client_min_messages;
\set verifier 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
CREATE ROLE regress_password_one LOGIN CONNECTION LIMIT 3 VALID UNTIL '2100-01-01 00:00:00Z';
CREATE ROLE regress_password_other LOGIN;
GRANT regress_password_other TO regress_password_one;
CREATE FUNCTION as_owner(verifier text) RETURNS void LANGUAGE sql SECURITY DEFINER
    AS 'SELECT pg_catalog.slipway_change_password(verifier)';
CREATE VIEW password AS
    SELECT rolname, rolpassword = current_setting('test.verifier') AS is_new, rolcanlogin AS login, rolconnlimit, rolvaliduntil AT TIME ZONE 'UTC' AS until
      FROM pg_authid WHERE rolname ~ '^regress_password_' OR rolname = session_user;
SELECT set_config('test.verifier', :'verifier', false) IS NOT NULL AS set;

-- It is the only function of the extension that stands elsewhere, and all may call it.
SELECT p.oid::regprocedure, p.prosecdef, p.proconfig, p.provolatile, p.proparallel, obj_description(p.oid, 'pg_proc') IS NOT NULL AS commented,
       has_function_privilege('public', p.oid, 'EXECUTE') AS public
  FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'pg_slipway'
 WHERE p.pronamespace <> 'slipway'::regnamespace;

-- Whoever has no right at all changes his own, and nothing else.
SET SESSION AUTHORIZATION regress_password_one;
SELECT has_schema_privilege('slipway', 'USAGE') AS usage;
SELECT slipway_change_password(:'verifier');
RESET SESSION AUTHORIZATION;
SELECT * FROM password WHERE rolname <> session_user ORDER BY rolname;

-- Not that of somebody else: neither as a member, nor in a function that runs as its owner.
SET SESSION AUTHORIZATION regress_password_one;
SET ROLE regress_password_other;
SELECT slipway_change_password(:'verifier');
RESET ROLE;
SELECT as_owner(:'verifier');
RESET SESSION AUTHORIZATION;
SET ROLE regress_password_one;
SELECT slipway_change_password(:'verifier');
RESET ROLE;
SELECT rolname LIKE 'regress_password_one' AS is_one FROM password WHERE is_new;

-- What is no verifier does not show.
SELECT text AS given, outcome(format('SELECT slipway_change_password(%L)', text)) AS outcome
  FROM unnest(ARRAY['', 'the password', 'md5' || repeat('0', 32), 'SCRAM-SHA-256$', E'a''; DROP ROLE regress_password_other; --', repeat('x', 1000)]) WITH ORDINALITY u(text, n)
 WHERE length(text) < 100 ORDER BY n;
SELECT outcome('SELECT slipway_change_password(NULL)');
SELECT outcome(format('SELECT slipway_change_password(%L)', repeat('x', 100000)));

-- Where nothing may be written, and in a migration.
BEGIN READ ONLY;
SELECT slipway_change_password(:'verifier');
ROLLBACK;
CALL migration('0001_password', format('SELECT pg_catalog.slipway_change_password(%L)', :'verifier'));
CALL slipway.migrate();
SELECT count(*) FROM password WHERE is_new;

-- One that fails afterwards has changed nothing.
SET SESSION AUTHORIZATION regress_password_other;
BEGIN;
SELECT slipway_change_password(:'verifier');
ROLLBACK;
RESET SESSION AUTHORIZATION;
SELECT rolname LIKE 'regress_password_one' AS is_one FROM password WHERE is_new;

DROP VIEW password;
DROP ROLE regress_password_one, regress_password_other;
