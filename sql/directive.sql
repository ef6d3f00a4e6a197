-- Directives that say on what terms a script runs: lock-timeout, statement-timeout, run-as.
\i test/fixture/start.psql
CREATE TABLE seen (id serial, lock_timeout text DEFAULT current_setting('lock_timeout'), statement_timeout text DEFAULT current_setting('statement_timeout'), who text DEFAULT current_user);
GRANT INSERT, SELECT ON seen TO PUBLIC;
GRANT USAGE ON SEQUENCE seen_id_seq TO PUBLIC;

CALL project('default');
-- What is malformed, given twice or unknown is an error at its place.
SELECT directive, sqlstate, message, coalesce(detail, hint) AS more, line_number AS line, column_number AS "column"
  FROM unnest(ARRAY['lock-timeout', 'lock-timeout soon', 'lock-timeout -1', 'lock-timeout 5 5', 'statement-timeout 10 hours', 'lock-timeout 99d',
       'run-as', 'run-as a, b', 'run-as "a', 'lock_timeout 5s', 'require a', 'xyz']) WITH ORDINALITY u(directive, n),
       slipway.check_script('x', E'-- why\n  -- slipway: ' || directive || E'\nSELECT 1') ORDER BY n;
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: lock-timeout 5s\n-- slipway: lock-timeout 0\nSELECT 1');
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: statement-timeout 0\n-- slipway: statement-timeout 0\nSELECT 1');
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: run-as a\n-- slipway: run-as b\nSELECT 1');
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: no-transaction yes\nVACUUM');
-- All blanks of a line are blanks, as the client has it.
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway:\x0B\fno-transaction\x0B\r\nVACUUM');
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: lock-timeout\x0B0\n-- slipway:\x0Block-timeout 0\nSELECT 1');
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'\n-- slipway: repeatable true\nSELECT 1');
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'/* a comment without an end\n-- slipway: repeatable');
-- However the mark is written, and behind other comments.
SELECT replace(script, E'\ufeff', '(mark)') AS script, message, line_number AS line, column_number AS "column" FROM unnest(ARRAY[E'/* licence */\n-- slipway: nonsense\nSELECT 1',
       E'/* a\n /* b */\n */ /*é*/\t-- slipway: nonsense', '--slipway:nonsense', E'--\tSlipway :nonsense\r\n', '---- slipway: nonsense', E'\ufeff-- slipway: nonsense',
       E'/* a */ SELECT 1;\n-- slipway: nonsense', '-- our slipway: nonsense', '-- slipway', '/**/']) WITH ORDINALITY u(script, n),
       slipway.check_script('x', script) ORDER BY n;
CALL migration('00', E'/* of a view */ --slipway: repeatable\nSELECT 1');
SELECT kind FROM slipway.status;
CALL slipway.migrate();

