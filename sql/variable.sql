-- Variables of scripts: declared, replaced, recorded.
\i test/fixture/start.psql
CREATE TABLE seen (id serial, value text);
CALL project('default');

-- Declarations.
SELECT declaration, sqlstate, message, detail, line_number AS line FROM unnest(ARRAY['', 'a b', 'a,', ', a', '1a', 'a, a', 'a = ''x', 'a = ''x'' y', 'a secrets', 'ä', 'a-b']) WITH ORDINALITY u(declaration, n),
       slipway.check_script('x', E'-- slipway: variables ' || declaration || E'\nSELECT 1', variables => '{"a": "1", "b": "2"}') ORDER BY n;
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: variables a\n-- slipway: variables b, a\nSELECT 1', variables => '{"a": "1", "b": "2"}');

-- The forms, in every place of a script.
CALL migration('0001', $script$-- slipway: variables name, plain = 7, quoted = 'a, ''b'' ', none = '', secret_ = , tab
-- slipway: variables pre secret = hidden
INSERT INTO seen (value) VALUES (${name:literal}), ('${plain}+${plain}'), (${quoted:literal}), ('[${none}]'), ('[${secret_}]'), ($$ ${name} $$), ('${pre}');
CREATE TABLE ${tab:identifier} ("${tab} ${plain}" integer DEFAULT ${plain}); -- ${name}
INSERT INTO ${tab:identifier} DEFAULT VALUES;
DO $body$ BEGIN INSERT INTO seen (value) VALUES ('in ' || ${tab:literal}), (U&'\0041${plain}'); END $body$;
COPY seen (value) FROM stdin;
row ${name}
row ${plain}${plain}
\.
INSERT INTO seen (value) VALUES ('$${plain}'), ('${'), ('${}'), ('${1}'), ('${a b}'), ('$ {name}'), ('${name:}'), ('${name');
$script$);
CALL slipway.migrate(options => $${"variables": {"name": "O'Hara \\ ${plain}", "tab": "My Table", "unused": "x"}}$$);
SELECT value FROM seen ORDER BY id;
SELECT * FROM "My Table";
SELECT migration, variables FROM slipway.history;
SELECT * FROM slipway.verify_history();
-- The hash is of the script as it was written; other values are no change.
SELECT state, script_hash = applied_hash AS same FROM slipway.status;
CALL slipway.migrate(options => '{"variables": {"name": "other"}}');
-- Without the directive nothing is replaced.
CALL migration('0002', 'INSERT INTO seen (value) VALUES (''${name}'')');
CALL slipway.migrate(options => '{"variables": {"name": "x"}}');
SELECT value FROM seen ORDER BY id DESC LIMIT 1;
SELECT variables FROM slipway.history WHERE migration = '0002';

-- What is missing, of all scripts, before anything runs.
CALL migration('0003', E'-- slipway: variables a, b secret, c = 1, d\nSELECT 1');
CALL migration('0004', E'\n-- slipway: variables d, e\nSELECT 1');
CALL slipway.migrate(options => '{"variables": {"a": "1"}}');
\echo :LAST_ERROR_SQLSTATE
SELECT migration, sqlstate, message, line_number FROM slipway.validate(variables => '{"a": "", "d": "x"}');
SELECT migration, sqlstate, message, line_number FROM slipway.validate();
SELECT * FROM slipway.plan();
SELECT migration, kind FROM slipway.plan(variables => '{"a": "1", "b": "2", "d": "4", "e": "5"}');
SELECT max(run) FROM slipway.history;
-- Names that are not declared, and forms that are none, at their place.
SELECT sqlstate, message, hint, line_number AS line, column_number AS "column" FROM unnest(ARRAY[
  'SELECT ${nam}', 'SELECT 1; -- ${other_one}', E'SELECT \'ä\', ${name:json}', E'COPY a FROM stdin;\n1\n2 ${x}\n\\.\n']) WITH ORDINALITY u(body, n),
       slipway.check_script('x', E'-- slipway: variables name\n\n' || body, variables => '{"name": "1"}') ORDER BY n;
