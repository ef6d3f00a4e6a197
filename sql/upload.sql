-- Scripts, manifests and migrations as they come in.
\i test/fixture/start.psql

-- Scripts. The hash is that of the text with LF for CRLF and without a byte
-- order mark; the text is stored that way, and once.
SELECT slipway.add_script(E'SELECT 1;\nSELECT ''é'';\n') = hash_of(E'SELECT 1;\nSELECT ''é'';\n') AS lf;
SELECT slipway.add_script(E'SELECT 1;\r\nSELECT ''é'';\r\n') = hash_of(E'SELECT 1;\nSELECT ''é'';\n') AS crlf;
SELECT slipway.add_script(E'\uFEFFSELECT 1;\nSELECT ''é'';\n') = hash_of(E'SELECT 1;\nSELECT ''é'';\n') AS bom;
SELECT slipway.add_script(E'\uFEFFSELECT 1;\r\nSELECT ''é'';\n') = hash_of(E'SELECT 1;\nSELECT ''é'';\n') AS both;
SELECT count(*), min(body) = E'SELECT 1;\nSELECT ''é'';\n' AS normal, min(encode(hash, 'hex')) = hash_of(min(body)) AS keyed FROM slipway.script;
-- A lone CR stays, as does a mark that is not at the beginning.
SELECT slipway.add_script(E'a\rb') = hash_of(E'a\rb') AS cr;
SELECT slipway.add_script(E'a\r\r\nb') = hash_of(E'a\nb') AS cr_crlf;
SELECT slipway.add_script(E'a\r') = hash_of(E'a\r') AS cr_last;
SELECT slipway.add_script(E'\uFEFF\uFEFFa') = hash_of('a') AS two_marks;
SELECT slipway.add_script(E'a\uFEFFb') = hash_of(E'a\uFEFFb') AS inner_mark;
SELECT slipway.add_script('') = hash_of('') AS empty;
SELECT count(*) FROM slipway.script;
SELECT slipway.add_script(NULL) IS NULL AS null_script, slipway.add_script('new', NULL) IS NULL AS null_project;
SELECT outcome($$SELECT slipway.add_script('new', 'nowhere')$$);
SELECT outcome('SELECT slipway.create_project(NULL)');
SELECT count(*) FROM slipway.script;

-- Manifests. h(n) is the hash of a script that was never uploaded.
CREATE FUNCTION h(n integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT hash_of(n::text)';
CREATE FUNCTION manifest(name_order text, VARIADIC names text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat('slipway-manifest 1 order=', name_order, E'\n',
                  string_agg(h(n::integer) || ' - - versioned ' || name || E'\n', '' ORDER BY n))
      FROM unnest(names) WITH ORDINALITY u(name, n)
$$;
CREATE FUNCTION add(manifest text) RETURNS text LANGUAGE sql
    AS $$ SELECT outcome(format('SELECT slipway.add_manifest(%L)', manifest)) $$;

-- What the server lacks is listed, each script once, until it is there.
SELECT missing = h(1) AS one, missing = h(2) AS two, missing = h(3) AS three
  FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
       || h(1) || ' ' || h(2) || ' ' || h(3) || E' versioned 0001_a\n'
       || h(1) || E' - - versioned 0002_b\n') missing
 ORDER BY 1, 2, 3;
SELECT slipway.add_script('2') = h(2) AS uploaded;
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
       || h(1) || ' ' || h(2) || ' ' || h(3) || E' versioned 0001_a\n'
       || h(1) || E' - - versioned 0002_b\n') missing;
SELECT slipway.add_script('1') = h(1) AS uploaded, slipway.add_script('3') = h(3) AS uploaded;
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
       || h(1) || ' ' || h(2) || ' ' || h(3) || E' versioned 0001_a\n'
       || h(1) || E' - - versioned 0002_b\n') missing;
-- It was stored once, under its hash.
SELECT project, name_order, cardinality(members),
       encode(hash, 'hex') = manifest_hash(E'slipway-manifest 1 order=auto\n'
       || h(1) || ' ' || h(2) || ' ' || h(3) || E' versioned 0001_a\n'
       || h(1) || E' - - versioned 0002_b\n') AS keyed
  FROM slipway.manifest;
SELECT name, kind, encode(up_hash, 'hex') = h(1) AS up, encode(down_hash, 'hex') = h(2) AS down, encode(verify_hash, 'hex') = h(3) AS verify
  FROM slipway.migration ORDER BY name;
