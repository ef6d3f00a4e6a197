-- The tracking tables may belong to a role that is no superuser, and that alters
-- them: a column that is not what the extension has made is refused, and never
-- read as what it was.
SET client_min_messages = warning;
SET slipway.report_progress = off;
CREATE ROLE regress_layout;
SELECT slipway.set_owner('regress_layout');
CREATE PROCEDURE layout_migrations() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM slipway.create_project('layout');
    PERFORM slipway.add_migration('0001_table', 'CREATE TABLE layout_t (a integer)', 'DROP TABLE layout_t', project => 'layout');
    PERFORM slipway.add_migration('0002_stops', E'-- slipway: no-transaction\nINSERT INTO layout_t VALUES (1);\nSELECT 1 / 0', project => 'layout');
    PERFORM slipway.register_credential('layout', 'layout_role');

END
$$;
CALL layout_migrations();
CALL slipway.migrate('layout');

-- What is called after each change, of which the SQLSTATEs are kept.
CREATE TABLE layout_call (call text);
INSERT INTO layout_call VALUES
    ('SELECT slipway.add_migration(''0003'', ''SELECT 1'', project => ''layout'')'), ('SELECT slipway.plan(''layout'')'),
    ('SELECT slipway.validate(''layout'')'), ('SELECT slipway.verify_history(''layout'')'), ('SELECT s FROM slipway.status s'),
    ('SELECT l FROM slipway.log l'), ('SELECT slipway.save_snapshot(''layout'', ''one'')'), ('SELECT slipway.drop_snapshot(''layout'', ''one'')'),
    ('SELECT slipway.grant_role(''regress_layout'', ''reader'', ''layout'')'),
    ('SELECT slipway.forget_failed(''0002_stops'', ''reason'', ''layout'')'), ('SELECT slipway.mark_applied(''0002_stops'', ''reason'', ''layout'')'),
    ('SELECT slipway.settle_unit(''0002_stops'', true, ''reason'', ''layout'')'), ('SELECT slipway.require_approval(true, ''reason'', ''layout'')'),
    ('SELECT slipway.rollback_losses(''layout'', ''{"steps": 1}'')'), ('SELECT p FROM slipway.progress p'),
    ('SELECT slipway.lock_key(''layout'')'), ('SELECT slipway.check_credentials()'), ('SELECT slipway.credential_estimate()'),
    ('SELECT slipway.set_schedule(''nightly'', ''0 3 * * *'', ''UTC'', 1, 1, NULL, NULL, false, NULL)'), ('SELECT slipway.create_batch(''{layout}'', ''one'', ''{}'', 1)'),
    ('SELECT slipway.claim_item(1)'), ('SELECT m FROM slipway.metric m');

