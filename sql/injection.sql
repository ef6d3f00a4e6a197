-- Text arguments with anything in them: nothing of it is run, and names are
-- shown as they are.
\i test/fixture/start.psql
CREATE TABLE victim AS SELECT 1 AS alive;
SET client_min_messages = error;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'regress\_inj%' LOOP
        EXECUTE format('DROP ROLE %I', name);
    END LOOP;
END
$$;
RESET client_min_messages;

CREATE TABLE hostile (n serial, value text);
INSERT INTO hostile (value) VALUES
('''; DROP TABLE victim; --'),
('"; DROP TABLE victim; --'),
('\''; DROP TABLE victim; --'),
('$$; DROP TABLE victim; $$'),
('''); DROP TABLE victim; SELECT ('''),
('%s%n%d%1$s%%%'),
('\\x27\047\n$1{}'),
('{"a": "b", ''c'': [}'),
('); SELECT pg_sleep(3600); --'),
('-- slipway: no-transaction'),
('/* ; */ -- ;'),
('ünï "quoted" ''name'' 名前 𝄞'),
(' blanks around '),
('default'),
('pg_catalog'),
('x' || repeat('''"\%s', 2040));
SELECT n, left(value, 40) AS value, octet_length(value) FROM hostile ORDER BY n;

-- Every text argument of every function; %L is the value. What comes out is
-- NULL, a result, or an error with a SQLSTATE that the design has for it.
CREATE TABLE call (n serial, statement text);
INSERT INTO call (statement) VALUES
('SELECT slipway.lock_key(%L)'),
('SELECT slipway.cancel(%L)'),
('SELECT count(*) FROM slipway.diff(%L)'),
('SELECT count(*) FROM slipway.diff(''default'', %L)'),
('SELECT count(*) FROM slipway.diff(''default'', ignore => ARRAY[%L])'),
('SELECT slipway.drift(%L)'),
('SELECT slipway.drift(''default'', ARRAY[%L])'),
('SELECT length(slipway.save_snapshot(%L))'),
('SELECT length(slipway.save_snapshot(''s'', %L))'),
('SELECT length(slipway.save_snapshot(''s'', ''default'', ARRAY[%L]))'),
('SELECT slipway.drop_snapshot(%L)'),
('SELECT slipway.drop_snapshot(''s'', %L)'),
('SELECT count(*) FROM slipway.snapshot(%L)'),
('SELECT count(*) FROM slipway.snapshot(''default'', ARRAY[%L])'),
('SELECT slipway.fingerprint(%L)'),
('SELECT slipway.fingerprint(''default'', ARRAY[''kind:*'', ''extension:'' || %L])'),
('SELECT slipway.migrate_detached(%L, ''{"unknown": 1}'')'),
('SELECT slipway.migrate_detached(''default'', jsonb_build_object(%L, 1))'),
('SELECT slipway.migrate_detached(''default'', jsonb_build_object(''lock_wait'', %L::text))'),
('SELECT slipway.grant_role(%L, ''reader'')'),
('SELECT slipway.grant_role(''pg_monitor'', %L)'),
('SELECT slipway.grant_role(''pg_monitor'', ''reader'', %L)'),
('SELECT slipway.revoke_role(%L, ''reader'')'),
('SELECT slipway.revoke_role(''pg_monitor'', %L)'),
('SELECT slipway.revoke_role(''pg_monitor'', ''reader'', %L)'),
('SELECT slipway.set_owner(%L)'),
('SELECT slipway._may(%L, ''default'')'),
('SELECT slipway._may(''reader'', %L)'),
('SELECT slipway.create_project(%L)'),
('SELECT slipway.create_project(''p'', ARRAY[%L])'),
('SELECT slipway.create_project(''p'', NULL, %L)'),
('SELECT slipway.add_script(%L)'),
('SELECT slipway.add_script(''SELECT 1'', %L)'),
('SELECT slipway.add_scripts(ARRAY[%L])'),
('SELECT slipway.add_scripts(''{SELECT 1}'', %L)'),
('SELECT slipway.add_script_part(convert_to(%L, ''UTF8''), 0, true)'),
('SELECT slipway.add_script_part(''SELECT 1'', 0, true, %L)'),
('SELECT slipway.find_base(%L)'),
('SELECT slipway.find_manifest(%L)'),
('SELECT slipway.find_manifest(repeat(''0'', 64), %L)'),
('SELECT slipway.add_manifest(%L)'),
('SELECT slipway.add_manifest(''slipway-manifest 1 order='' || %L || E''\n'')'),
('SELECT slipway.add_manifest(E''slipway-manifest 1 order=auto\n'' || %L || E'' - - versioned a\n'')'),
('SELECT slipway.add_manifest(E''slipway-manifest 1 order=auto\n'' || hash_of(''x'') || '' - - '' || %L || E'' a\n'')'),
('SELECT slipway.add_manifest(E''slipway-manifest 1 order=auto\n'' || hash_of(''x'') || '' - - versioned '' || %L || E''\n'')'),
('SELECT slipway.add_manifest(E''slipway-manifest 1 order=auto\n'', %L)'),
('SELECT slipway.extend_manifest(%L, '''')'),
('SELECT slipway.extend_manifest(repeat(''0'', 64), '''', %L)'),
('SELECT slipway.add_migration(%L, ''SELECT 1'')'),
('SELECT slipway.add_migration(''a'', %L)'),
('SELECT slipway.add_migration(''a'', ''SELECT 1'', %L)'),
('SELECT slipway.add_migration(''a'', ''SELECT 1'', NULL, %L)'),
('SELECT slipway.add_migration(''a'', ''SELECT 1'', project => %L)'),
('SELECT slipway.plan(%L)'),
('SELECT slipway.plan(''default'', %L)'),
('SELECT slipway.validate(%L)'),
('SELECT slipway.validate(''default'', %L)'),
('SELECT slipway.compare(%L)'),
('SELECT slipway.compare(E''slipway-manifest 1 order=auto\n'', %L)'),
('SELECT slipway.check_script(%L, ''SELECT 1'')'),
('SELECT slipway.check_script(''a'', %L)'),
('SELECT slipway.check_script(''a'', ''SELECT 1'', %L)'),
('SELECT slipway.check_script(''a'', ''SELECT 1'', part => %L)'),
('SELECT slipway._status(%L::text)'),
('SELECT slipway.set_variables(%L)'),
('SELECT slipway.set_variables(''{}'', %L)'),
('SELECT slipway.plan(variables => jsonb_build_object(%L, 1))'),
('SELECT slipway.require(%L)'),
('SELECT slipway.require(''a'', %L)'),
('SELECT slipway.settle_unit(%L, true, ''why'')'),
('SELECT slipway.settle_unit(''a'', true, %L)'),
('SELECT slipway.settle_unit(''a'', true, ''why'', %L)'),
('SELECT slipway.accept_checksum(%L, ''why'')'),
('SELECT slipway.accept_checksum(''a'', %L)'),
('SELECT slipway.accept_checksum(''a'', ''why'', %L)'),
('SELECT slipway.forget_failed(%L, ''why'')'),
('SELECT slipway.forget_failed(''a'', %L)'),
('SELECT slipway.forget_failed(''a'', ''why'', %L)'),
('SELECT slipway.mark_applied(%L, ''why'')'),
('SELECT slipway.mark_applied(''a'', %L)'),
('SELECT slipway.mark_applied(''a'', ''why'', %L)'),
('SELECT slipway.baseline(%L, ''why'')'),
('SELECT slipway.baseline(''a'', %L)'),
('SELECT slipway.baseline(''a'', ''why'', %L)'),
('SELECT slipway.require_approval(true, %L)'),
('SELECT slipway.require_approval(true, ''why'', %L)'),
('SELECT slipway.needs_approval(%L)'),
('SELECT slipway._pending_approval(%L::text)'),
('SELECT slipway.approve(%L)'),
('SELECT slipway.approve(''a'', %L)'),
('SELECT slipway.approve(''a'', ''up'', %L)'),
('SELECT slipway.approve(''a'', ''up'', NULL, %L)'),
('SELECT slipway.approve(''a'', project => %L)'),
('SELECT slipway.withdraw_approval(%L, ''why'')'),
('SELECT slipway.withdraw_approval(''a'', %L)'),
('SELECT slipway.withdraw_approval(''a'', ''why'', %L)'),
('SELECT slipway.withdraw_approval(''a'', ''why'', ''up'', %L)'),
('SELECT slipway.withdraw_approval(''a'', ''why'', project => %L)'),
('SELECT slipway.approve(''a'', %L, project => ''brought'')'),
('SELECT slipway.approve(''a'', ''up'', %L, project => ''brought'')'),
('SELECT slipway.approve(''a'', ''up'', repeat(''0'', 63) || left(%L, 1), project => ''brought'')'),
('SELECT slipway.approve(''a'', ''up'', NULL, %L, project => ''brought'')'),
('SELECT slipway.approve(''a'', project => ''brought''), slipway.withdraw_approval(''a'', %L, project => ''brought'')'),
('SELECT slipway.approve(''a'', project => ''brought''), slipway.withdraw_approval(''a'', ''why'', ''up'', %L, project => ''brought'')'),
('SELECT slipway.verify_history(%L)'),
('SELECT slipway.rollback_plan(%L, ''{"all": true}'')'),
('SELECT slipway.rollback_plan(''default'', jsonb_build_object(''to'', %L::text))'),
('SELECT slipway.rollback_plan(''default'', jsonb_build_object(''script'', %L::text))'),
('SELECT slipway.rollback_losses(%L, ''{"all": true}'')'),
('SELECT slipway.rollback_losses(''default'', jsonb_build_object(%L, 1))'),
('SELECT slipway.register_credential(%L)'),
('SELECT slipway.register_credential(''default'', %L)'),
('SELECT slipway.register_credential(''default'', ''regress_inj'', %L)'),
('SELECT slipway.register_credential(''default'', ''regress_inj'', previous_role => %L)'),
('SELECT slipway.register_credential(''default'', ''regress_inj'', application => %L)'),
('SELECT slipway.register_credential(''default'', ''regress_inj'', mapping => jsonb_build_object(''table'', %L::text, ''project'', ''a'', ''role'', ''a''))'),
('SELECT slipway.register_credential(''default'', ''regress_inj'', mapping => jsonb_build_object(''table'', ''victim'', ''project'', %L::text, ''role'', ''alive''))'),
('SELECT slipway.register_credential(''default'', ''regress_inj'', mapping => jsonb_build_object(''table'', ''victim'', ''project'', ''alive'', %L, ''alive''))'),
('SELECT slipway.register_credentials(%L)'),
('SELECT slipway.register_credentials(''SELECT ''''default'''' AS project'', jsonb_build_object(''prefix'', %L::text))'),
('SELECT slipway.register_credentials(''SELECT ''''default'''' AS project'', jsonb_build_object(''columns'', jsonb_build_object(''role'', %L::text)))'),
('SELECT slipway.register_credentials(''SELECT ''''inj'''' AS project, ''''regress_inj'''' AS role, $q$'' || %L || ''$q$ AS schemas'')'),
('SELECT slipway.generate_credential(%L)'),
('SELECT slipway.generate_credential(''store'', %L)'),
('SELECT slipway.create_credential(%L)'),
('SELECT slipway.create_credential(NULL, %L)'),
('SELECT slipway.update_credential(%L)'),
('SELECT slipway.validate_credential(%L)'),
('SELECT slipway.validate_credential(''default'', %L)'),
('SELECT slipway.rollback_credential(%L)'),
('SELECT slipway.rollback_credential(''default'', %L)'),
('SELECT slipway.rollback_credential(''default'', reason => %L)'),
('SELECT slipway.rollback_credential(''default'', owned => %L)'),
('SELECT slipway.rollback_credential(''default'', owned => ''reassign'', heir => %L)'),
('SELECT slipway.clear_credential(%L)'),
('SELECT slipway.fail_credential(%L, ''why'')'),
('SELECT slipway.fail_credential(''create'', %L)'),
('SELECT slipway.fail_credential(''create'', ''why'', %L)'),
('SELECT slipway.fail_credential(''create'', ''why'', sqlstate => %L)'),
('SELECT slipway.credential_rights(%L)'),
('SELECT slipway.credential_statements(%L)'),
('SELECT slipway.credential_objects(%L)'),
('SELECT slipway.credential_sessions(%L)'),
('SELECT slipway.record_usage(%L)'),
('SELECT slipway.check_credential(%L)'),
('SELECT slipway.credential_risk(%L)'),
('SELECT slipway.drop_orphan(%L)'),
('SELECT slipway.drop_orphan(''pg_monitor'', %L)'),
('SELECT slipway.drop_orphan(''pg_monitor'', ''reassign'', %L)'),
('SELECT slipway.create_batch(ARRAY[%L])'),
('SELECT slipway.create_batch(''{default}'', %L)'),
('SELECT slipway.finish_item(1, 1, 1, %L)'),
('SELECT slipway.finish_item(1, 1, 1, ''failed'', %L)'),
('SELECT slipway.stop_batch(1, %L)'),
('SELECT slipway.set_schedule(%L, ''0 2 * * *'')'),
('SELECT slipway.set_schedule(''inj'', %L)'),
('SELECT slipway.set_schedule(''inj'', ''0 2 * * *'', %L)'),
('SELECT slipway.set_schedule(''inj'', ''0 2 * * *'', email => %L)'),
('SELECT slipway.drop_schedule(%L)'),
('SELECT slipway.schedule_times(%L)'),
('SELECT slipway.schedule_times(''0 2 * * *'', %L)');
-- No text argument is left out.
SELECT p.oid::regprocedure, p.pronargs - count(c.n) AS missing
  FROM pg_proc p LEFT JOIN call c ON c.statement LIKE '%slipway.' || replace(p.proname, '_', '\_') || '(%'
 WHERE p.pronamespace = 'slipway'::regnamespace AND p.prokind = 'f'
 GROUP BY p.oid, p.pronargs HAVING (SELECT count(*) FROM unnest(p.proargtypes) t WHERE t IN ('text'::regtype, 'text[]'::regtype)) > count(c.n);
-- result(statement) is the SQLSTATE, or ok; nothing stays.
CREATE FUNCTION result(statement text, OUT state text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZYES';
EXCEPTION
    WHEN SQLSTATE 'ZZYES' THEN state := 'ok';
    WHEN OTHERS THEN state := SQLSTATE; message := SQLERRM;
END
$$;
CALL project('default');
SELECT slipway.register_credential('default', 'regress_inj_default');
SELECT slipway.generate_credential('store');
SELECT slipway.create_batch('{default}');
-- Something that somebody else has uploaded, to be approved.
CALL project('brought');
CREATE ROLE regress_inj_author;
SELECT slipway.grant_role('regress_inj_author', 'uploader', 'brought');
SET SESSION AUTHORIZATION regress_inj_author;
SELECT slipway.add_migration('a', 'SELECT ''brought''', project => 'brought') IS NOT NULL AS added;
RESET SESSION AUTHORIZATION;
CREATE TABLE outcomes AS
SELECT c.n AS call, c.statement, h.n, h.value, r.*
  FROM call c, hostile h, LATERAL result(replace(c.statement, '%L', quote_literal(h.value))) r;
SELECT statement, string_agg(DISTINCT state COLLATE "C", ' ') AS states FROM outcomes GROUP BY call, statement ORDER BY call;
SELECT count(*) FROM outcomes;
SELECT alive FROM victim;
-- The same for each argument of each function by what the catalogs say of it, so that a new one is not left
-- out; the others have a value by their name, or by their type if they need one.
CREATE TABLE usual (name text, value text);
INSERT INTO usual VALUES ('project', '''default'''), ('migration', '''a'''), ('kind', '''reader'''), ('role', '''pg_monitor'''), ('part', '''SELECT 1'''), ('offset', '0'),
('reason', '''why'''), ('direction', '''up'''), ('step', '''create'''), ('outcome', '''failed'''), ('query', '''SELECT 1'''), ('base', 'repeat(''0'', 64)');
CREATE FUNCTION fill(name text, type regtype) RETURNS text LANGUAGE sql AS $$
SELECT coalesce((SELECT value FROM usual u WHERE u.name = fill.name),
                CASE type::text WHEN 'text' THEN '''x''' WHEN 'text[]' THEN '''{x}''' WHEN 'jsonb' THEN '''{}''' WHEN 'boolean' THEN 'true'
                                WHEN 'integer' THEN '1' WHEN 'bigint' THEN '1' WHEN 'bytea' THEN '''x''' WHEN 'interval' THEN '''1 h''' WHEN 'timestamp with time zone' THEN 'now()' END)
$$;
CREATE TABLE argument AS
SELECT p.oid, p.oid::regprocedure AS routine, p.prokind AS kind, a.name, a.type::regtype AS type,
       (SELECT string_agg(format(', %I => %s', o.name, fill(o.name, o.type)), '')
          FROM unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY o(name, type, n)
         WHERE o.n <> a.n AND o.n <= p.pronargs - p.pronargdefaults) AS others
  FROM pg_proc p, unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY a(name, type, n)
 WHERE p.pronamespace = 'slipway'::regnamespace AND p.pronargs > 0;
-- No type is unknown here.
SELECT routine, name, type FROM argument WHERE fill(name, type) IS NULL OR name = '' OR name IS NULL;
CREATE TABLE form (type regtype, hostile text);
INSERT INTO form VALUES ('text', '%L::text'), ('text[]', 'ARRAY[%L]'), ('bytea', 'convert_to(%L, ''UTF8'')'),
('jsonb', 'jsonb_build_object(%L, 1)'), ('jsonb', 'jsonb_build_object(''to'', %L, ''table'', %L)'), ('jsonb', 'to_jsonb(%L::text)');
CREATE TABLE found AS
SELECT a.routine, a.name, h.n, r.*
  FROM argument a JOIN form f USING (type), hostile h,
       LATERAL result(format('SELECT slipway.%I(%I => %s%s)', (SELECT proname FROM pg_proc WHERE oid = a.oid), a.name,
                             replace(f.hostile, '%L', quote_literal(h.value)), a.others)) r
 WHERE a.kind = 'f';
SELECT count(DISTINCT (routine, name)) > 100 AS enough, count(*) > 1600 AS all_values FROM found;
-- Nothing but what an argument may be refused with.
SELECT routine, name, state, min(message) FROM found WHERE state !~ '^(ok$|SW|22|23|28|2B|3F|42|55|0A|P0)' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT routine, name, message FROM found WHERE state = '42883' ORDER BY 1, 2, 3;
SELECT alive FROM victim;
-- Procedures, at top level: the project, a key and a value of the options.
\set ECHO none
\set VERBOSITY sqlstate
\t on
SELECT format('CALL slipway.%I(%L)', p.proname, h.value), format('CALL slipway.%I(''default'', jsonb_build_object(%L, 1))', p.proname, h.value),
       format('CALL slipway.%I(''default'', jsonb_build_object(''manifest'', %L))', p.proname, h.value), format('CALL slipway.%I(''default'', to_jsonb(%L::text))', p.proname, h.value)
  FROM pg_proc p, hostile h WHERE p.pronamespace = 'slipway'::regnamespace AND p.prokind = 'p' AND h.n IN (1, 6, 16) ORDER BY p.oid, h.n \gexec
\t off
\set VERBOSITY default
\set ECHO all
SELECT alive FROM victim;
-- Names in messages are those that were given, whole, as far as the statement
-- did not fail for something else.
SELECT DISTINCT statement COLLATE "C" AS statement, replace(message, value, '<value>') COLLATE "C" AS message FROM outcomes WHERE n IN (1, 2, 6, 12) AND state <> 'ok' AND position(value IN message) > 0 ORDER BY 1, 2;
SELECT DISTINCT statement COLLATE "C" AS statement, message COLLATE "C" AS message FROM outcomes WHERE n IN (1, 2, 6, 12) AND state <> 'ok' AND position(value IN message) = 0 ORDER BY 1, 2;

-- The options of migrate, keys and values.
\set VERBOSITY terse
CALL slipway.migrate('''; DROP TABLE victim; --');
CALL slipway.migrate('default', '{"''; DROP TABLE victim; --": 1}');
CALL slipway.migrate('default', '{"%s%n": 1}');
CALL slipway.migrate('default', '{"to": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.migrate('default', '{"manifest": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.migrate('default', '{"lock_wait": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.rollback('''; DROP TABLE victim; --');
CALL slipway.rollback('default', '{"to": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.rollback('default', '{"script": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.redo('''; DROP TABLE victim; --');
CALL slipway.redo('default', '{"''; DROP TABLE victim; --": 1}');
CALL slipway.migrate('default', '{"lock_timeout": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.migrate('default', '{"statement_timeout": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.migrate('default', '{"retries": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.migrate('default', '{"allow_out_of_order": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.migrate('default', '{"verify": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.verify('''; DROP TABLE victim; --');
CALL slipway.verify('default', '{"''; DROP TABLE victim; --": 1}');
CALL slipway.verify('default', '{"migration": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.verify('default', '{"verify_scripts": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.rehearse('''; DROP TABLE victim; --');
CALL slipway.rehearse('default', '{"''; DROP TABLE victim; --": 1}');
CALL slipway.rehearse('default', '{"to": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.rehearse('default', '{"plain_indexes_below": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.rehearse('default', '{"lock_hold": "''; DROP TABLE victim; -- %s%n"}');
CALL slipway.rehearse('default', '{"snapshot": "''; DROP TABLE victim; -- %s%n"}');
SELECT alive FROM victim;

-- Roles, schemas, projects and migrations of such names, all the way.
\set VERBOSITY default
\set role 'regress_inj\'; DROP TABLE victim; -- "%s"'
\set schema 'regress_inj_schema\'; DROP TABLE victim; -- "%s"'
CREATE ROLE :"role";
CREATE SCHEMA :"schema" AUTHORIZATION :"role";
SELECT slipway.create_project(value, ARRAY[:'schema'], :'role') FROM hostile WHERE n IN (1, 2, 6, 12) ORDER BY n;
SELECT slipway.grant_role(:'role', kind, value) FROM hostile, unnest('{uploader,deployer}'::text[]) kind WHERE n IN (1, 2, 6) ORDER BY n;
SELECT name, schemas, owner FROM slipway.project WHERE name <> 'default' ORDER BY name COLLATE "C";
SELECT role, kind, project FROM slipway.role_grant ORDER BY project COLLATE "C", kind;
SET SESSION AUTHORIZATION :"role";
SET application_name = '''; DROP TABLE victim; -- %s"';
SELECT count(slipway.add_migration(p.value || ' in', 'CREATE TABLE "' || replace(p.value, '"', '""') || '" (); SELECT ''' || replace(p.value, '''', '''''') || '''', project => p.value))
  FROM (VALUES ('''; DROP TABLE victim; --'), ('"; DROP TABLE victim; --'), ('%s%n%d%1$s%%%')) p(value);
CALL slipway.rehearse('''; DROP TABLE victim; --');
CALL slipway.rehearse('"; DROP TABLE victim; --');
CALL slipway.migrate('''; DROP TABLE victim; --', '{"client_version": "''; DROP TABLE victim; --"}');
CALL slipway.migrate('"; DROP TABLE victim; --');
CALL slipway.migrate('%s%n%d%1$s%%%');
RESET application_name;
-- Refused in another project: what an administrator should run is quoted.
SELECT slipway.add_script('SELECT 1', 'ünï "quoted" ''name'' 名前 𝄞');
CALL slipway.migrate('ünï "quoted" ''name'' 名前 𝄞');
RESET SESSION AUTHORIZATION;
SELECT project, migration, state FROM slipway.status WHERE state = 'applied' ORDER BY project COLLATE "C";
SELECT project, migration, session_role, effective_role, application_name, client_version FROM slipway.log WHERE migration IS NOT NULL ORDER BY project COLLATE "C";
SELECT c.relname, c.relowner::regrole FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :'schema' ORDER BY c.relname COLLATE "C";
SELECT name, script FROM slipway.schema_migrations ORDER BY name COLLATE "C";
SELECT p.name, v.* FROM slipway.project p, slipway.verify_history(p.name) v;

-- Names in errors of scripts, and errors with such texts.
SELECT slipway.add_migration('%t "a", line 9, column 9', E'SELECT 1;\n  SELECT nowhere', project => '%s%n%d%1$s%%%') IS NOT NULL AS added;
CALL slipway.migrate('%s%n%d%1$s%%%');
SELECT slipway.add_migration('%t "a", line 9, column 9', E'SELECT ''%s', project => '%s%n%d%1$s%%%') IS NOT NULL AS added;
CALL slipway.migrate('%s%n%d%1$s%%%');
SELECT slipway.add_migration('%t "a", line 9, column 9', $$DO 'BEGIN RAISE EXCEPTION USING MESSAGE = ''%s%n'', DETAIL = ''%s%n'', HINT = ''%s%n''; END'$$, project => '%s%n%d%1$s%%%') IS NOT NULL AS added;
CALL slipway.migrate('%s%n%d%1$s%%%');
SELECT slipway.add_migration('%t "a", line 9, column 9', '-- empty', project => '%s%n%d%1$s%%%') IS NOT NULL AS added;
CALL slipway.migrate('%s%n%d%1$s%%%');
SELECT migration, outcome, message, detail, hint, context FROM slipway.log WHERE migration LIKE '\%t "a"%' ORDER BY entry;
-- Ten kilobytes where a name has no business to be that long.
SELECT outcome(format('SELECT slipway.create_project(%L)', value)) FROM hostile WHERE n = 16;
SELECT outcome(format('SELECT slipway.add_migration(%L, %L)', value, value)) FROM hostile WHERE n = 16;
SELECT replace(outcome(format('SELECT slipway.require(%L)', value)), value, '<value>') FROM hostile WHERE n = 16;
-- Credentials: names of roles, schemas, projects, tables, columns and routines.
SET ROLE :"role";
CREATE TABLE :"schema"."'; DROP TABLE victim; -- "" $1 %s" ("'; DROP TABLE victim; -- "" $1 %s" integer);
CREATE FUNCTION :"schema"."'; DROP TABLE victim; -- "" $1 %s"() RETURNS integer LANGUAGE sql AS 'SELECT 1';
RESET ROLE;
CREATE TABLE "'; DROP TABLE victim; -- "" $1 %s" ("ref'; DROP TABLE victim; -- "" $1 %s" text, "role'; DROP TABLE victim; -- "" $1 %s" text);
INSERT INTO "'; DROP TABLE victim; -- "" $1 %s" VALUES (E'ünï "quoted" \'name\' 名前 𝄞', 'former');
SELECT slipway.create_project(value, '{}') FROM hostile WHERE n IN (1, 2, 6);
SELECT slipway.register_credential(value, 'regress_inj''"; $1 \ %s -- x', application => value,
           mapping => '{"table": "\"''; DROP TABLE victim; -- \"\" $1 %s\"", "project": "ref''; DROP TABLE victim; -- \" $1 %s", "role": "role''; DROP TABLE victim; -- \" $1 %s", "statuses": {"active": "%s"}}')
  FROM hostile WHERE n = 12;
SELECT slipway.generate_credential('''; DROP TABLE victim; -- %s', value) FROM hostile WHERE n = 12;
SELECT slipway.credential_statements(value) FROM hostile WHERE n = 12;
SELECT slipway.create_credential('SCRAM-SHA-256$1:YQ==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', value) FROM hostile WHERE n = 12;
SELECT slipway.update_credential(value) FROM hostile WHERE n = 12;
SELECT c.* FROM hostile h, slipway.check_credential(h.value) c WHERE h.n = 12;
SELECT slipway.validate_credential(value, '''; DROP TABLE victim; -- %s') IS NOT NULL AS validated FROM hostile WHERE n = 12;
TABLE "'; DROP TABLE victim; -- "" $1 %s";
SET ROLE "regress_inj'""; $1 \ %s -- x";
TABLE :"schema"."'; DROP TABLE victim; -- "" $1 %s";
RESET ROLE;
UPDATE slipway.credential SET made_at = NULL WHERE role <> 'regress_inj_default';
SELECT role, project FROM slipway.credential_orphans();
UPDATE slipway.credential SET made_at = now() WHERE role <> 'regress_inj_default';
SELECT slipway.rollback_credential(value, reason => '''; DROP TABLE victim; -- %s') FROM hostile WHERE n = 12;
TABLE "'; DROP TABLE victim; -- "" $1 %s";
SELECT count(*) FROM pg_roles WHERE rolname LIKE 'regress\_inj''%x';
SELECT p.name, v.* FROM slipway.project p, slipway.verify_history(p.name) v;
SELECT alive FROM victim;
DROP FUNCTION :"schema"."'; DROP TABLE victim; -- "" $1 %s"();
DROP TABLE :"schema"."'; DROP TABLE victim; -- "" $1 %s";
-- As the owner of the tables.
SELECT slipway.set_owner(:'role');
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relkind = 'r';
CALL migration('0001', 'SELECT 1');
CALL slipway.migrate();
SELECT slipway.set_owner(session_user::text);
SELECT slipway.revoke_role(role, kind, project) FROM slipway.role_grant ORDER BY project COLLATE "C", kind;
SELECT alive FROM victim;
DROP OWNED BY :"role";
DROP ROLE :"role";
DROP ROLE regress_inj_author;
