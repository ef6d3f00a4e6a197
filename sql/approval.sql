-- Approval: what runs must have been approved by somebody other than who uploaded it.
\i test/fixture/start.psql
\set VERBOSITY terse
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_app_author, regress_app_second, regress_app_approver, regress_app_deployer, regress_app_admin, regress_app_owner;
CREATE ROLE regress_app_author LOGIN;
CREATE ROLE regress_app_second LOGIN;
CREATE ROLE regress_app_approver LOGIN;
CREATE ROLE regress_app_deployer LOGIN;
CREATE ROLE regress_app_admin LOGIN;
CREATE ROLE regress_app_owner;
RESET client_min_messages;
GRANT CREATE ON SCHEMA public TO regress_app_owner, regress_app_deployer;
SELECT slipway.create_project('p');
\t on
SELECT slipway.grant_role('regress_app_author', unnest('{uploader,approver}'::text[]), 'p');
SELECT slipway.grant_role('regress_app_second', unnest('{uploader,approver,deployer}'::text[]), 'p');
SELECT slipway.grant_role('regress_app_approver', 'approver', 'p');
SELECT slipway.grant_role('regress_app_deployer', unnest('{uploader,deployer}'::text[]), 'p');
SELECT slipway.grant_role('regress_app_admin', 'admin', 'p');
\t off

-- Nothing is required as long as nobody says so.
SELECT slipway.needs_approval('p');
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0001_a', 'CREATE TABLE a (id integer)', 'DROP TABLE a', 'SELECT * FROM a', project => 'p'));
SELECT migration, state, approval FROM slipway.status WHERE project = 'p';
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');

-- Who may require it: an admin, with a reason. Twice is once.
SELECT outcome($$SELECT slipway.require_approval(true, 'four eyes', 'p')$$);
SET SESSION AUTHORIZATION regress_app_approver;
SELECT outcome($$SELECT slipway.require_approval(false, 'why not', 'p')$$);
SET SESSION AUTHORIZATION regress_app_admin;
SELECT outcome($$SELECT slipway.require_approval(true, '', 'p')$$);
SELECT outcome($$SELECT slipway.require_approval(NULL, 'why', 'p')$$);
SELECT slipway.require_approval(true, 'four eyes', 'p');
SELECT slipway.require_approval(true, 'six eyes', 'p');
SELECT slipway.needs_approval('p');
RESET SESSION AUTHORIZATION;

-- What is applied is; what is pending waits, with all its scripts.
SELECT * FROM slipway.pending_approval;
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0002_b', 'CREATE TABLE b (id integer)', 'DROP TABLE b', 'SELECT * FROM b', project => 'p'));
SELECT length(slipway.add_migration('0003_c', 'CREATE TABLE c (id integer)', 'DROP TABLE c', project => 'p'));
SELECT length(slipway.add_migration('before_each', 'SELECT 1', project => 'p'));
SELECT migration, direction, script_hash, uploaded_by FROM slipway.pending_approval;
SELECT migration, state, approval FROM slipway.status WHERE project = 'p';
SELECT migration, approval FROM slipway.plan('p');
-- An uploader cannot approve what he has brought, also not as admin.
SELECT outcome($$SELECT slipway.approve('0002_b', project => 'p')$$);
RESET SESSION AUTHORIZATION;
SELECT slipway.grant_role('regress_app_author', 'admin', 'p');
SET SESSION AUTHORIZATION regress_app_author;
SELECT outcome($$SELECT slipway.approve('0002_b', project => 'p')$$);
RESET SESSION AUTHORIZATION;
SELECT slipway.revoke_role('regress_app_author', 'admin', 'p');
-- Nobody without the right can.
SET SESSION AUTHORIZATION regress_app_deployer;
SELECT outcome($$SELECT slipway.approve('0002_b', project => 'p')$$);
-- Nothing runs.
\set VERBOSITY default
CALL slipway.migrate('p');
CALL slipway.migrate('p', '{"to": "0002_b"}');
CALL slipway.migrate('p', '{"mode": "all"}');
\set VERBOSITY terse
SELECT to_regclass('b') IS NULL AS nothing, (SELECT count(*) FROM slipway.log WHERE project = 'p' AND action <> 'require_approval');
SET SESSION AUTHORIZATION regress_app_approver;
-- Arguments.
SELECT outcome($$SELECT slipway.approve('0002_x', project => 'p')$$);
SELECT outcome($$SELECT slipway.approve('0002_b', 'sideways', project => 'p')$$);
SELECT outcome($$SELECT slipway.approve('0003_c', 'verify', project => 'p')$$);
SELECT outcome($$SELECT slipway.approve('0002_b', script_hash => 'abc', project => 'p')$$);
SELECT outcome(format('SELECT slipway.approve(%L, script_hash => %L, project => %L)', '0002_b', repeat('0', 64), 'p'));
SELECT outcome($$SELECT slipway.approve('0002_b', NULL, project => 'p')$$);
SELECT outcome($$SELECT slipway.approve('0002_b', project => 'nowhere')$$);
SELECT outcome($$SELECT slipway.withdraw_approval('0002_b', 'why', project => 'p')$$);
SELECT slipway.approve('0002_b', comment => 'looks good', project => 'p');
SELECT slipway.approve('0002_b', comment => 'twice', project => 'p');
SELECT slipway.approve('before_each', project => 'p');
SELECT migration, state, approval FROM slipway.status WHERE project = 'p';
SELECT migration, direction FROM slipway.pending_approval;
-- As much as is approved; the history names who has approved it.
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p', '{"to": "0002_b"}');
CALL slipway.migrate('p');
-- Its verify script is a script too.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0003_c', 'CREATE TABLE c (id integer)', 'DROP TABLE c', 'SELECT * FROM c', project => 'p'));
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0003_c', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p', '{"verify": true}');
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0003_c', 'verify', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p', '{"verify": true}');
RESET SESSION AUTHORIZATION;
SELECT entry, migration, action, direction, session_role, approved_by, reason FROM slipway.log WHERE project = 'p' ORDER BY entry;
SELECT * FROM slipway.verify_history('p');