-- They are in force for that script, whatever the options say, in each of its units.
CALL migration('01', 'INSERT INTO seen DEFAULT VALUES');
CALL migration('02', E'-- slipway: lock-timeout 7s\n-- slipway: statement-timeout 10min\nINSERT INTO seen DEFAULT VALUES');
CALL migration('03', E'-- slipway: lock-timeout 0\nINSERT INTO seen DEFAULT VALUES; COMMIT; INSERT INTO seen DEFAULT VALUES');
CALL migration('04', E'-- slipway: statement-timeout 1500\nDO $$ BEGIN INSERT INTO seen DEFAULT VALUES; COMMIT; INSERT INTO seen DEFAULT VALUES; END $$');
CALL migration('05', 'INSERT INTO seen DEFAULT VALUES');
CALL slipway.migrate(options => '{"lock_timeout": "3s", "statement_timeout": "1h"}');
SELECT lock_timeout, statement_timeout FROM seen ORDER BY id;
-- A time-out of its own counts also for what waits long; a SET in the script is the last word.
CREATE FUNCTION tell(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'lock_timeout is %', current_setting('lock_timeout');
    RETURN n;
END
$$;
TRUNCATE seen;
CREATE TABLE item AS SELECT 1 AS n;
CALL migration('06', 'CREATE INDEX CONCURRENTLY i1 ON item (tell(n))');
CALL migration('07', E'-- slipway: lock-timeout 9s\nCREATE INDEX CONCURRENTLY i2 ON item (tell(n))');
\set VERBOSITY terse
CALL slipway.migrate();
\set VERBOSITY default
TRUNCATE seen;
CALL migration('08', E'-- slipway: lock-timeout 9s\nSET lock_timeout = ''8s''; INSERT INTO seen DEFAULT VALUES');
CALL slipway.migrate();
SELECT lock_timeout FROM seen;
-- It ends what it shall end.
CALL migration('09', E'-- slipway: statement-timeout 10ms\nSELECT pg_sleep(10)');
\set VERBOSITY terse
CALL slipway.migrate(options => '{"statement_timeout": "1min"}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
SHOW statement_timeout;
CALL migration('09', 'SELECT 9');

-- run-as: who, what the record says, and nothing left behind.
CREATE ROLE regress_directive_app;
CREATE ROLE "Regress Directive";
CREATE ROLE regress_directive_deploy;
CREATE ROLE regress_directive_other;
GRANT CREATE, USAGE ON SCHEMA public TO regress_directive_app, "Regress Directive", regress_directive_deploy;
SELECT slipway.grant_role('regress_directive_deploy', kind) FROM unnest('{uploader,deployer,reader}'::text[]) kind;
GRANT regress_directive_app, "Regress Directive" TO regress_directive_deploy;
TRUNCATE seen;
SET ROLE regress_directive_deploy;
SELECT slipway.add_migration('10', E'-- slipway: run-as Regress_Directive_App\nCREATE TABLE of_app (); INSERT INTO public.seen DEFAULT VALUES') IS NOT NULL AS added;
SELECT slipway.add_migration('11', E'-- slipway: run-as "Regress Directive"\nCREATE TABLE of_other (); CREATE INDEX CONCURRENTLY ON of_other ((1)); DO $$ BEGIN INSERT INTO public.seen DEFAULT VALUES; COMMIT; INSERT INTO public.seen DEFAULT VALUES; END $$') IS NOT NULL AS added;
SELECT slipway.add_migration('12', 'INSERT INTO public.seen DEFAULT VALUES') IS NOT NULL AS added;
CALL slipway.migrate();
SELECT current_user;
SELECT who FROM public.seen ORDER BY id;
RESET ROLE;
SELECT relname, relowner::regrole FROM pg_class WHERE relname IN ('of_app', 'of_other') ORDER BY 1;
SELECT migration, session_role, effective_role FROM slipway.history WHERE migration >= '10' ORDER BY entry;
SELECT * FROM slipway.verify_history();
-- The script stays in that role.
SELECT sqlstate, message, line_number FROM slipway.check_script('x', E'-- slipway: run-as regress_directive_app\nSET ROLE postgres');
CALL migration('13', E'-- slipway: run-as regress_directive_app\nDO $$ BEGIN EXECUTE ''RESET ROLE''; END $$');
\set VERBOSITY terse
CALL slipway.migrate();
CALL migration('13', E'-- slipway: run-as regress_directive_app\nDROP TABLE seen');
CALL slipway.migrate();
SELECT current_user = session_user AS back;
-- Nor does a statement lead out of that role that commits by itself.
CREATE PROCEDURE leave() LANGUAGE plpgsql AS $$ BEGIN COMMIT; RESET ROLE; CREATE TABLE escaped (); END $$;
CALL migration('13', E'-- slipway: run-as regress_directive_app\nDO $$ BEGIN COMMIT; RESET ROLE; CREATE TABLE escaped (); END $$');
CALL slipway.migrate();
CALL migration('13', E'-- slipway: run-as regress_directive_app\n-- slipway: no-transaction\nCALL leave()');
CALL slipway.migrate();
SELECT to_regclass('escaped') AS escaped, current_user = session_user AS back;
DROP PROCEDURE leave;
SELECT slipway.forget_failed('13', reason => 'nothing of it was done');
-- Another role than the caller may take, before anything runs, which who only looks on need not care for; one that is not there.
SET ROLE regress_directive_deploy;
\set VERBOSITY default
SELECT slipway.add_migration('13', E'\n-- slipway: run-as regress_directive_other\nSELECT 1') IS NOT NULL AS added;
CALL slipway.migrate();
SELECT migration, kind FROM slipway.plan();
SELECT slipway.add_migration('13', E'-- slipway: run-as regress_directive_nobody\nSELECT 1') IS NOT NULL AS added;
CALL slipway.migrate();
RESET ROLE;
-- A migration before it may make it.
CALL migration('13', 'CREATE ROLE regress_directive_nobody');
CALL migration('14', E'-- slipway: run-as regress_directive_nobody\nINSERT INTO seen DEFAULT VALUES');
CALL slipway.migrate();
SELECT who FROM seen ORDER BY id DESC LIMIT 1;
-- In a project with an owner role there is no other.
CALL project('owned', owner => 'regress_directive_app');
CALL migration('1', E'-- slipway: run-as regress_directive_app\nSELECT 1', 'owned');
CALL slipway.migrate('owned');

SELECT slipway.create_project('owned', NULL, NULL);
SELECT slipway.revoke_role('regress_directive_deploy', kind) FROM unnest('{uploader,deployer,reader}'::text[]) kind;
DROP OWNED BY regress_directive_app, "Regress Directive", regress_directive_deploy, regress_directive_nobody;
DROP ROLE regress_directive_app, "Regress Directive", regress_directive_deploy, regress_directive_other, regress_directive_nobody;
