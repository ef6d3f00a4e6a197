-- Who has code run in the session of somebody else cannot upload or approve in that one's name: by an
-- index, whoever has the table analyzed; by a function that others call; by a script that others deploy.
\i test/fixture/start.psql
\set VERBOSITY terse
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_identity_one, regress_identity_other;
CREATE ROLE regress_identity_one LOGIN;
CREATE ROLE regress_identity_other LOGIN;
RESET client_min_messages;
CALL project('p');
CALL project('q');
GRANT CREATE ON SCHEMA public TO regress_identity_one;
\t on
SELECT slipway.grant_role('regress_identity_one', kind, 'p') FROM unnest('{uploader,approver,deployer,admin}'::text[]) kind;
SELECT slipway.grant_role('regress_identity_other', kind, project)
  FROM unnest('{uploader,deployer}'::text[]) kind, unnest('{p,q}'::text[]) project;
SELECT slipway.require_approval(true, 'four eyes', 'p');
\t off

SET SESSION AUTHORIZATION regress_identity_one;
SELECT slipway.add_migration('0001', 'SELECT ''mine''', project => 'p') IS NOT NULL AS added;
SELECT outcome($$SELECT slipway.approve('0001', project => 'p')$$);
CREATE FUNCTION try(text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF session_user <> 'regress_identity_one' THEN
        EXECUTE $1;
        RAISE INFO 'done as %, in the name of %: %', current_user, session_user, $1;
    END IF;
    RETURN 1;
EXCEPTION WHEN others THEN
    RAISE INFO '%: % %', $1, sqlstate, sqlerrm;
    RETURN 0;
END
$$;
CREATE TABLE trap (statement text);
INSERT INTO trap VALUES
  ($$SELECT current_user$$),
  ($$SELECT slipway.approve('0001', project => 'p')$$),
  ($$SELECT slipway.withdraw_approval('0001', 'x', project => 'p')$$),
  ($$SELECT slipway.require_approval(false, 'x', 'p')$$),
  ($$SELECT slipway.mark_applied('0001', 'x', 'p')$$),
  ($$SELECT slipway.add_migration('0001', 'SELECT 2', project => 'p')$$),
  ($$SELECT slipway.add_script('SELECT 2', 'p')$$);
CREATE INDEX ON trap (try(statement));
CREATE FUNCTION lend(text) RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT try($1)';
RESET SESSION AUTHORIZATION;
ANALYZE trap;
SET SESSION AUTHORIZATION regress_identity_other;
SELECT lend($$SELECT current_user$$);
SELECT lend($$SELECT slipway.approve('0001', project => 'p')$$);
SELECT lend($$SELECT slipway.withdraw_approval('0001', 'x', project => 'p')$$);
SELECT lend($$SELECT slipway.require_approval(false, 'x', 'p')$$);
SELECT lend($$SELECT slipway.add_migration('0001', 'SELECT 2', project => 'p')$$);
SELECT lend($$SELECT slipway.add_script('SELECT 2', 'p')$$);
-- Where nothing has to be approved, he may lend his right to upload.
RESET SESSION AUTHORIZATION;
SELECT slipway.add_migration('0001', $$SELECT slipway.add_migration('0001', 'SELECT 3', project => 'p')$$, project => 'q') IS NOT NULL AS added;
SET SESSION AUTHORIZATION regress_identity_other;
CALL slipway.migrate('q');
SELECT slipway.needs_approval('p'), migration, state, approval FROM slipway.status WHERE project = 'p';
RESET SESSION AUTHORIZATION;
SELECT name, created_by, encode(up_hash, 'hex') = hash_of('SELECT ''mine''') AS mine FROM slipway.migration WHERE project = 'p';
SELECT action, session_role FROM slipway.log WHERE project = 'p';
SELECT slipway.require_approval(false, 'no more', 'p');
SET SESSION AUTHORIZATION regress_identity_other;
SELECT lend($$SELECT slipway.add_script('SELECT 2', 'p')$$);
CALL slipway.migrate('q');
RESET SESSION AUTHORIZATION;
SELECT name, created_by, encode(up_hash, 'hex') = hash_of('SELECT 3') AS planted FROM slipway.migration WHERE project = 'p' ORDER BY id;

SET client_min_messages = error;
DROP EXTENSION pg_slipway CASCADE;
DROP OWNED BY regress_identity_one, regress_identity_other;
DROP ROLE regress_identity_one, regress_identity_other;
