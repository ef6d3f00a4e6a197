-- slipway.validate(): every reason why migrate would not start; migrate says
-- the first of them, and has changed nothing.
\i test/fixture/start.psql

CREATE FUNCTION line(name text, up text) RETURNS text LANGUAGE sql
    AS $$ SELECT hash_of(up) || ' - - versioned ' || name || E'\n' $$;
CREATE FUNCTION manifest(VARIADIC lines text[]) RETURNS text LANGUAGE sql
    AS $$ SELECT E'slipway-manifest 1 order=auto\n' || array_to_string(lines, '') $$;
-- Uploads a manifest with its scripts, whose bodies are SELECT and a number.
CREATE PROCEDURE upload(manifest text, project text DEFAULT 'default') LANGUAGE plpgsql AS $$
BEGIN
    PERFORM slipway.add_manifest(manifest, project);
    PERFORM slipway.add_script('SELECT ' || n, project) FROM generate_series(1, 99) n;
END
$$;
CREATE FUNCTION problems(VARIADIC lines text[]) RETURNS TABLE (migration text, sqlstate text, message text) LANGUAGE sql
    AS $$ SELECT v.migration, v.sqlstate, v.message FROM slipway.validate(manifest => manifest_hash(manifest(VARIADIC lines))) v $$;
-- What there is, to see that nothing changes.
CREATE VIEW everything AS
SELECT (SELECT count(*) FROM slipway.history) AS history, (SELECT count(*) FROM slipway.run) AS run,
       (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') AS tables;

CALL upload(manifest(line('0002_b', 'SELECT 2'), line('0004_d', 'SELECT 4')));
SELECT * FROM slipway.validate();
CALL slipway.migrate();
SELECT * FROM slipway.validate();
SELECT * FROM everything;

-- SW001: changed.
CALL upload(manifest(line('0002_b', 'SELECT 22'), line('0004_d', 'SELECT 4')));
SELECT migration, sqlstate, message, hint, line_number, column_number FROM slipway.validate();
SELECT detail = format('Its script has hash %s, the one applied had %s.', hash_of('SELECT 22'), hash_of('SELECT 2')) AS detail FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE

-- SW002: missing, while later ones are there.
CALL upload(manifest(line('0004_d', 'SELECT 4')));
SELECT * FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE

-- SW003: out of order; it can be allowed.
CALL upload(manifest(line('0002_b', 'SELECT 2'), line('0003_c', 'SELECT 3'), line('0004_d', 'SELECT 4')));
SELECT * FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM slipway.validate(allow_out_of_order => true);
SELECT * FROM everything;
CALL slipway.migrate(options => '{"allow_out_of_order": true}');
SELECT migration, state FROM slipway.status;
SELECT migration, run FROM slipway.log ORDER BY entry;
SELECT * FROM slipway.validate();

-- SW004, SW005 and SW016 are found when a manifest comes in (see upload), so
-- it cannot be stored with them.

-- SW009: a script is not there.
SELECT count(*) FROM slipway.add_manifest(manifest(line('0002_b', 'SELECT 2'), line('0003_c', 'SELECT 3'), line('0004_d', 'SELECT 4'), line('0005_e', 'SELECT')));
SELECT * FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
-- Of those that are applied it is not needed.
SELECT slipway.add_script('SELECT') = hash_of('SELECT') AS added;
CALL slipway.migrate();
SELECT * FROM slipway.validate();

-- SW007: a statement that is refused.
CALL migration('0006_f', E'CREATE TABLE f ();\n\n  SAVEPOINT here;');
SELECT * FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE

-- 42601: syntax errors, with their place in characters.
CALL migration('0006_f', E'CREATE TABLE f ();\n\tSELECT ''é𝄞'' FORM f;\nSELECT 1');
SELECT * FROM slipway.validate();
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
-- 42601 and others of the scanner: what is never closed, and bad escapes.
CALL migration('0006_f', E'SELECT 1;\nSELECT ''never closed;\nSELECT 2;\n');
SELECT * FROM slipway.validate();
CALL migration('0006_f', E'SELECT 1;\nDO $body$ never closed $$;\n');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'SELECT 1; /* never /* closed */\n');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'SELECT "never closed\n');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'SELECT 1,\n E''\\u00zz''\n');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'SELECT 1;\nSELECT (1;\nSELECT 2');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'SELECT 1;\nSELECT\n');
SELECT count(*) FROM slipway.validate();
CALL migration('0006_f', E'SELECT 1;\nCREATE TABLE\n');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'\\echo backslash\nSELECT 1;\n');
SELECT sqlstate, message, line_number, column_number FROM slipway.validate();
CALL migration('0006_f', E'  -- slipway: no-transactoin\nSELECT 1;\n');
SELECT sqlstate, message, hint, line_number, column_number FROM slipway.validate();
SELECT * FROM everything;

