-- What the session of a deployer has prepared: where scripts run as an owner role, or as they
-- were approved, it must not change what they mean.
\i test/fixture/start.psql
\set VERBOSITY default
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_caller_owner, regress_caller_deployer, regress_caller_other;
CREATE ROLE regress_caller_owner;
CREATE ROLE regress_caller_deployer LOGIN;
CREATE ROLE regress_caller_other LOGIN;
RESET client_min_messages;
CREATE SCHEMA app AUTHORIZATION regress_caller_owner;
CREATE SCHEMA mine AUTHORIZATION regress_caller_deployer;
GRANT USAGE ON SCHEMA mine TO PUBLIC;
CREATE TABLE app.ledger (id integer);
CREATE TABLE app.loot AS SELECT 'secret' AS value;
ALTER TABLE app.ledger OWNER TO regress_caller_owner;
ALTER TABLE app.loot OWNER TO regress_caller_owner;
-- owned: with an owner role; open: with that and no schemas; approved: with neither
CALL project('owned', '{app}', 'regress_caller_owner');
CALL project('open', NULL, 'regress_caller_owner');
CALL project('approved', '{app}');
\t on
SELECT slipway.grant_role('regress_caller_deployer', kind, project)
  FROM unnest('{uploader,deployer}'::text[]) kind, unnest('{owned,open,approved}'::text[]) project;
SELECT slipway.grant_role('regress_caller_other', 'approver', 'approved');
\t off
GRANT USAGE ON SCHEMA app TO regress_caller_deployer;
CALL migration('0001_it', 'INSERT INTO ledger VALUES (1)', 'owned');
CALL migration('0001_it', 'INSERT INTO app.ledger VALUES (2)', 'open');
CALL migration('0001_it', 'SELECT 3', 'approved');

-- A temporary table in place of the real one, with code that would run as the owner.
SET SESSION AUTHORIZATION regress_caller_deployer;
CREATE TEMP TABLE ledger (id integer);
CREATE FUNCTION pg_temp.steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'GRANT ALL ON app.loot TO regress_caller_deployer';
    RETURN NEW;
END
$$;
CREATE TRIGGER steal BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION pg_temp.steal();
GRANT ALL ON ledger TO PUBLIC;
CALL slipway.migrate('owned');
CALL slipway.rehearse('owned');
CALL slipway.verify('owned');
\set VERBOSITY terse
CALL slipway.rollback('owned', '{"all": true}');
SELECT * FROM app.loot;
DISCARD TEMP;
-- Anything temporary.
CREATE TEMP VIEW ledger AS SELECT 1 AS id;
CALL slipway.migrate('owned');
DISCARD TEMP;
CREATE TYPE pg_temp.ledger AS ENUM ('a');
CALL slipway.migrate('owned');
DROP TYPE pg_temp.ledger;
-- Without any: it runs.
CALL slipway.migrate('owned');
RESET SESSION AUTHORIZATION;
SELECT * FROM app.ledger;
SELECT * FROM app.loot;

-- The same text, other SQL.
SET SESSION AUTHORIZATION regress_caller_deployer;
SELECT slipway.add_migration('0002_text', $$INSERT INTO ledger SELECT 2 WHERE 'a\' <> ', (9); DROP TABLE loot; --'$$, project => 'owned') IS NOT NULL AS added;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
\set VERBOSITY default
CALL slipway.migrate('owned');
\set VERBOSITY terse
RESET standard_conforming_strings;
SET transform_null_equals = on;
CALL slipway.migrate('owned');
RESET transform_null_equals;
SET array_nulls = off;
CALL slipway.migrate('owned');
RESET array_nulls;
-- The same SQL, other effects.
SET gin_fuzzy_search_limit = 1;
CALL slipway.migrate('owned');
RESET gin_fuzzy_search_limit;
DO 'BEGIN END';
SET plpgsql.check_asserts = off;
CALL slipway.migrate('owned');
RESET plpgsql.check_asserts;
RESET SESSION AUTHORIZATION;
GRANT SET ON PARAMETER session_replication_role TO regress_caller_deployer;
SET SESSION AUTHORIZATION regress_caller_deployer;
SET session_replication_role = replica;
CALL slipway.migrate('owned');
RESET session_replication_role;
CALL slipway.migrate('owned');
RESET SESSION AUTHORIZATION;
SELECT * FROM app.ledger;

-- A search_path of his own, with a schema of his own, or one that he may write into.
SET SESSION AUTHORIZATION regress_caller_deployer;
SET search_path = mine, app;
\set VERBOSITY default
CALL slipway.migrate('open');
\set VERBOSITY terse
CALL slipway.migrate('open', '{"search_path": "app, mine"}');
-- Also where he has taken that right from himself; or has made a schema of the role's name.
REVOKE CREATE ON SCHEMA mine FROM regress_caller_deployer;
\set VERBOSITY default
CALL slipway.migrate('open');
\set VERBOSITY terse
GRANT CREATE ON SCHEMA mine TO regress_caller_deployer;
RESET SESSION AUTHORIZATION;
CREATE SCHEMA regress_caller_owner AUTHORIZATION regress_caller_deployer;
SET SESSION AUTHORIZATION regress_caller_deployer;
RESET search_path;
CALL slipway.migrate('open');
SET search_path = app, "$user";
CALL slipway.migrate('open');
DROP SCHEMA regress_caller_owner;
RESET SESSION AUTHORIZATION;
CREATE SCHEMA regress_caller_owner AUTHORIZATION regress_caller_owner;
SET SESSION AUTHORIZATION regress_caller_deployer;
SET search_path = app, nowhere, "$user";
CALL slipway.migrate('open');
RESET SESSION AUTHORIZATION;
SELECT * FROM app.ledger;

-- Where scripts run as the caller, he may have what he likes.
SET SESSION AUTHORIZATION regress_caller_deployer;
CREATE TEMP TABLE ledger (id integer);
SET search_path = mine;
CALL slipway.migrate('approved');
-- But not where they were approved; a rehearsal is for himself.
RESET SESSION AUTHORIZATION;
RESET search_path;
DISCARD TEMP;
SELECT slipway.require_approval(true, 'why', 'approved');
CALL migration('0002_it', 'SELECT 4', 'approved');
SET SESSION AUTHORIZATION regress_caller_other;
SELECT slipway.approve('0002_it', project => 'approved') IS NOT NULL AS approved;
SET SESSION AUTHORIZATION regress_caller_deployer;
CREATE TEMP TABLE ledger (id integer);
\set VERBOSITY default
CALL slipway.migrate('approved');
\set VERBOSITY terse
CALL slipway.rehearse('approved', '{"snapshot": false}');
DISCARD TEMP;
CALL slipway.migrate('approved');
SELECT migration, state FROM slipway.status WHERE project = 'approved';
RESET SESSION AUTHORIZATION;
-- A setting of a library that is not loaded yet.
SELECT session_user AS super \gset
\c - regress_caller_deployer
\set VERBOSITY terse
SET plpgsql.check_asserts = false;
CALL slipway.migrate('owned');
\c - :super

SET client_min_messages = error;
DROP EXTENSION pg_slipway CASCADE;
DROP SCHEMA app, mine, regress_caller_owner CASCADE;
DROP OWNED BY regress_caller_owner, regress_caller_deployer, regress_caller_other;
DROP ROLE regress_caller_owner, regress_caller_deployer, regress_caller_other;