-- A folder without migrations.
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=name\n');
SELECT name_order, members FROM slipway.manifest WHERE members = '{}';

-- Orders.
SELECT add(manifest('auto', '1_a', '2_b', '3_c'));
SELECT add(manifest('auto', '010_a', '2_b'));
SELECT add(manifest('auto', '10_a', '2_b'));
SELECT add(manifest('name', '10_a', '2_b'));
SELECT add(manifest('number', '10_a', '2_b'));
SELECT add(manifest('number', '2_b', '10_a'));
-- Only names that begin with digits can be ambiguous; others may stand between.
SELECT add(manifest('auto', '10_a', 'V2_b'));
SELECT add(manifest('auto', 'V10_a', 'V2_b'));
SELECT add(manifest('number', '1_z', '01_a'));
SELECT add(manifest('number', '01_a', '1_z', '0002', 'a', 'b'));
SELECT add(manifest('number', 'a', '1'));
SELECT add(manifest('number', '99999999999999999999999998_x', '99999999999999999999999999_a'));
SELECT add(manifest('number', '99999999999999999999999999_a', '99999999999999999999999998_x'));
SELECT add(manifest('auto', '20240101000000_a', '20240101000001_b'));
-- Byte order, whatever the collation of the database.
SELECT add(manifest('auto', 'B', 'a', 'z', 'ä', '𝄞'));
SELECT add(manifest('auto', 'a', 'B'));

-- Not the text of a manifest.
SELECT add('');
SELECT add('CREATE TABLE t ()');
SELECT add(E'slipway-manifest 2 order=auto\n');
SELECT add('slipway-manifest 1 order=auto');
SELECT add(E'slipway-manifest 1 order=random\n');
SELECT add(E'slipway-manifest 1 order=auto\r\n');
SELECT add(manifest('auto', '1_a') || '0002_b');
SELECT add(manifest('auto', '1_a') || E'\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || E' - versioned a\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - monthly a\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || E'\t-\t-\tversioned\ta\n');
SELECT add(E'slipway-manifest 1 order=auto\n- - - versioned a\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || left(h(1), 63) || E' - - versioned a\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || ' ' || left(h(1), 63) || E'g - versioned a\n');
SELECT add(manifest('name', '2', '1'));
SELECT add(manifest('auto', 'a', 'b', 'b'));
SELECT add(manifest('number', '1', '1'));
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - repeatable a\n' || h(2) || E' - - versioned a\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - hook before_lunch\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - versioned before_each\n');
SELECT add(E'slipway-manifest 1 order=auto\n' || h(1) || ' ' || h(2) || E' - hook before_each\n');
-- Not the name of a migration.
SELECT add(manifest('auto', ''));
SELECT add(manifest('auto', E'a\tb'));
SELECT add(manifest('auto', E'a\x7f'));
SELECT left(add(manifest('auto', repeat('x', 1025))), 100);
SELECT left(add(manifest('auto', repeat('é', 513))), 100);
SELECT add(manifest('auto', repeat('é', 512)));
SELECT outcome(format('SELECT slipway.add_manifest(%L, %L)', manifest('auto', 'a'), 'nowhere'));
SELECT count(*) FROM slipway.add_manifest(NULL);
SELECT count(*) FROM slipway.add_manifest(manifest('auto', 'a'), NULL);
-- Nothing of all that was stored.
SELECT name_order, count(*) FROM slipway.manifest GROUP BY 1 ORDER BY 1;

