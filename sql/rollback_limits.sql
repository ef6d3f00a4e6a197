-- What rollback, redo, verify and validate say before they run anything.
\i test/fixture/start.psql
CREATE PROCEDURE pair(name text, up text, down text, project text, verify text DEFAULT NULL) LANGUAGE sql
    AS $$ SELECT slipway.add_migration(name, up, down, verify, project) $$;
CALL project('default');

-- Directives that say when an up script is to run are for those alone.
SELECT part, directive, sqlstate, message, line_number
  FROM unnest('{up,down,verify}'::text[]) WITH ORDINALITY p(part, n),
       unnest('{requires 0001_a,repeatable,lock-timeout 5s}'::text[]) WITH ORDINALITY d(directive, m),
       slipway.check_script('0002_b', E'\n-- slipway: ' || directive || E'\nSELECT 1', part => part)
 ORDER BY n, m;
SELECT outcome($$SELECT * FROM slipway.check_script('x', 'SELECT 1', part => 'left')$$);
CALL project('directive');
CALL pair('0001_a', 'SELECT 1', E'-- slipway: requires 0001_a\nSELECT 1', 'directive');
CALL slipway.migrate('directive');
CALL slipway.rollback('directive', '{"all": true}');
CALL migration('before_each', E'-- slipway: requires 0001_a\nSELECT 1', 'directive');
CALL migration('0002_b', 'SELECT 1', 'directive');
CALL slipway.migrate('directive');

-- validate looks at the other scripts of what is pending.
CALL project('companion');
CALL pair('0001_a', 'SELECT 1', E'SELECT 1;\nDROP TABL a', 'companion', E'SELECT 1;\nVACUUM');
CALL pair('0002_b', 'SELECT 1', 'SAVEPOINT x', 'companion', E'-- slipway: repeatable\nSELECT 1');
CALL pair('0003_c', 'SELECT 1', E'-- slipway: variables later\nSELECT ${later}', 'companion', 'SELECT 1');
SELECT * FROM slipway.validate('companion');
SELECT migration FROM slipway.plan('companion');
CALL slipway.migrate('companion');
SELECT count(*) FROM slipway.validate('companion');

-- The roles that scripts name are looked at before the first one runs.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_limit_deployer, regress_limit_other;
RESET client_min_messages;
CREATE ROLE regress_limit_deployer;
CREATE ROLE regress_limit_other;
CALL project('role');
SELECT slipway.grant_role('regress_limit_deployer', 'deployer', 'role');
CALL pair('0001_a', 'SELECT 1', E'-- slipway: run-as regress_limit_other\nSELECT 1', 'role');
CALL pair('0002_b', 'SELECT 1', 'SELECT 1', 'role');
SET ROLE regress_limit_deployer;
CALL slipway.migrate('role');
CALL slipway.rollback('role', '{"all": true}');
RESET ROLE;
SELECT migration, state FROM slipway.status WHERE project = 'role';

-- Redo: the new script must be one that may stand there.
CALL project('redo');
CALL pair('0001_a', 'SELECT 1', 'SELECT 1', 'redo');
CALL pair('0002_b', 'SELECT 2', 'SELECT 1', 'redo');
CALL slipway.migrate('redo');
CREATE PROCEDURE redo_with(up text) LANGUAGE sql
    AS $$ SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
        || format(E'%s - - versioned 0001_a\n%s - - versioned 0001_late\n%s %s - versioned 0002_b\n', hash_of('SELECT 1'), hash_of('SELECT 1'),
                  slipway.add_script(up, 'redo'), slipway.add_script('SELECT 1', 'redo')), 'redo') $$;
CALL redo_with(E'-- slipway: requires 0003_c\nSELECT 1');
CALL slipway.redo('redo');
CALL redo_with('SELEC 1');
CALL slipway.redo('redo');
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || format(E'%s - - versioned 0001_a\n', hash_of('SELECT 1')), 'redo');
CALL slipway.redo('redo');
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
    || format(E'%s - - versioned 0001_a\n%s %s - versioned 0002_b\n', hash_of('SELECT 1'), hash_of('not here'), hash_of('SELECT 1')), 'redo');