-- Backwards likewise: rollback and redo.
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.rollback('p', '{"steps": 2}');
CALL slipway.redo('p');
SELECT migration, approval FROM slipway.rollback_plan('p', '{"steps": 2}');
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0003_c', 'down', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
SELECT migration, approval FROM slipway.rollback_plan('p', '{"steps": 2}');
CALL slipway.rollback('p', '{"steps": 2}');
CALL slipway.redo('p');
SELECT migration, action, approved_by FROM slipway.log WHERE project = 'p' ORDER BY entry DESC LIMIT 3;
-- A redo needs both: what is there now may be another script.
SET SESSION AUTHORIZATION regress_app_author;
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' ||
  hash_of('SELECT 1') || E' - - hook before_each\n' ||
  hash_of('CREATE TABLE a (id integer)') || ' - ' || E'- versioned 0001_a\n' ||
  hash_of('CREATE TABLE b (id integer)') || ' - ' || E'- versioned 0002_b\n' ||
  hash_of('CREATE TABLE c (id bigint)') || ' ' || hash_of('DROP TABLE c') || E' - versioned 0003_c\n', 'p');
SELECT length(slipway.add_script('CREATE TABLE c (id bigint)', 'p'));
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.redo('p');
SELECT to_regclass('c') IS NOT NULL AS still_there;
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0003_c', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.redo('p');
-- A script of one's own: for each migration that it takes back, and not by whoever runs it.
SELECT slipway.add_script('DROP TABLE b, c', 'p') AS script \gset
SELECT format('{"steps": 2, "script": "%s"}', :'script') AS options \gset
CALL slipway.rollback('p', :'options');
SET SESSION AUTHORIZATION regress_app_second;
SELECT slipway.approve('0003_c', 'down', :'script', project => 'p');
SELECT slipway.approve('0002_b', 'down', :'script', project => 'p');
CALL slipway.rollback('p', :'options');
SELECT migration, approval FROM slipway.rollback_plan('p', :'options'::jsonb);
-- One for each, by another one.
SELECT slipway.withdraw_approval('0002_b', 'his', 'down', :'script', project => 'p');
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0002_b', 'down', :'script', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
SELECT migration, approval FROM slipway.rollback_plan('p', :'options'::jsonb);
CALL slipway.rollback('p', :'options');
SELECT migration, action, approved_by FROM slipway.log WHERE project = 'p' ORDER BY entry DESC LIMIT 2;