-- Migrations one by one. Each call makes a manifest, whose hash it returns.
CALL project('single');
SELECT slipway.add_migration('0001_a', '1', project => 'single')
     = manifest_hash(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - versioned 0001_a\n') AS first;
SELECT slipway.add_migration('0003_c', '1', '2', '3', 'single')
     = manifest_hash(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - versioned 0001_a\n'
       || h(1) || ' ' || h(2) || ' ' || h(3) || E' versioned 0003_c\n') AS second;
SELECT slipway.add_migration('0002_b', E'2\r\n', NULL, '3', 'single')
     = manifest_hash(E'slipway-manifest 1 order=auto\n' || h(1) || E' - - versioned 0001_a\n'
       || hash_of(E'2\n') || ' - ' || h(3) || E' versioned 0002_b\n'
       || h(1) || ' ' || h(2) || ' ' || h(3) || E' versioned 0003_c\n') AS third;
SELECT migration, state FROM slipway.status WHERE project = 'single';
-- The same again is no new manifest.
SELECT count(*) FROM slipway.manifest WHERE project = 'single';
SELECT slipway.add_migration('0002_b', E'2\n', NULL, '3', 'single') IS NOT NULL AS again;
SELECT count(*) FROM slipway.manifest WHERE project = 'single';
-- A pending one is replaced, and replaced back.
CREATE FUNCTION body_of(name text, project text) RETURNS text LANGUAGE sql AS $$
    SELECT s.body FROM slipway.plan(project) p JOIN slipway.script s ON encode(s.hash, 'hex') = p.script_hash WHERE p.migration = name $$;
CALL project('replace');
CALL migration('0001_a', 'SELECT 1', 'replace');
SELECT body_of('0001_a', 'replace');
CALL migration('0001_a', 'SELECT 2', 'replace');
SELECT body_of('0001_a', 'replace');
CALL migration('0001_a', 'SELECT 1', 'replace');
SELECT body_of('0001_a', 'replace');
-- An applied one only with the script that it has.
CALL slipway.migrate('replace');
CALL migration('0001_a', 'SELECT 1', 'replace');
SELECT outcome($$SELECT slipway.add_migration('0001_a', 'SELECT 3', project => 'replace')$$);
SELECT migration, state FROM slipway.status WHERE project = 'replace';
-- The order of the newest manifest stays.
CALL project('numbered');
SELECT count(*) FROM slipway.add_manifest(manifest('number', '2', '10'), 'numbered');
CALL migration('9', 'SELECT 1', 'numbered');
CALL migration('11', 'SELECT 1', 'numbered');
SELECT position, migration FROM slipway.status WHERE project = 'numbered';
CALL project('ambiguous');
CALL migration('2_b', 'SELECT 1', 'ambiguous');
SELECT outcome($$SELECT slipway.add_migration('10_a', 'SELECT 1', project => 'ambiguous')$$);
SELECT count(*) FROM slipway.manifest WHERE project = 'ambiguous';
-- Names are text: nothing in them means anything.
CALL project('name');
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['a b', ' leading', 'trailing ', 'it''s', '"quoted"', 'semi;colon', 'back\slash', '%s%n', '$1', '--', '/*', 'ünïcödé', '名前', '𝄞',
                                '../up', 'a.sql', repeat('n', 300), '-', '0']
    LOOP
        CALL migration(name, 'INSERT INTO seen VALUES (' || quote_literal(name) || ')', 'name');
    END LOOP;
END
$$;
CREATE TABLE seen (name text);
CALL slipway.migrate('name');
SELECT h.migration = s.name AS same, left(s.name, 20) AS name, length(s.name)
  FROM (SELECT name, row_number() OVER () AS n FROM seen) s
  LEFT JOIN slipway.history h ON h.project = 'name' AND h.entry = s.n
 ORDER BY s.n;
SELECT count(*) FROM seen;
SELECT outcome($$SELECT slipway.add_migration('', 'SELECT 1')$$);
SELECT outcome($$SELECT slipway.add_migration(E'a\nb', 'SELECT 1')$$);
SELECT outcome($$SELECT slipway.add_migration(repeat('x', 1025), 'SELECT 1')$$);
SELECT outcome($$SELECT slipway.add_migration(NULL, 'SELECT 1')$$);
SELECT outcome($$SELECT slipway.add_migration('a', NULL)$$);
SELECT outcome($$SELECT slipway.add_migration('a', 'SELECT 1', project => NULL)$$);
SELECT outcome($$SELECT slipway.add_migration('a', 'SELECT 1', project => 'nowhere')$$);
SELECT count(*) FROM slipway.project WHERE name = 'nowhere';

-- Between the parts of a script other things are hashed: it has the hash that it has.
BEGIN;
SELECT slipway.add_script_part('SELECT 1;', 0, false);
SELECT length(slipway.fingerprint('default')) AS length;
SELECT slipway.add_script_part(' SELECT 2;', 9, true) = hash_of('SELECT 1; SELECT 2;') AS right_hash;
COMMIT;
SELECT count(*) FROM slipway.script WHERE encode(hash, 'hex') <> hash_of(body);