-- What only shows when it runs is no problem before.
CALL migration('0006_f', 'SELECT * FROM nowhere; SELECT 1/0');
SELECT * FROM slipway.validate();

-- Several problems at once: all are shown, and with one fixed the rest.
CALL upload(manifest(line('0001_a', 'SELECT 1'), line('0002_b', 'SELECT 22'), line('0004_d', 'SELECT 4'), line('0005_e', 'SELECT'),
                     line('0006_f', 'SELECT * FORM f'), line('0007_g', 'nowhere'), line('0008_h', 'SELECT 8'), line('0009_i', 'VACUUM')));
SELECT slipway.add_script('SELECT * FORM f') IS NOT NULL AS added, slipway.add_script('VACUUM') IS NOT NULL AS added;
SELECT migration, sqlstate, message FROM slipway.validate();
CALL slipway.migrate();
CALL slipway.migrate(options => '{"allow_out_of_order": true}');
SELECT * FROM everything;
-- Up to a migration, scripts above it do not matter, but the history does.
CALL slipway.migrate(options => '{"to": "0001_a", "allow_out_of_order": true}');
CALL upload(manifest(line('0002_b', 'SELECT 2'), line('0003_c', 'SELECT 3'), line('0004_d', 'SELECT 4'), line('0005_e', 'SELECT'),
                     line('0006_f', 'SELECT 6'), line('0007_g', 'SELECT * FORM f')));
SELECT migration, sqlstate, message FROM slipway.validate();
CALL slipway.migrate(options => '{"to": "0006_f"}');
SELECT migration, run FROM slipway.log ORDER BY entry;

-- Of a manifest by its hash; it need not be the newest.
SELECT * FROM problems(line('0002_b', 'SELECT 2'), line('0003_c', 'SELECT 3'), line('0004_d', 'SELECT 4'));
SELECT * FROM problems(line('0002_b', 'SELECT 22'), line('0004_d', 'SELECT 4'));
SELECT outcome($$SELECT * FROM slipway.validate(manifest => 'x')$$);
SELECT outcome(format('SELECT * FROM slipway.validate(manifest => %L)', hash_of('')));
SELECT outcome($$SELECT * FROM slipway.validate('nowhere')$$);
SELECT outcome($$SELECT * FROM slipway.validate(NULL)$$);
-- It writes nothing.
BEGIN READ ONLY;
SELECT count(*) FROM slipway.validate();
COMMIT;
SELECT * FROM everything;