-- An approval is of one script: of another one with that name, none; and what somebody
-- else has uploaded for another migration is still nobody's to approve who gives it a new one.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_script('SELECT ''planted''', 'p'));
SET SESSION AUTHORIZATION regress_app_second;
SELECT length(slipway.add_migration('0004_d', 'SELECT ''planted''', project => 'p'));
SELECT outcome($$SELECT slipway.approve('0004_d', project => 'p')$$);
-- Nor does an approval given before one has brought it here count.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_script('SELECT ''planted early''', 'p'));
SET SESSION AUTHORIZATION regress_app_second;
SELECT slipway.approve('0004_d', 'up', hash_of('SELECT ''planted early'''), project => 'p');
SELECT length(slipway.add_migration('0004_d', 'SELECT ''planted early''', project => 'p'));
SELECT migration, approval FROM slipway.status WHERE project = 'p' AND migration = '0004_d';

-- Withdrawn: by any approver, with a reason; given again, it counts again.
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_d', project => 'p');
SELECT migration, approval FROM slipway.status WHERE project = 'p' AND migration = '0004_d';
SET SESSION AUTHORIZATION regress_app_deployer;
SELECT outcome($$SELECT slipway.withdraw_approval('0004_d', 'no right', project => 'p')$$);
SET SESSION AUTHORIZATION regress_app_author;
SELECT outcome($$SELECT slipway.withdraw_approval('0004_d', '', project => 'p')$$);
SELECT slipway.withdraw_approval('0004_d', 'second thoughts', project => 'p');
SELECT migration, approval FROM slipway.status WHERE project = 'p' AND migration = '0004_d';
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_d', project => 'p');
SELECT migration, approval FROM slipway.status WHERE project = 'p' AND migration = '0004_d';

-- No script approves another, or switches it off.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0004_d', $$SELECT slipway.approve('0005_e', project => 'p')$$, project => 'p'));
SELECT length(slipway.add_migration('0005_e', 'SELECT 5', project => 'p'));
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0002_b', project => 'p');
SELECT slipway.approve('0003_c', project => 'p');
SELECT slipway.approve('0004_d', project => 'p');
RESET SESSION AUTHORIZATION;
CALL slipway.migrate('p', '{"to": "0004_d"}');
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0004_d', $$SELECT slipway.require_approval(false, 'hehe', 'p')$$, project => 'p'));
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_d', project => 'p');
RESET SESSION AUTHORIZATION;
CALL slipway.migrate('p', '{"to": "0004_d"}');

-- Values of variables are not approved: they must be no SQL. Those of the script are approved with it.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0004_d', E'-- slipway: variables what, quoted = O''Neil & sons\n-- ${what:literal}\nSELECT ${what}, ${quoted:literal}', project => 'p'));
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_d', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CREATE TABLE victim ();
\set VERBOSITY default
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "1; DROP TABLE victim"}}');
\set VERBOSITY terse
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "1\nDROP TABLE victim"}}');
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "1--1"}}');
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "(1)"}}');
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "''1''"}}');
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "1", "quoted": "else\nx"}}');
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "1/*"}}');
CALL slipway.migrate('p', '{"to": "0004_d", "variables": {"what": "42"}}');
SELECT migration, action, approved_by, variables FROM slipway.log WHERE project = 'p' ORDER BY entry DESC LIMIT 1;
-- Nor some with what stands beside them: a comment that swallows a condition, a quote that is escaped.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0004_s', $script$-- slipway: variables n, m = -1
CREATE TABLE s AS SELECT g FROM generate_series(1, 9) g;
DELETE FROM s WHERE g > 8-${n} AND g < ${m};
DELETE FROM s WHERE g = 5*${n} OR g = ${n}*2;
SELECT E'\${n}', '$${n}', '${n}$';
$script$, project => 'p'));
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_s', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
\set VERBOSITY default
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "-1"}}');
\set VERBOSITY terse
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "/"}}');
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "3"}}');
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": ""}}');
-- A letter says how the quoted text behind it is read, and with nothing between them two of these are one.
SET SESSION AUTHORIZATION regress_app_author;
SELECT slipway.add_migration('0004_s', $script$-- slipway: variables n = text, m = nam, o = ||
SELECT ${n}'\' AS a, '; DROP TABLE victim; --';
SELECT ${m}e'\' AS a, '; DROP TABLE victim; --';
SELECT E'a'${o}'\' AS a, '; DROP TABLE victim; --';
$script$, project => 'p') IS NOT NULL AS added;
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_s', project => 'p') IS NOT NULL AS approved;
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "E"}}');
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "1,x"}}');
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"m": "+"}}');
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"o": ""}}');
SELECT count(*) = 1 AS victim_lives FROM pg_class WHERE relname = 'victim';
RESET SESSION AUTHORIZATION;
SELECT slipway.add_migration('0004_s', $script$-- slipway: variables n, m = -1
CREATE TABLE s AS SELECT g FROM generate_series(1, 9) g;
DELETE FROM s WHERE g > 8 - (${n}) AND g < 7-${m};
$script$, project => 'p') IS NOT NULL AS added;
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0004_s', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "-1"}}');
CALL slipway.migrate('p', '{"to": "0004_s", "variables": {"n": "3"}}');
DROP TABLE victim;

