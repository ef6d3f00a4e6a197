-- What CREATE EXTENSION makes, and what it leaves behind when dropped.
\i test/fixture/start.psql

-- Tables and views.
SELECT c.relkind, c.relname, obj_description(c.oid, 'pg_class') IS NOT NULL AS commented,
       'security_barrier=true' = ANY (c.reloptions) AS barrier
  FROM pg_class c
 WHERE c.relnamespace = 'slipway'::regnamespace AND c.relkind IN ('r', 'v')
 ORDER BY 1, 2;

-- Functions and procedures: none has SET or SECURITY DEFINER; all have comments.
SELECT p.prokind, p.oid::regprocedure, p.prosecdef, p.proconfig,
       obj_description(p.oid, 'pg_proc') IS NOT NULL AS commented
  FROM pg_proc p
 WHERE p.pronamespace = 'slipway'::regnamespace
 ORDER BY p.prokind, p.oid::regprocedure::text COLLATE "C";

-- All of it belongs to the extension, the schema too.
SELECT count(*) FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = 'slipway'::regnamespace AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';
SELECT c.oid::regclass FROM pg_class c
 WHERE c.relnamespace = 'slipway'::regnamespace AND c.relkind IN ('r', 'v', 'S')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i');

-- PUBLIC has no right on anything.
SELECT 'schema' AS object, has_schema_privilege('public', 'slipway', 'USAGE, CREATE') AS public
UNION ALL
SELECT p.oid::regprocedure::text, true FROM pg_proc p
 WHERE p.pronamespace = 'slipway'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT c.relname, true FROM pg_class c
 WHERE c.relnamespace = 'slipway'::regnamespace AND c.relkind IN ('r', 'v')
   AND (has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT c.relname, true FROM pg_class c
 WHERE c.relnamespace = 'slipway'::regnamespace
   AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege('public', c.oid, 'USAGE, SELECT, UPDATE') END;
-- No operator in one is looked for when it runs, on the path of who calls.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.pronamespace = 'slipway'::regnamespace AND l.lanname <> 'c' AND p.prosqlbody IS NULL;

-- What is evidence cannot be changed, whatever session_replication_role says.
SELECT t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgfoid::regproc
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'slipway'::regnamespace AND NOT t.tgisinternal
 ORDER BY c.relname;

-- Every table goes into a dump with its rows, and so does the sequence; the
-- extension itself has put nothing into them.
SELECT c.relkind, c.oid::regclass, c.oid = ANY (e.extconfig) AS dumped
  FROM pg_extension e, pg_class c
 WHERE e.extname = 'pg_slipway' AND c.relnamespace = 'slipway'::regnamespace AND c.relkind IN ('r', 'S')
 ORDER BY c.relkind, c.relname;
SELECT count(*) FROM (SELECT FROM slipway.project UNION ALL SELECT FROM slipway.history UNION ALL SELECT FROM slipway.role_grant) rows;

-- Library and SQL objects are of one version, and the schema is fixed.
SELECT slipway.version() = extversion AS same_version, extrelocatable FROM pg_extension WHERE extname = 'pg_slipway';
SELECT slipway.version() ~ '^\d+\.\d+\.\d+$' AS numbered;
ALTER EXTENSION pg_slipway SET SCHEMA public;

-- Settings and their defaults.
SELECT name, setting, unit, context FROM pg_settings
 WHERE name LIKE 'slipway.%' AND name <> 'slipway.report_progress' ORDER BY name;
SELECT boot_val, context FROM pg_settings WHERE name = 'slipway.report_progress';
\set VERBOSITY terse
SET slipway.retries = -1;
SET slipway.lock_wait = 'soon';
SET slipway.unknown = 1;
\set VERBOSITY default

-- A fresh one is empty, in the same session too; a second one is refused.
CALL migration('0001_first', 'CREATE TABLE first ()');
CALL slipway.migrate();
SELECT name FROM slipway.schema_migrations;
CREATE EXTENSION pg_slipway;
DROP EXTENSION pg_slipway;
SELECT count(*) FROM pg_namespace WHERE nspname = 'slipway';
SELECT count(*) FROM pg_proc WHERE probin LIKE '%pg_slipway%';
SELECT to_regclass('first') IS NOT NULL AS first_is_there;
CREATE EXTENSION pg_slipway;
SELECT count(*) FROM slipway.schema_migrations;
CALL migration('0001_second', 'CREATE TABLE second ()');
CALL slipway.migrate();
SELECT name FROM slipway.schema_migrations;

-- Only superusers install it.
SET client_min_messages = warning;
DROP EXTENSION pg_slipway;
DROP ROLE IF EXISTS regress_install;
CREATE ROLE regress_install;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_install;
RESET client_min_messages;
SET ROLE regress_install;
CREATE EXTENSION pg_slipway;
RESET ROLE;
REVOKE ALL ON DATABASE :"DBNAME" FROM regress_install;
DROP ROLE regress_install;
CREATE EXTENSION pg_slipway;