CALL slipway.redo('redo');
CALL redo_with(E'-- slipway: requires 0001_late\nSELECT 1');
CALL slipway.redo('redo');
CALL redo_with(E'-- slipway: repeatable\nSELECT 1');
CALL slipway.redo('redo');
SET ROLE regress_limit_deployer;
RESET ROLE;
SELECT slipway.grant_role('regress_limit_deployer', 'deployer', 'redo');
CALL redo_with(E'-- slipway: run-as regress_limit_other\nSELECT 1');
SET ROLE regress_limit_deployer;
CALL slipway.redo('redo');
RESET ROLE;
SELECT migration, action, outcome FROM slipway.history WHERE project = 'redo' ORDER BY entry;
CALL redo_with(E'-- slipway: requires 0001_a\nSELECT 1');
CALL slipway.redo('redo');
SELECT migration, action, outcome FROM slipway.history WHERE project = 'redo' ORDER BY entry DESC LIMIT 2;
-- Another one is not taken for it after a redo that went half way.
CALL redo_with('SELECT 1 / 0');
CALL slipway.redo('redo');
CALL slipway.redo('redo');
\echo :LAST_ERROR_SQLSTATE
SELECT migration, state FROM slipway.status WHERE project = 'redo';
SELECT slipway.mark_applied('0002_b', 'done by hand', 'redo');
CALL slipway.redo('redo');
SELECT migration, action, outcome FROM slipway.history WHERE project = 'redo' ORDER BY entry DESC LIMIT 3;

-- One script for several that has stopped part way goes on for all of them.
CALL project('bound');
CALL pair('0001_a', 'CREATE TABLE a ()', 'DROP TABLE a', 'bound');
CALL pair('0002_b', 'CREATE TABLE b ()', 'DROP TABLE b', 'bound', 'TABLE b');
CALL pair('0003_c', 'CREATE TABLE c ()', 'DROP TABLE c', 'bound', 'TABLE c');
CALL slipway.migrate('bound');
SELECT slipway.add_script(E'DROP TABLE b, c;\nVACUUM;\nSELECT 1 / 0', 'bound') AS fails, slipway.add_script(E'DROP TABLE b, c;\nVACUUM;\nSELECT 1', 'bound') AS goes_on \gset
CALL slipway.rollback('bound', jsonb_build_object('steps', 2, 'script', :'fails'));
SELECT migration, state, units_done FROM slipway.status WHERE project = 'bound';
CALL slipway.rollback('bound', '{"steps": 1}');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.redo('bound');
-- What is rolled back in part is not there to be verified.
CALL slipway.verify('bound', '{"migration": "0003_c"}');
\echo :LAST_ERROR_SQLSTATE
CALL slipway.verify('bound');
CALL slipway.rollback('bound', jsonb_build_object('script', :'goes_on'));
SELECT migration, state, units_done FROM slipway.status WHERE project = 'bound';
SELECT migration, action, outcome FROM slipway.history WHERE project = 'bound' AND action = 'rollback' ORDER BY entry;
CALL slipway.rollback('bound', '{"all": true}');

-- A name may be one of several versions, and of manifests that have it no more.
CALL project('version');
CALL pair('0001_a', 'SELECT 1', 'SELECT ''first''', 'version');
CALL slipway.migrate('version');
CALL pair('0001_a', 'SELECT 1', 'SELECT ''second''', 'version');
SELECT CASE script_hash WHEN hash_of('SELECT ''first''') THEN 'first' WHEN hash_of('SELECT ''second''') THEN 'second' END AS down
  FROM slipway.rollback_plan('version', '{"all": true}');
SELECT CASE script_hash WHEN hash_of('SELECT ''first''') THEN 'first' WHEN hash_of('SELECT ''second''') THEN 'second' END AS down
  FROM slipway.rollback_plan('version', '{"all": true, "down_scripts": "newest"}');
SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\n', 'version');
SELECT count(*) FROM slipway.rollback_plan('version', '{"all": true}');
SELECT count(*) FROM slipway.rollback_plan('version', '{"all": true, "down_scripts": "newest"}');
DROP OWNED BY regress_limit_deployer;
