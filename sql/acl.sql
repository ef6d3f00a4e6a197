-- Who may call and read what: every function and relation of schema slipway,
-- with each kind of right in one project, and in all.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_acl_none, regress_acl_reader, regress_acl_uploader, regress_acl_approver, regress_acl_deployer, regress_acl_admin,
  regress_acl_all_reader, regress_acl_all_uploader, regress_acl_all_approver, regress_acl_all_deployer, regress_acl_all_admin,
  regress_acl_member, regress_acl_owner, regress_acl_target;
CREATE ROLE regress_acl_none;
CREATE ROLE regress_acl_target;
RESET client_min_messages;

CALL migration('0001_a', 'SELECT 1', 'mine');
CALL migration('0001_a', 'SELECT 1', 'yours');
CALL slipway.migrate('mine');
CALL slipway.migrate('yours');
CALL migration('0002_b', 'SELECT 2', 'mine');
CALL migration('0002_b', 'SELECT 2', 'yours');
-- One role for each kind, in project mine and in all projects.
\t on
SELECT format('CREATE ROLE regress_acl_%s', kind), format('SELECT slipway.grant_role(%L, %L, %L)', 'regress_acl_' || kind, kind, 'mine'),
       format('CREATE ROLE regress_acl_all_%s', kind), format('SELECT slipway.grant_role(%L, %L)', 'regress_acl_all_' || kind, kind)
  FROM unnest('{reader,uploader,approver,deployer,admin}'::text[]) kind \gexec
\t off
SELECT role, kind, project, granted_by = session_user AS by FROM slipway.role_grant ORDER BY granted_at;
SELECT slipway.grant_role('regress_acl_reader', 'reader', 'mine');
SELECT count(*) FROM slipway.role_grant;

-- What functions of credentials need; the numbers of the batches are 1 and 2.
SELECT slipway.register_credential(p, 'regress_acl_role_' || p) FROM unnest('{mine,yours}'::text[]) p;
SELECT slipway.generate_credential('store', p) FROM unnest('{mine,yours}'::text[]) p;
SELECT slipway.create_batch(ARRAY[p], p) FROM unnest('{mine,yours}'::text[]) p;