-- Values that are no strings.
CALL slipway.migrate(options => '{"variables": {"a": 1}}');
CALL slipway.migrate(options => '{"variables": ["a"]}');
CALL slipway.migrate(options => '{"variables": "a"}');
SELECT * FROM slipway.plan(variables => '"a"');
SELECT slipway.set_variables('[]');
SELECT slipway.set_variables('{"a": "secret');
SELECT slipway.set_variables(NULL);
-- Offered beforehand, for one call; options go first. Looking leaves the offer.
SELECT slipway.set_variables('{"a": "A", "b": "B", "d": "D", "e": "E"}');
SELECT count(*) FROM slipway.plan();
CALL slipway.migrate(options => '{"variables": {"d": "option"}}');
SELECT migration, variables FROM slipway.history WHERE migration >= '0003' ORDER BY entry;
CALL migration('0005', E'-- slipway: variables a\nSELECT 1');
CALL slipway.migrate();
SELECT slipway.set_variables('{"a": "A"}');
CALL slipway.migrate(options => '{"nonsense": 1}');
CALL slipway.migrate();
-- With a key they are for a call that has it.
CALL migration('0005_key', E'-- slipway: variables a\nSELECT 1');
SELECT slipway.set_variables('{"a": "A"}', 'key') ~ '^key:[0-9]+$' AS kept;
CALL slipway.migrate();
SELECT slipway.set_variables('{"a": "A"}');
CALL slipway.migrate(options => '{"variables_key": "key"}');
SELECT slipway.set_variables('{"a": "A"}', 'key') ~ '^key:[0-9]+$' AS kept;
CALL slipway.migrate(options => '{"variables_key": "other"}');
SELECT slipway.set_variables('{"a": "A"}', 'key') ~ '^key:[0-9]+$' AS kept;
CALL slipway.migrate(options => '{"variables_key": "key"}');
-- And for one alone: what was taken is not there any more, in the session that left it either.
CALL migration('0005_once', E'-- slipway: variables a\nINSERT INTO seen (value) VALUES (''once ${a}'')');
SELECT slipway.set_variables('{"a": "A"}', 'key') AS key \gset
SELECT slipway.set_variables('{}');
CALL slipway.migrate(options => jsonb_build_object('variables_key', :'key'));
SELECT value FROM seen WHERE value LIKE 'once%';
CALL migration('0005_twice', E'-- slipway: variables a\nSELECT 1');
CALL slipway.migrate(options => jsonb_build_object('variables_key', :'key'));
SELECT slipway.set_variables('{"a": "B"}', 'key') <> :'key' AS another;
CALL slipway.migrate(options => jsonb_build_object('variables_key', :'key'));
SELECT slipway.set_variables('{"a": "B"}', 'key') AS key \gset
CALL slipway.migrate(options => jsonb_build_object('variables_key', :'key'));