-- A rehearsal needs none, as whoever asks could run it himself; but not as the owner role.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0005_e', 'CREATE TABLE e ()', NULL, 'SELECT * FROM e', project => 'p'));
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.rehearse('p', '{"snapshot": false}');
RESET SESSION AUTHORIZATION;
SELECT slipway.create_project('p', owner => 'regress_app_owner');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.rehearse('p', '{"snapshot": false}');
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0005_e', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.rehearse('p', '{"snapshot": false}');
CALL slipway.rehearse('p', '{"snapshot": false, "verify": true}');
CALL slipway.migrate('p');
CALL slipway.verify('p');
RESET SESSION AUTHORIZATION;
SELECT slipway.create_project('p', owner => '');
GRANT SELECT ON e TO regress_app_deployer;
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.verify('p', '{"migration": "0005_e"}');

-- What runs nothing needs no approval: that is the administrator's word, on record.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0006_f', 'CREATE TABLE f ()', project => 'p'));
SET SESSION AUTHORIZATION regress_app_admin;
SELECT slipway.mark_applied('0006_f', 'done by hand', 'p');

-- A manifest that is applied whole is so still, whatever is said of its scripts.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0006_g', 'CREATE TABLE g6 ()', project => 'p'));
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('0006_g', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');
SELECT settled FROM slipway.find_base('p');
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.withdraw_approval('0006_g', 'late', project => 'p');
SELECT slipway.approve('0006_g', project => 'p');
SET SESSION AUTHORIZATION regress_app_admin;
SELECT slipway.require_approval(false, 'an hour', 'p');
SELECT slipway.require_approval(true, 'over', 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
SELECT settled FROM slipway.find_base('p');
CALL slipway.migrate('p');

-- Switched off, which is on record, too.
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('0007_g', 'CREATE TABLE g ()', project => 'p'));
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');
SET SESSION AUTHORIZATION regress_app_admin;
SELECT slipway.require_approval(false, 'emergency', 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');
RESET SESSION AUTHORIZATION;
SELECT migration, action, session_role, approved_by, reason FROM slipway.log WHERE project = 'p' ORDER BY entry DESC LIMIT 3;
SELECT * FROM slipway.verify_history('p');

-- Repeatable ones: each state of the script once.
SELECT slipway.require_approval(true, 'again', 'p');
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('views', E'-- slipway: repeatable\nSELECT 1', project => 'p'));
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');
SET SESSION AUTHORIZATION regress_app_approver;
SELECT slipway.approve('views', project => 'p');
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('views', E'-- slipway: repeatable\nSELECT 2', project => 'p'));
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');
SET SESSION AUTHORIZATION regress_app_author;
SELECT length(slipway.add_migration('views', E'-- slipway: repeatable\nSELECT 1', project => 'p'));
SET SESSION AUTHORIZATION regress_app_deployer;
CALL slipway.migrate('p');

RESET SESSION AUTHORIZATION;
-- One that was applied, and is in the folder no more, is approved by its hash only.
CALL migration('0001_a', 'SELECT 1', 'left');
CALL slipway.migrate('left');
SELECT count(*) AS missing FROM slipway.add_manifest(format(E'slipway-manifest 1 order=auto\n%s - - versioned 0002_b\n', slipway.add_script('SELECT 2', 'left')), 'left');
SELECT outcome($$SELECT slipway.approve('0001_a', project => 'left')$$);

SET client_min_messages = error;
DROP EXTENSION pg_slipway CASCADE;
DROP OWNED BY regress_app_author, regress_app_second, regress_app_approver, regress_app_deployer, regress_app_admin, regress_app_owner;
DROP ROLE regress_app_author, regress_app_second, regress_app_approver, regress_app_deployer, regress_app_admin, regress_app_owner;
