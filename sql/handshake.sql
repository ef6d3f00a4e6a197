-- What a client asks and sends before it calls slipway.migrate().
\i test/fixture/start.psql

-- Nothing is known yet, not even the project.
SELECT * FROM slipway.find_manifest(repeat('0', 64));
SELECT count(*) FROM slipway.project;
SELECT outcome($$SELECT slipway.find_manifest(repeat('0', 64), 'nowhere')$$);
SELECT outcome($$SELECT slipway.find_manifest('0123')$$);
SELECT outcome($$SELECT slipway.find_manifest(repeat('g', 64))$$);

-- Stored, but its scripts are missing.
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
    || hash_of('SELECT 1') || ' ' || hash_of('SELECT -1') || E' - versioned 0001_a\n'
    || hash_of('SELECT 2') || E' - - versioned 0002_b\n');
SELECT encode(newest, 'hex') AS first FROM slipway.project \gset
SELECT stored, settled, head, (SELECT array_agg(m ORDER BY m) FROM unnest(missing) m)
       = (SELECT array_agg(hash_of(b) ORDER BY hash_of(b)) FROM unnest('{SELECT 1,SELECT -1,SELECT 2}'::text[]) b) AS missing
  FROM slipway.find_manifest(:'first');

-- Many bodies at once; a byte order mark and CRLF do not matter.
SELECT slipway.add_scripts(ARRAY['SELECT 1', E'\uFEFFSELECT 2']) = ARRAY[hash_of('SELECT 1'), hash_of('SELECT 2')] AS hashes;
SELECT slipway.add_scripts('{}');
SELECT outcome($$SELECT slipway.add_scripts('{a,NULL}')$$);
SELECT outcome($$SELECT slipway.add_scripts('{a}', 'nowhere')$$);
SELECT count(*) FROM slipway.script;
SELECT cardinality(missing) FROM slipway.find_manifest(:'first');

-- One body in parts: cut anywhere, between CR and LF too, in one transaction.
BEGIN;
SELECT slipway.add_script_part('\xEFBBBF53454C', 0, false);
SELECT slipway.add_script_part('ECT -', 6, false);
SELECT slipway.add_script_part('1', 11, true) = hash_of('SELECT -1') AS hash;
SELECT slipway.add_script_part(E'a\r'::text::bytea, 0, false);
SELECT slipway.add_script_part(E'\n\u00fc'::text::bytea, 2, true) = hash_of(E'a\nü') AS hash;
COMMIT;
SELECT count(*) FROM slipway.script;
-- Begun anew, the first parts are forgotten.
BEGIN;
SELECT slipway.add_script_part('forgotten', 0, false);
SELECT slipway.add_script_part('kept', 0, true) = hash_of('kept') AS hash;
COMMIT;
-- Not in order, and not in one transaction.
SELECT outcome($$SELECT slipway.add_script_part('x', 1, true)$$);
SELECT slipway.add_script_part('lost', 0, false);
SELECT outcome($$SELECT slipway.add_script_part('x', 4, true)$$);
BEGIN;
SELECT slipway.add_script_part('lost', 0, false);
SELECT outcome($$SELECT slipway.add_script_part('x', 3, true)$$);
ROLLBACK;
SELECT outcome($$SELECT slipway.add_script_part('x', 4, true)$$);
SELECT outcome($$SELECT slipway.add_script_part('x', -1, true)$$);
SELECT outcome($$SELECT slipway.add_script_part('\xff', 0, true)$$);
SELECT outcome($$SELECT slipway.add_script_part('x', 0, true, 'nowhere')$$);
SELECT outcome($$SELECT slipway.add_script_part('x', 0, false, 'nowhere')$$);
SELECT slipway.add_script_part('', 0, true) = hash_of('') AS empty;
-- A mark, a character, and carriage returns that go or stay, all of them cut.
BEGIN;
SELECT slipway.add_script_part('\xEF', 0, false);
SELECT slipway.add_script_part('\xBBBFEFBB', 1, false);
SELECT slipway.add_script_part('\xBF0DE2', 5, false);
SELECT slipway.add_script_part('\x82', 8, false);
-- Another hash in between.
SELECT slipway.add_scripts(ARRAY['between']) = ARRAY[hash_of('between')] AS hashes;
SELECT slipway.add_script_part('\xAC0D', 9, false);
SELECT slipway.add_script_part('\x0D0D', 11, false);
SELECT slipway.add_script_part('\x0D', 13, false);
SELECT slipway.add_script_part('\x0A0D0D', 14, false);
SELECT slipway.add_script_part('\x2D0D', 17, false);
SELECT slipway.add_script_part('\x0D', 19, true) = hash_of(E'\r\u20ac\n\r\r-\r\r') AS hash;
SELECT body = E'\r\u20ac\n\r\r-\r\r' AS body FROM slipway.script WHERE hash = sha256(convert_to(E'\r\u20ac\n\r\r-\r\r', 'UTF8'));
SELECT slipway.add_script_part(E'\r'::text::bytea, 0, false);
SELECT slipway.add_script_part(E'\r'::text::bytea, 1, false);
SELECT slipway.add_script_part('', 2, true) = hash_of(E'\r\r') AS hash;
SELECT slipway.add_script_part('\xE282', 0, false);
SELECT outcome($$SELECT slipway.add_script_part('', 2, true)$$);
SELECT slipway.add_script_part('\xE282', 0, false);
SELECT outcome($$SELECT slipway.add_script_part('aa', 2, false)$$);
SELECT outcome($$SELECT slipway.add_script_part('\x00', 0, true)$$);
COMMIT;
-- A large one.
SELECT repeat(E'-- line of a large script\r\n', 40000) AS large \gset
BEGIN;
SELECT count(*) FROM (SELECT slipway.add_script_part(convert_to(substr(:'large', 1 + n * 100000, 100000), 'UTF8'), n * 100000, false)
    FROM generate_series(0, 10) n) parts;