-- Makes a change, calls all, and takes it back; NULL: the change is refused by the server.
CREATE FUNCTION layout_states(change text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    states text[] = '{}';
    asked text;
BEGIN
    BEGIN
        EXECUTE change;
    EXCEPTION WHEN OTHERS THEN RETURN NULL;
    END;
    BEGIN
        FOR asked IN SELECT call FROM layout_call LOOP
            BEGIN
                EXECUTE asked;
            EXCEPTION WHEN OTHERS THEN states := states || CASE WHEN SQLERRM LIKE 'column % was changed' THEN 'changed' ELSE SQLSTATE END;
            END;
        END LOOP;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'XX999';
    EXCEPTION WHEN SQLSTATE 'XX999' THEN NULL;
    END;
    RETURN states;
END
$$;
CREATE FUNCTION layout_undone(change text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    states text[];
BEGIN
    states := layout_states(change);
    RAISE EXCEPTION '%', states USING ERRCODE = 'XX998';
EXCEPTION WHEN SQLSTATE 'XX998' THEN RETURN states;
END
$$;
-- Another type; NULL; another column under its name. Of each table some columns, or it would take long.
CREATE TABLE layout_change AS
SELECT c.relname, a.attname, k.kind,
       CASE k.kind
           WHEN 'type' THEN format('ALTER TABLE slipway.%I ALTER %2$I DROP DEFAULT, ALTER %2$I TYPE %3$s', c.relname, a.attname,
                                   CASE WHEN a.atttypid IN ('text'::regtype, 'bytea'::regtype) OR a.atttypid::regtype::text LIKE '%[]' THEN 'bigint USING 4711' ELSE 'text' END)
           WHEN 'null' THEN format('ALTER TABLE slipway.%I ALTER %I DROP NOT NULL', c.relname, a.attname)
           ELSE format('ALTER TABLE slipway.%1$I RENAME %2$I TO planted; ALTER TABLE slipway.%1$I ADD %2$I %3$s', c.relname, a.attname,
                       CASE WHEN a.atttypid = 'bigint'::regtype THEN 'text DEFAULT ''x''' ELSE 'bigint DEFAULT 4711' END)
       END AS change
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 CROSS JOIN (VALUES ('type'), ('null'), ('name')) k(kind)
 WHERE c.relnamespace = 'slipway'::regnamespace AND c.relkind = 'r' AND (k.kind <> 'null' OR a.attnotnull)
   AND (a.attnum % 3 = 1 OR c.relname IN ('project', 'migration', 'journal'));
CREATE TABLE layout_result AS SELECT relname, attname, kind, layout_undone(change) AS states FROM layout_change;
SELECT kind, count(*) > 40 AS many, count(states) > 20 AS made, count(*) FILTER (WHERE 'changed' = ANY (states)) > 15 AS refused
  FROM layout_result GROUP BY kind ORDER BY kind;
-- Without any change, the calls that are refused then.
SELECT layout_undone('SELECT 1');
-- Rows that are somewhere else, or hidden: what is there for a moment would leave no trace.
SELECT change, cardinality(array_positions(layout_undone(change), '55000')) > 5 AS refused
  FROM (VALUES ('CREATE TABLE public.heir () INHERITS (slipway.history)'), ('CREATE RULE aside AS ON INSERT TO slipway.history DO INSTEAD NOTHING'),
               ('ALTER TABLE slipway.history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')) c(change);
-- A trigger that leaves a record out: then nothing is done, either.
CREATE FUNCTION layout_eat() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
SELECT slipway.create_project('eaten');
SELECT slipway.add_migration('0001', 'CREATE TABLE layout_e ()', project => 'eaten') IS NOT NULL AS added;
CREATE TRIGGER eat BEFORE INSERT ON slipway.history FOR EACH ROW EXECUTE FUNCTION layout_eat();
CALL slipway.migrate('eaten');
SELECT slipway.require_approval(true, 'reason', 'eaten');
DROP TRIGGER eat ON slipway.history;
CREATE TRIGGER eat BEFORE INSERT ON slipway.run FOR EACH ROW EXECUTE FUNCTION layout_eat();
CALL slipway.migrate('eaten');
DROP TRIGGER eat ON slipway.run;
SELECT to_regclass('layout_e') IS NULL AS nothing_done, slipway.needs_approval('eaten') AS approval, (SELECT count(*) FROM slipway.history WHERE project = 'eaten') AS entries;
SELECT slipway.add_migration('0001', E'-- slipway: no-transaction\nCREATE TABLE layout_e ();\nVACUUM layout_e', project => 'eaten') IS NOT NULL AS added;
CREATE TRIGGER eat BEFORE INSERT ON slipway.journal FOR EACH ROW EXECUTE FUNCTION layout_eat();
CALL slipway.migrate('eaten');
SELECT to_regclass('layout_e') IS NULL AS nothing_done;
DROP TRIGGER eat ON slipway.journal;
CALL slipway.migrate('eaten');
SELECT migration, outcome, sqlstate, regexp_replace(message, '\d+', 'N') AS message FROM slipway.history WHERE project = 'eaten' ORDER BY entry;
DROP TABLE layout_e;
DROP FUNCTION layout_eat();

-- An error of a snapshot that is caught leaves the transaction as it was.
DO $$BEGIN
    ALTER TABLE slipway.credential ALTER role DROP NOT NULL;
    PERFORM slipway.fingerprint('layout');
EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE WARNING '%', SQLERRM;
END$$;
SELECT 1 / 0;
SELECT length(slipway.fingerprint('layout'));

-- In a run: what is written without a query.
SET slipway.snapshot = on;
ALTER TABLE slipway.journal_made ADD extra integer, ADD more text;
SELECT slipway.forget_failed('0002_stops', 'to be replaced', 'layout');
DO $$BEGIN
    PERFORM slipway.mark_applied('0002_stops', 'by hand', 'layout');
    PERFORM slipway.add_migration('0003_index', 'CREATE INDEX CONCURRENTLY layout_i ON layout_t (a)', project => 'layout');
END$$;
CALL slipway.migrate('layout');
SELECT count(*) FROM slipway.journal_made WHERE name = 'layout_i' AND extra IS NULL AND more IS NULL;
ALTER TABLE slipway.journal_made DROP extra, DROP more;
ALTER TABLE slipway.journal_made ALTER object TYPE text;
SELECT slipway.add_migration('0004_index', 'CREATE INDEX CONCURRENTLY layout_j ON layout_t (a)', project => 'layout') IS NULL AS same;
CALL slipway.migrate('layout');
ALTER TABLE slipway.journal_made ALTER object TYPE oid USING object::oid;
CALL slipway.migrate('layout');
-- Its indexes hold it, and what these call runs as the owner of the table.
CREATE FUNCTION layout_seen(name text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE WARNING '% of % in %', name, current_user, current_setting('search_path'); RETURN name; END$$;
GRANT USAGE ON SCHEMA public TO regress_layout;
TRUNCATE slipway.journal_made;
ALTER TABLE slipway.journal_made ADD PRIMARY KEY (project, entry, object);
CREATE INDEX made_seen ON slipway.journal_made (layout_seen(name));
SELECT slipway.add_migration('0005_index', 'CREATE INDEX CONCURRENTLY layout_k ON layout_t (a)', project => 'layout') IS NOT NULL AS added;
CALL slipway.migrate('layout');
SET enable_seqscan = off;
SELECT name FROM slipway.journal_made WHERE project = 'layout' AND entry > 0;
RESET enable_seqscan;
DROP INDEX slipway.made_seen;
-- The list of the members of a manifest, as its type allows it.
ALTER TABLE slipway.manifest DISABLE TRIGGER USER;
UPDATE slipway.manifest SET members = array_fill(NULL::bigint, ARRAY[2000000]) WHERE project = 'layout';
DO $$BEGIN
    PERFORM slipway.find_base('layout');
EXCEPTION WHEN OTHERS THEN RAISE WARNING '% %', SQLSTATE, left(SQLERRM, 38);
END$$;
UPDATE slipway.manifest SET members = '{}' WHERE project = 'layout';
DROP TABLE layout_t, layout_call, layout_change, layout_result;
SELECT slipway.set_owner(current_user);
DROP OWNED BY regress_layout;
DROP ROLE regress_layout;