-- may(statement, role) is yes, no for 42501, or another error's SQLSTATE;
-- nothing stays of what the statement does.
CREATE FUNCTION may(statement text, role text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZYES';
EXCEPTION
    WHEN insufficient_privilege THEN RETURN '-';
    WHEN SQLSTATE 'ZZYES' THEN RETURN 'yes';
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
CREATE TABLE role (n serial, name text);
INSERT INTO role (name) SELECT unnest('{none,reader,uploader,approver,deployer,admin,all_reader,all_uploader,all_approver,all_deployer,all_admin}'::text[]);
-- Each statement is tried on project mine; then on project yours.
CREATE TABLE statement (n serial, text text, yours boolean);
INSERT INTO statement (text, yours)
SELECT replace(text, 'mine', CASE WHEN yours THEN 'yours' ELSE 'mine' END), yours
  FROM (VALUES (false), (true)) y(yours), unnest(ARRAY[
    $$SELECT slipway.plan('mine')$$,
    $$SELECT slipway.validate('mine')$$,
    $$SELECT slipway.compare(E'slipway-manifest 1 order=auto\n', 'mine')$$,
    $$SELECT slipway.check_script('a', 'SELECT 1', 'mine')$$,
    $$SELECT slipway._status('mine'::text)$$,
    $$SELECT slipway.require('0001_a', 'mine')$$,
    $$SELECT slipway.verify_history('mine')$$,
    $$SELECT slipway.drift('mine')$$,
    $$SELECT slipway.diff('mine')$$,
    $$SELECT slipway.save_snapshot('new', 'mine')$$,
    $$SELECT slipway.drop_snapshot('new', 'mine')$$,
    $$SELECT slipway.rollback_plan('mine', '{"to": "0001_a"}')$$,
    $$SELECT slipway.rollback_losses('mine', '{"to": "0001_a"}')$$,
    $$SELECT slipway.fingerprint('mine')$$,
    $$SELECT slipway.snapshot('mine')$$,
    $$SELECT slipway.find_base('mine')$$,
    $$SELECT slipway.find_manifest(repeat('0', 64), 'mine')$$,
    $$SELECT slipway.add_script('SELECT 3', 'mine')$$,
    $$SELECT slipway.add_scripts('{SELECT 3}', 'mine')$$,
    $$SELECT slipway.add_script_part('SELECT 3', 0, true, 'mine')$$,
    $$SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'mine')$$,
    $$SELECT slipway.extend_manifest(repeat('0', 64), '', 'mine')$$,
    $$SELECT slipway.add_migration('0003_c', 'SELECT 3', project => 'mine')$$,
    $$SELECT slipway.grant_role('regress_acl_target', 'reader', 'mine')$$,
    $$SELECT slipway.revoke_role('regress_acl_none', 'reader', 'mine')$$,
    $$SELECT slipway.create_project('mine', '{public}')$$,
    $$SELECT slipway.settle_unit('0001_a', true, 'why not', 'mine')$$,
    $$SELECT slipway.accept_checksum('0001_a', 'why not', 'mine')$$,
    $$SELECT slipway.forget_failed('0001_a', 'why not', 'mine')$$,
    $$SELECT slipway.mark_applied('0002_b', 'why not', 'mine')$$,
    $$SELECT slipway.baseline('0002_b', 'why not', 'mine')$$,
    $$SELECT slipway.needs_approval('mine')$$,
    $$SELECT slipway._pending_approval('mine'::text)$$,
    $$SELECT slipway.require_approval(true, 'why not', 'mine')$$,
    $$SELECT slipway.approve('0002_x', project => 'mine')$$,
    $$SELECT slipway.withdraw_approval('0002_x', 'why not', project => 'mine')$$,
    $$SELECT slipway.cancel('mine')$$,
    $$SELECT slipway.register_credential('mine', 'regress_acl_role')$$,
    $$SELECT slipway.register_credentials('SELECT ''mine'' AS project, ''regress_acl_role'' AS role')$$,
    $$SELECT slipway.generate_credential('store', 'mine')$$,
    $$SELECT slipway.create_credential('SCRAM-SHA-256$1:YQ==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'mine')$$,
    $$SELECT slipway.update_credential('mine')$$,
    $$SELECT slipway.validate_credential('mine')$$,
    $$SELECT slipway.rollback_credential('mine')$$,
    $$SELECT slipway.clear_credential('mine')$$,
    $$SELECT slipway.fail_credential('create', 'why', 'mine')$$,
    $$SELECT slipway.record_usage('mine')$$,
    $$SELECT slipway.credential_rights('mine')$$,
    $$SELECT slipway.credential_statements('mine')$$,
    $$SELECT slipway.credential_objects('mine')$$,
    $$SELECT slipway.credential_sessions('mine')$$,
    $$SELECT slipway.check_credential('mine')$$,
    $$SELECT slipway.credential_risk('mine')$$,
    $$SELECT slipway.create_batch('{mine}')$$,
    $$SELECT slipway.claim_item(length('mine') - 3)$$,
    $$SELECT slipway.finish_item(length('mine') - 3, 1, 1, 'failed')$$,
    $$SELECT slipway.stop_batch(length('mine') - 3)$$,
    $$SELECT slipway.resume_batch(length('mine') - 3)$$,
    -- options are looked at last; a deploy would stay
    $$SELECT slipway.migrate_detached('mine', '{"unknown": 1}')$$]) WITH ORDINALITY u(text, n)
 ORDER BY yours, n;
INSERT INTO statement (text)
SELECT text FROM unnest(ARRAY[
    $$SELECT slipway.set_variables('{}')$$,
    $$SELECT slipway.version()$$,
    $$SELECT slipway.lock_key('mine')$$,
    $$SELECT slipway._may('reader', 'mine')$$,
    $$SELECT slipway._is_alive(1, now())$$,
    $$SELECT slipway._wait(0)$$,
    $$SELECT slipway._work(0)$$,
    $$SELECT slipway.create_project('new')$$,
    $$SELECT slipway.grant_role('regress_acl_target', 'reader')$$,
    $$SELECT slipway.revoke_role('regress_acl_none', 'reader')$$,
    $$SELECT slipway.set_owner('regress_acl_target')$$,
    $$SELECT slipway._refuse_change()$$,
    $$SELECT slipway.check_credentials()$$,
    $$SELECT slipway.credential_estimate()$$,
    $$SELECT slipway.credential_orphans()$$,
    $$SELECT slipway.drop_orphan('regress_acl_target')$$,
    $$SELECT slipway.set_schedule('night', '0 2 * * *')$$,
    $$SELECT slipway.drop_schedule('night')$$,
    $$SELECT slipway.schedule_times('0 2 * * *')$$,
    $$SELECT FROM slipway.schedule$$,
    $$SELECT FROM slipway.status$$, $$SELECT FROM slipway.log$$, $$SELECT FROM slipway.schema_migrations$$, $$SELECT FROM slipway.lock_holder$$, $$SELECT FROM slipway.progress$$, $$SELECT FROM slipway.detached$$, $$SELECT FROM slipway.notice$$, $$SELECT FROM slipway.metric$$, $$SELECT FROM slipway.metric_drift$$, $$SELECT FROM slipway.registered_project$$, $$SELECT FROM slipway.saved_snapshot$$, $$SELECT FROM slipway.project_credential$$, $$SELECT FROM slipway.role_usage$$, $$SELECT FROM slipway.batch$$, $$SELECT FROM slipway.batch_item$$, $$SELECT FROM slipway._applied$$, $$SELECT FROM slipway.pending_approval$$,
    $$SELECT FROM slipway.project$$, $$SELECT hash FROM slipway.script$$, $$SELECT body FROM slipway.script$$, $$SELECT FROM slipway.migration$$, $$SELECT FROM slipway.manifest$$,
    $$SELECT FROM slipway.run$$, $$SELECT FROM slipway.detached_run$$, $$UPDATE slipway.detached_run SET outcome = 'succeeded'$$, $$SELECT FROM slipway.detached_notice$$, $$SELECT FROM slipway.history$$, $$SELECT FROM slipway.journal$$, $$SELECT FROM slipway.journal_made$$, $$SELECT FROM slipway.role_grant$$, $$SELECT FROM slipway.schema_snapshot$$, $$SELECT FROM slipway.schema_object$$, $$DELETE FROM slipway.schema_object$$,
    $$SELECT FROM slipway.credential$$, $$SELECT FROM slipway.credential_usage$$, $$SELECT FROM slipway.credential_batch$$, $$SELECT FROM slipway.credential_item$$, $$SELECT FROM slipway.credential_schedule$$,
    $$UPDATE slipway.credential SET role = 'x'$$, $$UPDATE slipway.credential_item SET outcome = 'x'$$, $$UPDATE slipway.credential_schedule SET size = 1$$,
    $$INSERT INTO slipway.history DEFAULT VALUES$$, $$UPDATE slipway.history SET hint = ''$$, $$DELETE FROM slipway.history$$, $$TRUNCATE slipway.history$$,
    $$INSERT INTO slipway.project (name) VALUES ('new')$$, $$UPDATE slipway.project SET owner = 'x'$$, $$DELETE FROM slipway.run$$, $$UPDATE slipway.run SET outcome = 'failed'$$,
    $$INSERT INTO slipway.script VALUES (sha256(''), '')$$, $$INSERT INTO slipway.manifest DEFAULT VALUES$$, $$INSERT INTO slipway.migration DEFAULT VALUES$$,
    $$INSERT INTO slipway.role_grant VALUES ('regress_acl_none', 'admin')$$, $$DELETE FROM slipway.role_grant$$,
    $$ALTER TABLE slipway.history DISABLE TRIGGER ALL$$, $$CREATE TABLE slipway.new ()$$]) WITH ORDINALITY u(text, n)
 ORDER BY n;
SELECT s.text, r.name, may(s.text, 'regress_acl_' || r.name), r.n
  FROM statement s, role r WHERE NOT s.yours ORDER BY s.n, r.n \crosstabview 1 2 3 4
SELECT s.text, r.name, may(s.text, 'regress_acl_' || r.name), r.n
  FROM statement s, role r WHERE s.yours ORDER BY s.n, r.n \crosstabview 1 2 3 4
SELECT s.text, r.name, may(s.text, 'regress_acl_' || r.name), r.n
  FROM statement s, role r WHERE s.yours IS NULL ORDER BY s.n, r.n \crosstabview 1 2 3 4
-- No function is left out.
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace = 'slipway'::regnamespace AND p.prokind = 'f'
   AND NOT EXISTS (SELECT FROM statement s WHERE s.text LIKE '%slipway.' || replace(p.proname, '_', '\_') || '(%');
-- Nor is one that has a project, but for those whose answer is no secret, tried on one project alone.
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace = 'slipway'::regnamespace AND p.prokind = 'f' AND 'project' = ANY (p.proargnames[1:p.pronargs])
   AND p.proname NOT IN ('lock_key', '_may')
   AND (SELECT count(DISTINCT s.yours) FROM statement s WHERE s.text LIKE '%slipway.' || replace(p.proname, '_', '\_') || '(%') < 2;
-- A name stands for one function.
SELECT proname FROM pg_proc WHERE pronamespace = 'slipway'::regnamespace GROUP BY proname HAVING count(*) > 1;
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'slipway'::regnamespace AND c.relkind IN ('r', 'v', 'S')
   AND NOT EXISTS (SELECT FROM statement s WHERE s.text LIKE '%slipway.' || replace(c.relname, '_', '\_') || '%');

-- Views show a role the projects that it may read.
CREATE FUNCTION count_as(query text, role text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    result bigint;
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE 'SELECT count(*) FROM ' || query INTO result;
    PERFORM set_config('role', 'none', true);
    RETURN result;
END
$$;
SELECT v.query, r.name, count_as(v.query, 'regress_acl_' || r.name), r.n
  FROM unnest('{slipway.status,slipway.log,slipway.schema_migrations,slipway.progress}'::text[]) v(query), role r WHERE r.name <> 'none' ORDER BY 1, r.n \crosstabview 1 2 3 4
SET ROLE regress_acl_reader;
SELECT DISTINCT project FROM slipway.status;
SELECT project, migration FROM slipway.log;
RESET ROLE;

-- Migrate, as each of them.
\set VERBOSITY terse
SELECT format('SET ROLE regress_acl_%s', name), 'CALL slipway.migrate(''mine'', ''{"to": "0001_a"}'')', 'CALL slipway.migrate(''yours'', ''{"to": "0001_a"}'')' FROM role ORDER BY n \gexec
RESET ROLE;
SELECT format('SET ROLE regress_acl_%s', name), 'CALL slipway.verify(''mine'')', 'CALL slipway.verify(''yours'')' FROM role ORDER BY n \gexec
RESET ROLE;
SELECT format('SET ROLE regress_acl_%s', name), 'CALL slipway.rehearse(''mine'')', 'CALL slipway.rehearse(''yours'')' FROM role ORDER BY n \gexec
\set VERBOSITY default
RESET ROLE;
-- Each procedure, by each of them: a manifest is looked for behind the rights, so SW009 is "may".
\set ECHO none
\set VERBOSITY sqlstate
\t on
SELECT format('SET ROLE regress_acl_%s', r.name), format('SELECT %L', concat_ws(' ', r.name, p.proname, project)), format('CALL slipway.%I(%L, jsonb_build_object(''manifest'', repeat(''0'', 64)))', p.proname, project)
  FROM role r, pg_proc p, unnest('{mine,yours}'::text[]) project
 WHERE p.pronamespace = 'slipway'::regnamespace AND p.prokind = 'p' ORDER BY r.n, p.oid, project \gexec
\t off
RESET ROLE;
\set VERBOSITY default
\set ECHO all
-- What the errors say.
SET ROLE regress_acl_uploader;
CALL slipway.migrate('mine');
SELECT slipway.add_script('SELECT 1', 'yours');
RESET ROLE;
SET ROLE regress_acl_all_reader;
SELECT slipway.add_script('SELECT 1', 'yours');
RESET ROLE;
GRANT EXECUTE ON FUNCTION slipway.create_project(text, text[], text) TO regress_acl_reader;
SET ROLE regress_acl_reader;
SELECT slipway.create_project('new');
CALL slipway.migrate('nowhere');
RESET ROLE;
GRANT EXECUTE ON FUNCTION slipway.set_owner(text) TO regress_acl_reader;
SET ROLE regress_acl_reader;
SELECT slipway.set_owner('regress_acl_reader');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION slipway.set_owner(text) FROM regress_acl_reader;
SELECT slipway.require('0001_a', 'mine');

-- A deployer deploys, and is named.
GRANT CREATE ON SCHEMA public TO regress_acl_deployer;
CALL migration('0002_b', 'CREATE TABLE made ()', 'mine');
SET SESSION AUTHORIZATION regress_acl_deployer;
CALL slipway.migrate('mine');
SELECT entry, migration, session_role, effective_role FROM slipway.log WHERE entry > 1 ORDER BY entry;
RESET SESSION AUTHORIZATION;
SELECT relowner::regrole FROM pg_class WHERE relname = 'made';
-- Without rights in the database its scripts have none.
CALL migration('0003_c', 'DROP TABLE statement', 'mine');
SET SESSION AUTHORIZATION regress_acl_deployer;
CALL slipway.migrate('mine');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.migrate('yours');
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
CALL migration('0003_c', 'SELECT 1', 'mine');

-- Members have the rights of the role, if they inherit it.
CREATE ROLE regress_acl_member;
GRANT regress_acl_deployer TO regress_acl_member;
SET SESSION AUTHORIZATION regress_acl_member;
CALL slipway.migrate('mine');
SELECT session_role FROM slipway.log WHERE migration = '0003_c' AND outcome = 'succeeded';
RESET SESSION AUTHORIZATION;

-- An administrator of a project hands out rights in it, not elsewhere.
SET ROLE regress_acl_admin;
SELECT slipway.grant_role('regress_acl_target', 'deployer', 'mine');
SELECT outcome($$SELECT slipway.grant_role('regress_acl_target', 'deployer', 'yours')$$);
SELECT outcome($$SELECT slipway.grant_role('regress_acl_target', 'deployer')$$);
SELECT outcome($$SELECT slipway.revoke_role('regress_acl_all_reader', 'reader')$$);
RESET ROLE;
SELECT kind, project, granted_by = session_user AS by FROM slipway.role_grant WHERE role = 'regress_acl_target';
SET ROLE regress_acl_target;
CALL slipway.migrate('mine');
SELECT slipway.require('0002_b', 'mine');
RESET ROLE;

-- What is taken back is gone; what other grants give stays.
SELECT slipway.grant_role('regress_acl_target', 'reader', 'mine');
SELECT slipway.grant_role('regress_acl_target', 'uploader', 'yours');
SELECT slipway.revoke_role('regress_acl_target', 'deployer', 'mine');
SELECT may($$SELECT slipway.plan('mine')$$, 'regress_acl_target') AS plan, may($$SELECT slipway.plan('yours')$$, 'regress_acl_target') AS plan_yours,
       may($$SELECT slipway.add_script('x', 'yours')$$, 'regress_acl_target') AS add_script, has_function_privilege('regress_acl_target', 'slipway.migrate(text, jsonb)', 'EXECUTE') AS migrate;
SELECT slipway.revoke_role('regress_acl_target', 'uploader', 'yours');
SELECT may($$SELECT slipway.plan('mine')$$, 'regress_acl_target') AS plan, may($$SELECT slipway.plan('yours')$$, 'regress_acl_target') AS plan_yours,
       may($$SELECT slipway.add_script('x', 'yours')$$, 'regress_acl_target') AS add_script;
SELECT slipway.revoke_role('regress_acl_target', 'reader', 'mine');
SELECT may($$SELECT slipway.plan('mine')$$, 'regress_acl_target') AS plan, has_schema_privilege('regress_acl_target', 'slipway', 'USAGE') AS usage;
SELECT count(*) FROM pg_shdepend WHERE refobjid = 'regress_acl_target'::regrole;
SELECT outcome($$SELECT slipway.revoke_role('regress_acl_target', 'reader', 'mine')$$);
SELECT outcome($$SELECT slipway.revoke_role('regress_acl_target', 'reader')$$);
SELECT slipway.revoke_role('regress_acl_all_reader', 'reader');
SELECT may('SELECT FROM slipway.history', 'regress_acl_all_reader') AS history, may('SELECT hash FROM slipway.script', 'regress_acl_all_reader') AS script,
       may('SELECT FROM slipway.status', 'regress_acl_all_reader') AS status;
SELECT count(*) FROM pg_shdepend WHERE refobjid = 'regress_acl_all_reader'::regrole;
-- A role that has gone: its grants can still be taken back. One by the same
-- name that comes later has none of the server's privileges.
SELECT slipway.grant_role('regress_acl_target', 'reader', 'mine');
\set VERBOSITY terse
DROP ROLE regress_acl_target;
\set VERBOSITY default
DROP OWNED BY regress_acl_target;
DROP ROLE regress_acl_target;
SELECT count(*) FROM slipway.role_grant WHERE role = 'regress_acl_target';
CREATE ROLE regress_acl_target;
SELECT may($$SELECT slipway.plan('mine')$$, 'regress_acl_target') AS plan;
DROP ROLE regress_acl_target;
SELECT slipway.revoke_role('regress_acl_target', 'reader', 'mine');
SELECT count(*) FROM slipway.role_grant WHERE role = 'regress_acl_target';
-- Bad arguments.
SELECT outcome($$SELECT slipway.grant_role('regress_acl_target', 'reader')$$);
SELECT outcome($$SELECT slipway.grant_role('regress_acl_none', 'owner')$$);
SELECT outcome($$SELECT slipway.grant_role('regress_acl_none', 'Reader')$$);
SELECT outcome($$SELECT slipway.grant_role('regress_acl_none', 'reader', 'nowhere')$$);
SELECT outcome($$SELECT slipway.grant_role(NULL, 'reader')$$);
SELECT outcome($$SELECT slipway.grant_role('regress_acl_none', NULL)$$);
SELECT outcome($$SELECT slipway.grant_role('public', 'reader')$$);
SELECT outcome($$SELECT slipway.revoke_role(NULL, 'reader')$$);
SELECT outcome($$SELECT slipway.set_owner('regress_acl_target')$$);
SELECT count(*) FROM slipway.role_grant WHERE role = 'regress_acl_none';

-- Another owner of the tables, not a superuser: bookkeeping is done as it.
CREATE ROLE regress_acl_owner;
SELECT slipway.set_owner('regress_acl_owner');
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relkind = 'r';
SELECT bool_or(proowner = 'regress_acl_owner'::regrole) AS owns_routines FROM pg_proc WHERE pronamespace = 'slipway'::regnamespace;
SELECT nspowner = 'regress_acl_owner'::regrole AS owns_schema FROM pg_namespace WHERE nspname = 'slipway';
CALL migration('0004_d', 'CREATE TABLE made_too ()', 'mine');
SET SESSION AUTHORIZATION regress_acl_deployer;
CALL slipway.migrate('mine');
SELECT migration, session_role, effective_role FROM slipway.log WHERE migration = '0004_d';
RESET SESSION AUTHORIZATION;
SELECT relowner::regrole FROM pg_class WHERE relname = 'made_too';
SELECT * FROM slipway.verify_history('mine');
-- The rights of the others are as before.
SELECT s.text, r.name, may(s.text, 'regress_acl_' || r.name), r.n
  FROM statement s, role r WHERE s.text ~ 'plan|add_script|grant_role|FROM slipway.(history|status)|INSERT' AND s.text !~ 'yours' AND r.name <> 'all_reader' ORDER BY s.n, r.n \crosstabview 1 2 3 4
-- The owner does all but what others have to agree to.
SELECT s.text, may(s.text, 'regress_acl_owner') FROM statement s WHERE may(s.text, 'regress_acl_owner') <> 'yes' ORDER BY s.n;
SET SESSION AUTHORIZATION regress_acl_owner;
SELECT slipway.create_project('its own');
SELECT slipway.add_migration('0001_a', 'SELECT 1', project => 'its own') IS NOT NULL AS added;
CALL slipway.migrate('its own');
SELECT slipway.grant_role('regress_acl_none', 'reader', 'its own');
SELECT slipway.revoke_role('regress_acl_none', 'reader', 'its own');
SELECT project, migration, state FROM slipway.status WHERE project = 'its own';
UPDATE slipway.history SET outcome = 'failed';
RESET SESSION AUTHORIZATION;
-- Back, and everything goes.
SELECT slipway.set_owner(session_user::text);
SELECT relowner::regrole::text = quote_ident(session_user) AS back, count(*) FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relkind IN ('r', 'v', 'S') GROUP BY 1;
DROP ROLE regress_acl_owner;
SELECT slipway.revoke_role(role, kind, project) FROM slipway.role_grant ORDER BY granted_at;
SELECT count(*) FROM slipway.role_grant;
REVOKE ALL ON SCHEMA public FROM regress_acl_deployer;
REVOKE ALL ON FUNCTION slipway.create_project(text, text[], text) FROM regress_acl_reader;
DROP TABLE made, made_too;
DROP ROLE regress_acl_none, regress_acl_reader, regress_acl_uploader, regress_acl_approver, regress_acl_deployer, regress_acl_admin,
  regress_acl_all_reader, regress_acl_all_uploader, regress_acl_all_approver, regress_acl_all_deployer, regress_acl_all_admin, regress_acl_member;
