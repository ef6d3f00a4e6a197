-- Directive requires: checked before anything runs, never a reason to put anything into another order.
\i test/fixture/start.psql

CREATE PROCEDURE requiring(name text, required text, project text DEFAULT 'default', repeatable boolean DEFAULT false) LANGUAGE sql AS $$
    CALL migration(name, CASE WHEN repeatable THEN E'-- slipway: repeatable\n' ELSE '' END || E'-- slipway: requires ' || required || E'\nSELECT ''' || name || '''', project)
$$;
CREATE PROCEDURE problems(project text) LANGUAGE plpgsql AS $$
DECLARE
    p record;
BEGIN
    FOR p IN SELECT * FROM slipway.validate(project) LOOP
        RAISE INFO '% %:%:% %', p.sqlstate, p.migration, p.line_number, p.column_number, concat_ws(E'\n    ', p.message, p.detail, p.hint);
    END LOOP;
END
$$;

-- What stands before it, in this run or an earlier one.
CALL migration('0001_a', 'SELECT 1');
CALL requiring('0002_b', '0001_a');
CALL requiring('0003_c', ' 0002_b ,0001_a  ');
CALL migration('0004_d', E'-- slipway: requires 0001_a\n\n-- slipway: requires 0003_c\nSELECT 4');
CALL slipway.migrate(options => '{"to": "0002_b"}');
CALL slipway.migrate();
SELECT migration, run FROM slipway.status;
-- With all before it applied whole, only the rest of a manifest is read.
CALL requiring('0005_e', '0001_a');
CALL requiring('0006_f', '0005_e, 0004_d');
CALL slipway.migrate();
CALL requiring('0007_g', '0001_b');
CALL slipway.migrate();
CALL requiring('0007_g', '0007_a');
CALL slipway.migrate();
CALL requiring('0007_g', '0001_a');
CALL slipway.migrate();
SELECT max(run) FROM slipway.history;

-- What is unknown, later, itself, and a cycle, of two and of three.
CALL project('bad');
CALL requiring('0001_a', '0001_b', 'bad');
CALL requiring('0002_b', '0003_c', 'bad');
CALL requiring('0003_c', '0003_c', 'bad');
CALL requiring('0004_d', '0005_e', 'bad');
CALL requiring('0005_e', '0004_d', 'bad');
CALL requiring('0006_f', '0008_h', 'bad');
CALL requiring('0007_g', '0006_f', 'bad');
CALL requiring('0008_h', '0005_e, 0007_g', 'bad');
CALL migration('0009_i', E'-- comment\n\n  -- slipway: requires 0001_a, 009_i\nSELECT 9', 'bad');
CALL requiring('0010_j', 'an_other_name_that_is_like_none', 'bad');
CALL problems('bad');
CALL slipway.migrate('bad');
SELECT count(*) FROM slipway.run WHERE project = 'bad';
-- Beyond the target nothing is checked.
CALL requiring('0001_a', '0001_b', 'bad');
CALL project('target');
CALL migration('0001_a', 'SELECT 1', 'target');
CALL requiring('0002_b', '0009_z', 'target');
CALL slipway.migrate('target', '{"to": "0001_a"}');
CALL slipway.migrate('target');

-- Repeatable ones require versioned ones and each other; a versioned one a repeatable one only if that was run before.
CALL project('again');
CALL migration('0001_a', 'SELECT 1', 'again');
CALL requiring('view_a', '0001_a', 'again', true);
CALL requiring('view_b', 'view_a, 0001_a', 'again', true);
CALL requiring('view_0', 'view_b', 'again', true);
CALL requiring('0002_b', 'view_a', 'again');
CALL problems('again');
CALL requiring('view_0', '0001_a', 'again', true);
CALL migration('0002_b', 'SELECT 2', 'again');
CALL slipway.migrate('again');
CALL requiring('0003_c', 'view_b', 'again');
CALL migration('view_b', E'-- slipway: repeatable\nSELECT 2', 'again');
CALL slipway.migrate('again');
SELECT migration, state, run FROM slipway.status WHERE project = 'again';

-- What is out of order or has failed is applied in this run, if it comes first.
CALL project('late');
CALL migration('0002_b', 'SELECT 1', 'late');
CALL slipway.migrate('late');
CALL requiring('0001_a', '0002_b', 'late');
CALL migration('0003_c', 'SELECT 1/0', 'late');
CALL requiring('0004_d', '0003_c, 0001_a', 'late');
\set VERBOSITY terse
CALL slipway.migrate('late', '{"out_of_order": "allow"}');
\set VERBOSITY default
CALL migration('0003_c', 'SELECT 3', 'late');
CALL slipway.migrate('late');
SELECT migration, state, run FROM slipway.status WHERE project = 'late';

-- Malformed ones.
SELECT sqlstate, message, detail, line_number FROM unnest(ARRAY['', ' ', ',', '0001_a,', '0001_a,,0002_b']) WITH ORDINALITY u(value, n),
       slipway.check_script('x', E'-- slipway: requires ' || value || E'\nSELECT 1') ORDER BY n;
SELECT kind, requires FROM slipway.check_script('x', E'-- slipway: requires a, b\n-- slipway: requires c\nSELECT 1');
SELECT kind, requires FROM slipway.check_script('x', 'SELECT 1');
SELECT kind, requires FROM slipway.check_script('x', 'SELEC');

-- What a migration is and requires is said in its up script, and of no hook.
SELECT part, message, hint, line_number AS line FROM unnest('{requires 1,repeatable}'::text[]) directive,
       LATERAL (SELECT * FROM slipway.check_script('before_migrate', E'-- \n-- slipway: ' || directive || E'\nSELECT 1')) c, LATERAL (SELECT 'hook' AS part) p;
CALL project('parts');
SELECT slipway.add_migration('1', 'SELECT 1', E'-- slipway: requires 0\nSELECT 1', E'\n-- slipway: repeatable\nSELECT 1', 'parts') IS NOT NULL AS added;
CALL slipway.migrate('parts', '{"verify": true}');
CALL slipway.migrate('parts');
CALL slipway.rollback('parts', '{"all": true}');

-- A name that is too long for that is not compared with others.
CALL project('long');
CALL migration('0001_' || repeat('x', 300), 'SELECT 1', 'long');
CALL requiring('0002_b', '0001_' || repeat('x', 299), 'long');
CALL problems('long');
