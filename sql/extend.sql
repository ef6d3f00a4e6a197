-- A release mostly has the migrations of the one before and some more. What was
-- applied whole is neither uploaded nor looked at again.
\i test/fixture/start.psql

CREATE FUNCTION line(name text, body text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT hash_of(body) || ' - - versioned ' || name || E'\n' $$;
SELECT E'slipway-manifest 1 order=auto\n' || line('0001_a', 'SELECT 1') || line('0002_b', 'SELECT 2') AS first \gset
SELECT manifest_hash(:'first') AS first_hash \gset
SELECT slipway.add_scripts('{SELECT 1,SELECT 2,SELECT 3,SELECT 4,SELECT 5}') IS NOT NULL AS stored;
-- Nothing was applied whole: there is no base, and what is only stored is none.
SELECT count(*) AS missing FROM slipway.add_manifest(:'first');
SELECT manifest, size, settled, uploader FROM slipway.find_base();
SELECT outcome(format('SELECT slipway.extend_manifest(%L, %L)', :'first_hash', line('0003_c', 'SELECT 3')))
       LIKE 'SW009: project "default" has no manifest % that was applied whole%' AS refused;
CALL slipway.migrate(options => '{"to": "0001_a"}');
SELECT manifest, size, settled, uploader FROM slipway.find_base();
CALL slipway.migrate();
SELECT manifest = :'first_hash' AS manifest, size, settled, uploader, head = (SELECT encode(entry_hash, 'hex') FROM slipway.history ORDER BY entry DESC LIMIT 1) AS head FROM slipway.find_base();

-- Nothing is settled for who could not run it.
CREATE ROLE regress_extend_reader;
SELECT slipway.grant_role('regress_extend_reader', 'reader', 'default');
SET ROLE regress_extend_reader;
SELECT manifest IS NOT NULL AS manifest, size, settled, uploader, head IS NOT NULL AS head FROM slipway.find_base();
RESET ROLE;
SELECT slipway.revoke_role('regress_extend_reader', 'reader', 'default');
DROP ROLE regress_extend_reader;

-- More members behind it: the same manifest, by the same hash, as if all of it were sent.
SELECT :'first' || line('0003_c', 'SELECT 3') || line('0004_d', 'nowhere') AS second \gset
SELECT m = hash_of('nowhere') AS missing
  FROM slipway.extend_manifest(:'first_hash', line('0003_c', 'SELECT 3') || line('0004_d', 'nowhere')) m;
SELECT stored, settled, missing = ARRAY[hash_of('nowhere')] AS missing FROM slipway.find_manifest(manifest_hash(:'second'));
SELECT members, name_order, encode(hash, 'hex') = manifest_hash(:'second') AS keyed, hash = newest AS newest
  FROM slipway.manifest f JOIN slipway.project p ON p.name = f.project AND f.hash = p.newest;
SELECT count(*) AS missing FROM slipway.add_manifest(:'second');
SELECT count(*) FROM slipway.manifest WHERE encode(hash, 'hex') = manifest_hash(:'second');
-- The base stays, but there is a newer one now.
SELECT manifest = :'first_hash' AS manifest, size, settled FROM slipway.find_base();
-- As a project's first manifest it has the members it has here.
CALL project('whole');
SELECT count(*) AS missing FROM slipway.add_manifest(:'second', 'whole');
SELECT array_agg(m.name ORDER BY n) FROM slipway.project p JOIN slipway.manifest f ON f.project = p.name AND f.hash = p.newest
  CROSS JOIN unnest(f.members) WITH ORDINALITY u(id, n) JOIN slipway.migration m ON m.project = f.project AND m.id = u.id
 WHERE p.name IN ('default', 'whole') GROUP BY p.name;
-- Other projects have nothing of it.
SELECT * FROM slipway.find_base('whole');
SELECT outcome($$SELECT slipway.find_base('nowhere')$$);
SELECT outcome(format('SELECT slipway.extend_manifest(%L, %L, %L)', :'first_hash', '', 'whole')) LIKE 'SW009:%' AS refused;

-- Only what is new is planned, and it is not run if something of it is missing.
CALL slipway.migrate();
SELECT slipway.add_script('nowhere') IS NOT NULL AS stored;
CALL slipway.migrate();
SELECT migration, outcome, sqlstate FROM slipway.history WHERE project = 'default' ORDER BY entry;
SELECT count(*) AS missing FROM slipway.extend_manifest(:'first_hash', line('0003_c', 'SELECT 3') || line('0004_d', 'SELECT 4'));
CALL slipway.migrate();
SELECT migration, outcome, sqlstate FROM slipway.history WHERE project = 'default' ORDER BY entry;
SELECT migration, state FROM slipway.status WHERE project = 'default';
-- A target among those that are applied is found there.
SELECT size, settled FROM slipway.find_base();
SELECT encode(newest, 'hex') AS third FROM slipway.project WHERE name = 'default' \gset
SELECT count(*) AS missing FROM slipway.extend_manifest(:'third', line('0005_e', 'SELECT 5'));
CALL slipway.migrate(options => '{"to": "0002_b"}');
CALL slipway.migrate(options => '{"to": "nowhere"}');
SELECT state, count(*) FROM slipway.status WHERE project = 'default' GROUP BY 1 ORDER BY 1;
-- What was done by hand since is seen: the history is read again.
SELECT count(*) AS missing FROM slipway.extend_manifest(:'first_hash', line('0005_e', 'SELECT 5'));
CALL slipway.migrate();
SELECT count(*) AS missing FROM slipway.extend_manifest(:'third', line('0005_e', 'SELECT 5'));
CALL slipway.migrate();
SELECT state, count(*) FROM slipway.status WHERE project = 'default' GROUP BY 1 ORDER BY 1;
-- Nothing more is the same one.
SELECT count(*) AS missing FROM slipway.extend_manifest(:'third', '');
SELECT encode(newest, 'hex') = :'third' AS same FROM slipway.project WHERE name = 'default';

-- What is wrong with the lines, or with them behind the base.
CREATE FUNCTION more(lines text) RETURNS text LANGUAGE sql
    AS $$ SELECT outcome(format('SELECT slipway.extend_manifest(manifest, %L) FROM slipway.find_base()', lines)) $$;
SELECT more(line('0004_x', 'SELECT 1'));
SELECT more(line('0005_e', 'SELECT 1'));
SELECT more(line('0007_b', 'SELECT 1') || line('0006_a', 'SELECT 1'));
SELECT more(line('10_a', 'SELECT 1') || line('9_b', 'SELECT 1'));
SELECT more(line('10_a', 'SELECT 1') || line('2_b', 'SELECT 1'));
SELECT more(line('00050_a', 'SELECT 1'));
SELECT more('rubbish');
SELECT more(E'rubbish\n');
SELECT more(E'\n');
SELECT more(:'first');
SELECT outcome($$SELECT slipway.extend_manifest('abc', '')$$);
SELECT outcome(format('SELECT slipway.extend_manifest(%L, %L, %L)', :'first_hash', '', 'nowhere'));
SELECT slipway.extend_manifest(NULL, '');
-- A name has one history: one that is there as another kind cannot come again behind it.
CALL project('mixed');
SELECT slipway.add_script(E'-- slipway: repeatable\nSELECT 1') AS view \gset
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || :'view' || E' - - repeatable item\n' || line('0001_a', 'SELECT 1'), 'mixed');
CALL slipway.migrate('mixed');
SELECT outcome(format('SELECT slipway.extend_manifest(manifest, %L, %L) FROM slipway.find_base(%2$L)', line('item', 'SELECT 2'), 'mixed'));
-- Of other manifests it may be.
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n' || :'view' || E' - - repeatable view\n', 'mixed');
SELECT outcome(format('SELECT slipway.extend_manifest(manifest, %L, %L) FROM slipway.find_base(%2$L)', line('view', 'SELECT 2'), 'mixed'));
-- Nor is what a rollback has left part way, though nobody could write that down.
CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE disk_full USING MESSAGE = 'no room'; END$$;
CALL project('down');
SELECT slipway.add_migration('0001_a', 'SELECT 1', E'CREATE TABLE down ();\nVACUUM down;\nSELECT 1 / 0', project => 'down') IS NOT NULL AS added;
CALL slipway.migrate('down');
SELECT size, settled FROM slipway.find_base('down');
CREATE TRIGGER a_full BEFORE INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION is_full();
\set VERBOSITY terse
CALL slipway.rollback('down', '{"steps": 1}');
\set VERBOSITY default
DROP TRIGGER a_full ON slipway.history;
SELECT size, settled FROM slipway.find_base('down');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'down';
