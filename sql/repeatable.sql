-- Repeatable migrations: run behind the versioned ones, and again when their script has changed.
\i test/fixture/start.psql
CREATE TABLE ran (n serial, what text);
CREATE PROCEDURE repeatable(name text, what text, project text DEFAULT 'default') LANGUAGE sql
    AS $$ CALL migration(name, E'-- slipway: repeatable\nINSERT INTO ran (what) VALUES (''' || what || ''')', project) $$;
CREATE PROCEDURE versioned(name text, project text DEFAULT 'default') LANGUAGE sql
    AS $$ CALL migration(name, 'INSERT INTO ran (what) VALUES (''' || name || ''')', project) $$;
CREATE VIEW state AS
SELECT position, migration, state, script_hash = applied_hash AS same, applied_hash IS NOT NULL AS was_applied, run
  FROM slipway.status WHERE project = 'default' ORDER BY position;

-- Byte order among themselves, behind all versioned ones, whatever their names are.
CALL repeatable('0000_view', 'view 1');
CALL versioned('0002_b');
CALL repeatable('zz_grants', 'grants 1');
CALL versioned('0001_a');
SELECT * FROM state;
SELECT position, migration, kind FROM slipway.plan();
CALL slipway.migrate();
SELECT what FROM ran ORDER BY n;
SELECT * FROM state;
SELECT entry, migration, action, outcome FROM slipway.history ORDER BY entry;

-- Nothing to do; then one has changed, and it is pending although it is applied.
CALL slipway.migrate();
CALL repeatable('0000_view', 'view 2');
SELECT * FROM state;
SELECT slipway.require('0000_view');
SELECT name FROM slipway.schema_migrations ORDER BY name COLLATE "C";
SELECT * FROM slipway.validate();
CALL slipway.migrate();
SELECT what FROM ran WHERE n > 4 ORDER BY n;
SELECT * FROM state WHERE migration = '0000_view';

-- A change back to what it once was is a change.
CALL repeatable('0000_view', 'view 1');
CALL slipway.migrate();
SELECT what FROM ran WHERE n > 5 ORDER BY n;

-- A later versioned one runs first, also if the repeatable one was there before. What is unchanged does not run again.
CALL versioned('0003_c');
CALL repeatable('zz_grants', 'grants 2');
SELECT position, migration FROM slipway.plan();
CALL slipway.migrate();
SELECT what FROM ran WHERE n > 6 ORDER BY n;

-- A target is versioned: those behind it do not run. A repeatable target stands behind all versioned ones.
CALL versioned('0004_d');
CALL repeatable('0000_view', 'view 3');
CALL repeatable('zz_grants', 'grants 3');
CALL slipway.migrate(options => '{"to": "0004_d"}');
SELECT what FROM ran WHERE n > 8 ORDER BY n;
CALL slipway.migrate(options => '{"to": "0000_view"}');
SELECT what FROM ran WHERE n > 9 ORDER BY n;
CALL slipway.migrate();
SELECT what FROM ran WHERE n > 10 ORDER BY n;

-- It fails: the old one stays applied, its new script is to be run.
CALL migration('zz_grants', E'-- slipway: repeatable\nINSERT INTO ran (what) VALUES (''lost'');\nSELECT 1/0');
\set VERBOSITY terse
CALL slipway.migrate();
\set VERBOSITY default
SELECT * FROM state WHERE migration = 'zz_grants';
SELECT slipway.require('zz_grants');
CALL repeatable('zz_grants', 'grants 3');
SELECT * FROM state WHERE migration = 'zz_grants';
CALL slipway.migrate();
SELECT count(*) FROM ran WHERE what = 'lost';

-- A removed file is no error, and what was run stays known.
SELECT E'slipway-manifest 1 order=auto\n' || string_agg(encode(g.up_hash, 'hex') || ' - - ' || g.kind || ' ' || g.name || E'\n', '' ORDER BY u.n) AS rest
  FROM slipway.project p JOIN slipway.manifest f ON f.project = p.name AND f.hash = p.newest,
       unnest(f.members) WITH ORDINALITY u(id, n) JOIN slipway.migration g USING (id)
 WHERE p.name = 'default' AND g.project = p.name AND g.name <> '0000_view' \gset
SELECT count(*) AS missing FROM slipway.add_manifest(:'rest');
SELECT * FROM state;
SELECT * FROM slipway.validate();
CALL slipway.migrate();
CALL versioned('0005_e');
CALL slipway.migrate();
SELECT what FROM ran ORDER BY n DESC LIMIT 1;

-- Stepwise ones, too: what failed part way goes on.
CALL project('steps');
CALL migration('r', E'-- slipway: repeatable\n-- slipway: no-transaction\nINSERT INTO ran (what) VALUES (''step 1'');\nSELECT 1/0', 'steps');
\set VERBOSITY terse
CALL slipway.migrate('steps');
\set VERBOSITY default
CALL migration('r', E'-- slipway: repeatable\n-- slipway: no-transaction\nINSERT INTO ran (what) VALUES (''step 1'');\nINSERT INTO ran (what) VALUES (''step 2'')', 'steps');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'steps';
CALL slipway.migrate('steps');
SELECT what FROM ran WHERE what LIKE 'step%' ORDER BY n;
CALL migration('r', E'-- slipway: repeatable\n-- slipway: no-transaction\nINSERT INTO ran (what) VALUES (''again 1'');\nINSERT INTO ran (what) VALUES (''again 2'')', 'steps');
CALL slipway.migrate('steps');
SELECT what FROM ran WHERE what LIKE 'again%' ORDER BY n;

-- It runs as the project's owner role.
CREATE ROLE regress_repeatable;
GRANT CREATE, USAGE ON SCHEMA public TO regress_repeatable;
CALL project('owned', owner => 'regress_repeatable');
CALL migration('r', E'-- slipway: repeatable\nCREATE OR REPLACE VIEW r AS SELECT 1 AS one', 'owned');
CALL slipway.migrate('owned');
SELECT viewowner FROM pg_views WHERE viewname = 'r';
CALL migration('r', E'-- slipway: repeatable\nCREATE OR REPLACE VIEW r AS SELECT 1 AS one, 2 AS two', 'owned');
CALL slipway.migrate('owned');
SELECT two, viewowner FROM r, pg_views WHERE viewname = 'r';

-- What was repeatable is no new migration when it is versioned; what was versioned runs again when it is repeatable.
SELECT outcome($$CALL migration('r', 'SELECT 1', 'owned')$$);
CALL migration('0001_a', E'-- slipway: repeatable\nINSERT INTO ran (what) VALUES (''0001_a again'')');
SELECT * FROM state;
CALL slipway.migrate();
SELECT what FROM ran ORDER BY n DESC LIMIT 1;
-- Neither behind releases that do not have it, of which the last one was applied whole.
CALL project('left');
SELECT slipway.add_scripts(ARRAY['SELECT 1', 'SELECT 2', E'-- slipway: repeatable\nSELECT 3', 'SELECT 4']) IS NOT NULL AS stored;
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || hash_of(E'-- slipway: repeatable\nSELECT 3') || E' - - repeatable z\n' ||
  hash_of('SELECT 1') || E' - - versioned 0001\n', 'left');
CALL slipway.migrate('left');
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || hash_of('SELECT 1') || E' - - versioned 0001\n' ||
  hash_of('SELECT 2') || E' - - versioned 0002\n', 'left');
CALL slipway.migrate('left');
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || hash_of('SELECT 1') || E' - - versioned 0001\n' ||
  hash_of('SELECT 2') || E' - - versioned 0002\n' || hash_of('SELECT 4') || E' - - versioned z\n', 'left');
SELECT migration, state FROM slipway.status WHERE project = 'left' ORDER BY "position";
\set VERBOSITY terse
CALL slipway.migrate('left');
\set VERBOSITY default
-- The manifest must say what the script says.
CALL project('kinds');
SELECT slipway.add_scripts(ARRAY['SELECT 1', E'-- slipway: repeatable\nSELECT 1']) IS NOT NULL AS stored;
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || hash_of('SELECT 1') || E' - - repeatable r\n' ||
  hash_of(E'-- slipway: repeatable\nSELECT 1') || E' - - versioned v\n', 'kinds');
SELECT migration, sqlstate, message, hint FROM slipway.validate('kinds');
SELECT outcome(E'SELECT slipway.add_manifest(''slipway-manifest 1 order=auto\n' || hash_of('SELECT 1') || E' - - versioned v\n' ||
  hash_of(E'-- slipway: repeatable\nSELECT 1') || E' - - repeatable r\n'', ''kinds'')') AS order_of_kinds;
DROP OWNED BY regress_repeatable;
SELECT slipway.create_project('owned', NULL, NULL);
DROP ROLE regress_repeatable;