SELECT slipway.add_script_part('', octet_length(:'large'), true) = hash_of(replace(:'large', E'\r', '')) AS hash;
COMMIT;

-- Settled: all of it applied, by the last run, and nothing since.
SELECT stored, settled, missing FROM slipway.find_manifest(:'first');
CALL slipway.migrate(options => '{"to": "0001_a"}');
SELECT stored, settled FROM slipway.find_manifest(:'first');
CALL slipway.migrate();
SELECT stored, settled, head = (SELECT encode(entry_hash, 'hex') FROM slipway.history ORDER BY entry DESC LIMIT 1) AS head, missing FROM slipway.find_manifest(:'first');
-- Another one is not, though it has the same scripts.
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
    || hash_of('SELECT 1') || E' - - versioned 0001_a\n' || hash_of('SELECT 2') || E' - - versioned 0002_b\n');
SELECT encode(newest, 'hex') AS second FROM slipway.project WHERE name = 'default' \gset
SELECT stored, settled FROM slipway.find_manifest(:'second');
CALL slipway.migrate();
SELECT stored, settled FROM slipway.find_manifest(:'second');
-- Asking for the first makes it the newest again; a reader's question does not.
SELECT stored, settled FROM slipway.find_manifest(:'first');
SELECT encode(newest, 'hex') = :'first' AS first FROM slipway.project WHERE name = 'default';
CREATE ROLE regress_handshake_reader;
SELECT slipway.grant_role('regress_handshake_reader', 'reader', 'default');
SET ROLE regress_handshake_reader;
SELECT stored, settled FROM slipway.find_manifest(:'second');
RESET ROLE;
SELECT encode(newest, 'hex') = :'first' AS first FROM slipway.project WHERE name = 'default';
-- What fails after it unsettles it, and what is applied again settles it.
CALL migration('0003_c', 'SELECT 1/0');
CALL slipway.migrate();
SELECT stored, settled FROM slipway.find_manifest(:'first');
CALL migration('0003_c', 'SELECT 3');
CALL slipway.migrate();
SELECT encode(newest, 'hex') AS third FROM slipway.project WHERE name = 'default' \gset
SELECT stored, settled FROM slipway.find_manifest(:'third');
-- The database is ahead of the first one then: that is said, by a run.
SELECT stored, settled FROM slipway.find_manifest(:'first');
-- A script that nobody uploaded: not settled, so that it is asked for.
SELECT count(*) AS missing FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n'
    || hash_of('SELECT 1') || E' - - versioned 0001_a\n' || hash_of('SELECT 2') || E' - - versioned 0002_b\n'
    || hash_of('SELECT 3') || E' - - versioned 0003_c\n' || hash_of('SELECT 1') || ' ' || hash_of('nowhere') || E' - versioned 0004_d\n');
CALL slipway.migrate();
SELECT encode(newest, 'hex') AS fourth FROM slipway.project WHERE name = 'default' \gset
SELECT stored, settled, missing = ARRAY[hash_of('nowhere')] AS missing FROM slipway.find_manifest(:'fourth');
SELECT slipway.revoke_role('regress_handshake_reader', 'reader', 'default');
DROP ROLE regress_handshake_reader;