-- Lines and columns are those of the script, whatever the values are.
CALL migration('0006', E'-- slipway: variables long, lines\nSELECT \'${long}\', \'${lines}\';\nSELECT ''${lines}'', nothing, ''${long}'';');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('long', repeat('x', 100), 'lines', E'1\n2\n3')));
CALL migration('0006', E'-- slipway: variables lines\nSELECT \'${lines}\';\nSELECT \'${lines}\' +;');
SELECT message, line_number, column_number FROM slipway.validate(variables => jsonb_build_object('lines', E'1\n2\n3'));
CALL migration('0006', E'-- slipway: variables what\nSELECT \'${what}\', ${what};');
CALL slipway.migrate(options => '{"variables": {"what": "no_such_column"}}');
CALL migration('0006', E'-- slipway: variables lines, v\nCREATE TABLE t (a integer, b text);\nCOPY t FROM stdin (FORMAT csv);\n1,"${lines}"\n2,${v}\nx${v},\n\\.\nSELECT 1;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('v', 'y', 'lines', E'1\n2\n3')));
SELECT line_number, column_number, message FROM slipway.history ORDER BY entry DESC LIMIT 1;
-- A value can be SQL, even several statements.
CALL migration('0006', E'-- slipway: variables sql\n${sql}; SELECT 1');
CALL slipway.migrate(options => '{"variables": {"sql": "INSERT INTO seen (value) VALUES (''sql 1''); INSERT INTO seen (value) VALUES (''sql 2'')"}}');
SELECT value FROM seen WHERE value LIKE 'sql%';

-- A stepwise one goes on with other values: its script is the same. One that was changed is not.
CALL migration('0007', E'-- slipway: variables v, w\n-- slipway: no-transaction\nSET slipway_test.v = ''${v}'';\nINSERT INTO seen (value) VALUES (\'step ${v}\');\n${w};');
\set VERBOSITY terse
CALL slipway.migrate(options => '{"variables": {"v": "first", "w": "SELECT 1/0"}}');
SELECT units_done FROM slipway.status WHERE migration = '0007';
CALL slipway.migrate(options => '{"variables": {"v": "second", "w": "INSERT INTO seen (value) VALUES (current_setting(''slipway_test.v''))"}}');
SELECT value FROM seen WHERE value ~ 'step|first|second' ORDER BY id;
SELECT outcome, variables FROM slipway.history WHERE migration = '0007' ORDER BY entry;
CALL migration('0008', E'-- slipway: variables v, w\n-- slipway: no-transaction\nSELECT 1;\n${w};');
CALL slipway.migrate(options => '{"variables": {"v": "1", "w": "SELECT 1/0"}}');
CALL migration('0008', E'-- slipway: variables v, w\n-- slipway: no-transaction\nSELECT ${v};\n${w};');
CALL slipway.migrate(options => '{"variables": {"v": "1", "w": "SELECT 1"}}');
CALL migration('0008', E'-- slipway: variables v, w\n-- slipway: no-transaction\nSELECT 1;\n${w};');
CALL slipway.migrate(options => '{"variables": {"v": "1", "w": "SELECT 1"}}');
\set VERBOSITY default

-- Secrets: in the database where the script puts them, and nowhere else.
CREATE FUNCTION trace() RETURNS TABLE (what text, text text) LANGUAGE sql AS $$
    SELECT 'current_query', current_query() UNION ALL
    SELECT 'activity', query FROM pg_stat_activity WHERE pid = pg_backend_pid() UNION ALL
    SELECT 'prepared', statement FROM pg_prepared_statements
$$;
CALL migration('0009', $script$-- slipway: variables password secret
PREPARE p AS SELECT 'geheim', '${password}', ${password:literal};
INSERT INTO seen (value) SELECT what || ': ' || text || length('${password}') FROM trace();
DEALLOCATE p;
CREATE TABLE kept AS SELECT ${password:literal} AS password;
DO $$ BEGIN RAISE NOTICE 'it is ${password}!' USING DETAIL = 'TOP${password}', HINT = upper('${password}'); RAISE INFO '%', ${password:literal}; RAISE WARNING '${password}'; END $$;
$script$);
CALL slipway.migrate(options => '{"variables": {"password": "top S3cret\\"}}');
SELECT value FROM seen WHERE value ~ '^(current|activity|prepared)' ORDER BY id;
SELECT * FROM kept;
SELECT variables FROM slipway.history WHERE migration = '0009';
-- Errors, of the parser, the planner, the executor and functions.
CREATE PROCEDURE fail(body text) LANGUAGE sql AS $$ CALL migration('0010', E'-- slipway: variables password secret\n' || body) $$;
CALL fail('SELECT 1; SELEC ${password}');
CALL slipway.migrate(options => '{"variables": {"password": "swordfish"}}');
CALL fail('SELECT 1; SELECT 1 AS ${password}');
CALL slipway.migrate(options => '{"variables": {"password": "1 sword fish"}}');
CALL fail('SELECT 1; SELECT ${password}');
CALL slipway.migrate(options => '{"variables": {"password": "sword.fish"}}');
CALL slipway.migrate(options => '{"variables": {"password": "SwordFish"}}');
CALL fail(E'SELECT ''é''; SELECT ''${password}'', ${password:literal}::integer');
CALL slipway.migrate(options => '{"variables": {"password": "swördfish"}}');
CALL fail('DO $$ BEGIN EXECUTE ''SELECT swordfish.''''${password}''''''; END $$');
CALL slipway.migrate(options => '{"variables": {"password": "swordfish"}}');
CALL fail('CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ''${password}'' + ; END $$');
CALL slipway.migrate(options => '{"variables": {"password": "swordfish"}}');
CALL fail(E'CREATE TABLE t (a integer);\nCOPY t FROM stdin;\n${password}\n\\.\n');
CALL slipway.migrate(options => '{"variables": {"password": "swordfish"}}');
CALL fail(E'SET a.b = \'x${password}y\'; VACUUM seen; SELECT current_setting(\'a.b\')::integer');
CALL slipway.migrate(options => '{"variables": {"password": "swordfish"}}');
SELECT settings FROM slipway.journal WHERE migration = '0010' ORDER BY entry;
CALL slipway.migrate(options => '{"variables": {"password": "other password"}}');
DO $$
DECLARE
    place text;
    found bigint;
BEGIN
    FOREACH place IN ARRAY '{history,journal,run,detached_run,migration}'::text[] LOOP
        EXECUTE format('SELECT count(*) FROM slipway.%I t WHERE t::text ~* %L', place, 'sw(o|ö)rdfish|other password|S3cret') INTO found;
        RAISE NOTICE '%: % secrets', place, found;
    END LOOP;
END
$$;
SHOW log_min_messages;

-- Hooks have variables of their own; each script of a transaction has its terms, and all of a run their values.
CREATE ROLE regress_variable_app;
GRANT INSERT ON seen TO regress_variable_app;
GRANT USAGE ON SEQUENCE seen_id_seq TO regress_variable_app;
CALL project('hooks');
CALL migration('before_each', E'-- slipway: variables who, v = hook\n-- slipway: run-as regress_variable_app\nINSERT INTO public.seen (value) VALUES (\'hooks ${v} ${who} \' || current_user)', 'hooks');
CALL migration('after_migrate', E'-- slipway: variables secret secret, v = last\nINSERT INTO seen (value) VALUES (\'hooks ${v} \' || length(${secret:literal}) || \' \' || (current_user = session_user))', 'hooks');
CALL migration('0001', E'-- slipway: variables v\n-- slipway: lock-timeout 4s\nINSERT INTO seen (value) VALUES (\'hooks ${v} \' || current_setting(\'lock_timeout\'))', 'hooks');
CALL migration('0002', E'INSERT INTO seen (value) VALUES (\'hooks \' || (current_user = session_user) || current_setting(\'lock_timeout\'))', 'hooks');
CALL slipway.migrate('hooks', '{"variables": {"v": "all"}}');
CALL slipway.migrate('hooks', '{"variables": {"v": "all", "who": "somebody", "secret": "12345"}, "mode": "all"}');
SELECT value FROM seen WHERE value LIKE 'hooks%' ORDER BY id;
SELECT migration, action, effective_role = session_role AS own, variables FROM slipway.history WHERE project = 'hooks' ORDER BY entry;
REVOKE ALL ON seen FROM regress_variable_app;
REVOKE ALL ON SEQUENCE seen_id_seq FROM regress_variable_app;
DROP ROLE regress_variable_app;

-- Scripts that take migrations back have them, too.
CALL project('back');
SELECT slipway.add_migration('0001', 'CREATE TABLE keeper (id integer)', E'-- slipway: variables tab, pass secret\nINSERT INTO seen (value) VALUES (\'back \' || length(${pass:literal}));\nDROP TABLE ${tab:identifier}', NULL, 'back') IS NOT NULL AS added;
CALL slipway.migrate('back');
CALL slipway.rollback('back', '{"all": true, "variables": {"tab": "keeper"}}');
SELECT relation, rows FROM slipway.rollback_losses('back', '{"all": true, "variables": {"tab": "keeper", "pass": "12345678"}}');
SELECT relation, rows FROM slipway.rollback_losses('back', jsonb_build_object('variables', '{"tab": "keeper"}'::jsonb,
    'script', slipway.add_script(E'-- slipway: variables tab secret\nDROP TABLE ${tab:identifier}', 'back')));
CALL slipway.rollback('back', '{"all": true, "variables": {"tab": "keeper", "pass": "12345678"}}');
SELECT migration, action, variables FROM slipway.history WHERE project = 'back' ORDER BY entry;
SELECT value FROM seen WHERE value LIKE 'back%';
CALL slipway.migrate('back');
CALL slipway.redo('back', '{"variables": {"tab": "keeper", "pass": "12345678"}}');
SELECT count(*) FROM slipway.history WHERE project = 'back' AND outcome = 'succeeded';

-- A script may offer others, and look at scripts, while those of its run are in use: these stay what they are, and secret.
CALL project('within');
SELECT slipway.add_migration('0001', E'-- slipway: variables v\nSELECT slipway.set_variables(\'{"v": "other"}\');\nINSERT INTO seen (value) VALUES (\'within ${v}\')',
    NULL, E'-- slipway: variables v\nSELECT 1 / (\'${v}\' = \'the value of the run\')::integer', 'within') IS NOT NULL AS added;
SELECT slipway.add_migration('0002', E'-- slipway: variables v\nINSERT INTO seen (value) VALUES (\'within ${v}\')', NULL, E'-- slipway: variables v\nSELECT 1 / (\'${v}\' = \'the value of the run\')::integer', 'within') IS NOT NULL AS added;
SELECT slipway.set_variables('{"v": "the value of the run"}');
CALL slipway.migrate('within', '{"verify": true}');
SELECT value FROM seen WHERE value LIKE 'within%' ORDER BY id;
CALL migration('0003', E'-- slipway: variables pass secret\nSELECT count(*) FROM slipway.check_script(\'x\', \'SELECT 1\', \'within\', \'{"pass": "looked at"}\');\nDO $$ BEGIN RAISE NOTICE \'it is %\', \'${pass}\'; END $$', 'within');
SELECT slipway.add_migration('0004', 'SELECT 1', NULL, E'-- slipway: variables pass secret\nDO $$ BEGIN RAISE NOTICE \'it is still %\', \'${pass}\'; END $$', 'within') IS NOT NULL AS added;
CALL slipway.migrate('within', '{"verify": true, "variables": {"pass": "correct horse"}}');

-- What somebody has offered in a session that is given to somebody else is not there any more; with a key, four at most are left by one
-- session, and the newest of them.
CALL project('pooled');
CALL migration('0001', E'-- slipway: variables v = default\nINSERT INTO seen (value) VALUES (\'pooled ${v}\')', 'pooled');
SELECT slipway.set_variables('{"v": "of somebody else"}');
DISCARD ALL;
SET slipway.report_progress = off;
CALL slipway.migrate('pooled');
SELECT count(slipway.set_variables('{"v": "key ' || i || '"}', 'key' || i)) FROM generate_series(1, 1500) i;
SELECT slipway.set_variables('{"v": "in time"}', 'in time') AS key \gset
SELECT count(slipway.set_variables('{}', 'key' || i)) FROM generate_series(1, 3) i;
CALL migration('0002', E'-- slipway: variables v = default\nINSERT INTO seen (value) VALUES (\'pooled ${v}\')', 'pooled');
SELECT jsonb_build_object('variables_key', :'key') AS options \gset
CALL slipway.migrate('pooled', :'options');
SELECT slipway.set_variables('{"v": "too late"}', 'too late') AS key \gset
SELECT count(slipway.set_variables('{}', 'key' || i)) FROM generate_series(1, 4) i;
CALL migration('0003', E'-- slipway: variables v = default\nINSERT INTO seen (value) VALUES (\'pooled ${v}\')', 'pooled');
SELECT jsonb_build_object('variables_key', :'key') AS options \gset
CALL slipway.migrate('pooled', :'options');
SELECT value FROM seen WHERE value LIKE 'pooled%' ORDER BY id;