-- SW002: a migration that has stopped part way and is not in the manifest. Nothing that is pending
-- runs beside it, wherever it stands.
CALL project('begun');
CREATE TABLE gate ();
CREATE FUNCTION body(n integer) RETURNS text LANGUAGE sql AS $$ SELECT CASE n WHEN 5 THEN 'VACUUM gate; SELECT 1 / (SELECT count(*) FROM gate)' ELSE 'SELECT ' || n END $$;
-- The migrations of these numbers, as a manifest whose hash is the result.
CREATE FUNCTION begin_with(VARIADIC numbers integer[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    lines text[] := (SELECT array_agg(line('000' || n, body(n)) ORDER BY n) FROM unnest(numbers) n);
BEGIN
    PERFORM slipway.add_manifest(manifest(VARIADIC lines), 'begun');
    PERFORM slipway.add_script(body(n), 'begun') FROM unnest(numbers) n;
    RETURN manifest_hash(manifest(VARIADIC lines));
END
$$;
CREATE FUNCTION begun(VARIADIC numbers integer[]) RETURNS SETOF text LANGUAGE sql
    AS $$ SELECT concat_ws(E'\n', migration || ': ' || sqlstate, message, detail, hint) FROM slipway.validate('begun', begin_with(VARIADIC numbers)) $$;
SELECT begin_with(1, 3, 5) IS NOT NULL AS uploaded;
CALL slipway.migrate('begun');
SELECT * FROM begun(1, 3, 5);
SELECT * FROM begun(1, 3, 6);
SELECT * FROM begun(1, 3, 4);
CALL slipway.migrate('begun');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM slipway.plan('begun');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'begun';
-- An older release with nothing to do is not held up by a newer one that has stopped.
SELECT * FROM begun(1, 3);
CALL slipway.migrate('begun');
SELECT migration, state, units_done FROM slipway.status WHERE project = 'begun';
-- Its applied ones are a base that is not looked at again; what was begun is.
SELECT * FROM begun(1, 3, 4);
SELECT outcome($$SELECT slipway.require('0005', 'begun')$$);
-- Put back, it goes on; and out of its way is what was pending.
INSERT INTO gate DEFAULT VALUES;
ALTER TABLE gate ADD n integer;
SELECT begin_with(1, 3, 5, 6) IS NOT NULL AS uploaded;
CALL slipway.migrate('begun');
SELECT * FROM begun(1, 3, 5, 6);
SELECT migration, run FROM slipway.log WHERE project = 'begun' AND outcome = 'succeeded' ORDER BY entry;
-- Nothing of it is committed, but it was begun: an index may be left.
CALL project('tried');
CREATE TABLE same AS SELECT 1 AS n FROM generate_series(1, 2);
CALL migration('0001', 'CREATE UNIQUE INDEX CONCURRENTLY same_n ON same (n)', 'tried');
CALL slipway.migrate('tried');
SELECT manifest(line('0002', 'SELECT 2')) AS other \gset
SELECT count(*) FROM slipway.add_manifest(:'other', 'tried');
SELECT slipway.add_script('SELECT 2', 'tried') IS NOT NULL AS added;
SELECT migration, sqlstate, message, detail, hint FROM slipway.validate('tried');
CALL slipway.migrate('tried');
\echo :LAST_ERROR_SQLSTATE
SELECT slipway.settle_unit('0001', done => false, reason => 'the index was dropped by hand', project => 'tried');
CALL slipway.migrate('tried');
SELECT migration, state FROM slipway.status WHERE project = 'tried';

-- The policy for what is out of order: an option, or a setting.
CALL project('order');
CALL migration('0002_b', 'SELECT 2', 'order');
CALL slipway.migrate('order');
CREATE PROCEDURE late(project text DEFAULT 'order') LANGUAGE sql AS $$
    CALL migration('0001_' || 'late', 'SELECT 1', project);
    CALL migration('0001_' || 'later', 'SELECT 1', project);
$$;
CALL late();
SELECT migration, state FROM slipway.status WHERE project = 'order';
CALL slipway.migrate('order');
CALL slipway.migrate('order', '{"out_of_order": "refuse"}');
CALL slipway.migrate('order', '{"out_of_order": "warn", "to": "0001_late"}');
SET slipway.out_of_order = allow;
SELECT migration FROM slipway.plan('order');
SELECT migration, sqlstate FROM slipway.validate('order');
SELECT migration, sqlstate FROM slipway.validate('order', NULL, false);
CALL slipway.migrate('order', '{"allow_out_of_order": false, "out_of_order": "refuse"}');
CALL slipway.migrate('order');
RESET slipway.out_of_order;
SELECT entry, migration, outcome FROM slipway.history WHERE project = 'order' ORDER BY entry;
CALL slipway.migrate('order', '{"allow_out_of_order": true, "out_of_order": "warn"}');
CALL slipway.migrate('order', '{"allow_out_of_order": true, "out_of_order": "allow"}');
CALL slipway.migrate('order', '{"out_of_order": "never"}');
CALL slipway.migrate('order', '{"out_of_order": true}');
SET slipway.out_of_order = never;
-- A repeatable one is never out of order.
CALL project('again');
CALL migration('0001_a', E'-- slipway: repeatable\nSELECT 1', 'again');
CALL migration('0002_b', 'SELECT 2', 'again');
CALL slipway.migrate('again');
CALL migration('0001_a', E'-- slipway: repeatable\nSELECT 2', 'again');
CALL migration('0000_z', E'-- slipway: repeatable\nSELECT 3', 'again');
CALL slipway.migrate('again');
SELECT migration, state FROM slipway.status WHERE project = 'again';
