-- The history as a chain: slipway.verify_history() finds what was changed,
-- removed or moved by somebody who is able to.
\i test/fixture/start.psql
\set VERBOSITY terse

SELECT slipway.create_project('chain');
SELECT * FROM slipway.verify_history('chain');
-- A dozen entries, with failures among them; another project in between.
DO $$
BEGIN
    FOR n IN 1 .. 11 LOOP
        CALL migration(to_char(n, 'FM0000'), CASE WHEN n = 6 THEN 'SELECT 1/0' ELSE 'SELECT ''é''' END, 'chain');
    END LOOP;
END
$$;
CALL migration('0001', 'SELECT 1', 'other');
CALL slipway.migrate('chain', '{"to": "0002"}');
CALL slipway.migrate('other');
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SET bytea_output = 'escape';
SET application_name = 'ünïcode; "app" ''x''';
CALL slipway.migrate('chain', '{"client_version": "1.0 é"}');
RESET timezone;
RESET datestyle;
RESET intervalstyle;
RESET application_name;
CALL migration('0006', 'SELECT 6', 'chain');
CALL slipway.migrate('chain');
SELECT entry, run, migration, outcome, sqlstate, prev_hash IS NULL AS first, octet_length(entry_hash) AS bytes FROM slipway.log WHERE project = 'chain' ORDER BY entry;
-- Each entry names the one before it, in its own project.
SELECT count(*) FILTER (WHERE h.prev_hash IS NOT DISTINCT FROM p.entry_hash) AS linked, count(*)
  FROM slipway.history h LEFT JOIN slipway.history p ON p.project = h.project AND p.entry = h.entry - 1;
SELECT count(DISTINCT entry_hash) FROM slipway.history;
-- Sound, however the session writes times and bytes.
SELECT * FROM slipway.verify_history('chain');
SELECT * FROM slipway.verify_history('other');
SET timezone = 'America/St_Johns';
SET datestyle = 'German';
SET bytea_output = 'hex';
SET extra_float_digits = 0;
SELECT * FROM slipway.verify_history('chain');
-- A zone of one's own in which UTC is something else, to server 18.
SET timezone = 'UTC+5';
SELECT * FROM slipway.verify_history('chain');
RESET timezone;
RESET datestyle;
RESET extra_float_digits;
-- The hash of an entry is that of its canonical form.
CREATE FUNCTION field(name text, value text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT name || '=' || coalesce(octet_length(value) || ':' || value, '-') || E'\n' $$;
CREATE FUNCTION utc(t timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
SELECT count(*) FILTER (WHERE entry_hash = sha256(convert_to(E'slipway-history 1\n' || field('project', project) || field('entry', entry::text) || field('run', run::text)
    || field('migration', migration) || field('action', action) || field('outcome', outcome) || field('script_hash', encode(script_hash, 'hex'))
    || field('manifest_hash', encode(manifest_hash, 'hex')) || field('started_at', utc(started_at)) || field('finished_at', utc(finished_at))
    || field('session_role', session_role) || field('effective_role', effective_role) || field('client_addr', host(client_addr))
    || field('application_name', application_name) || field('client_version', client_version) || field('sqlstate', sqlstate) || field('message', message)
    || field('detail', detail) || field('hint', hint) || field('context', context) || field('position', position::text)
    || field('line_number', line_number::text) || field('column_number', column_number::text) || field('reason', reason) || field('variables', variables::text)
    || field('direction', direction) || field('approved_by', approved_by)
    || field('prev_hash', encode(prev_hash, 'hex')), 'UTF8'))) AS canonical, count(*)
  FROM slipway.history;

-- Forgeries, each undone. tamper(statement) is what is found after it.
CREATE FUNCTION tamper(statement text) RETURNS TABLE (project text, entry bigint, problem text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER TABLE slipway.history DISABLE TRIGGER append_only';
    EXECUTE statement;
    RETURN QUERY SELECT p.name, v.entry, v.problem FROM slipway.project p, slipway.verify_history(p.name) v;
END
$$;
\set ECHO none
CREATE TABLE forgery (n serial, statement text);
INSERT INTO forgery (statement) VALUES
('UPDATE slipway.history SET outcome = ''succeeded'', sqlstate = NULL WHERE entry = 6 AND project = ''chain'''),
('UPDATE slipway.history SET script_hash = sha256(''other'') WHERE entry = 1 AND project = ''chain'''),
('UPDATE slipway.history SET session_role = ''somebody'' WHERE entry = 12 AND project = ''chain'''),
('UPDATE slipway.history SET started_at = started_at - interval ''1 microsecond'' WHERE entry = 3 AND project = ''chain'''),
('UPDATE slipway.history SET hint = '''' WHERE entry = 3 AND project = ''chain'''),
('UPDATE slipway.history SET migration = NULL WHERE entry = 3 AND project = ''chain'''),
('UPDATE slipway.history SET message = ''x'', detail = NULL WHERE entry = 6 AND project = ''chain'''),
('UPDATE slipway.history SET entry_hash = sha256(''x'') WHERE entry = 5 AND project = ''chain'''),
('UPDATE slipway.history SET prev_hash = NULL WHERE entry = 5 AND project = ''chain'''),
('UPDATE slipway.history SET prev_hash = sha256(''x'') WHERE entry = 1 AND project = ''chain'''),
('DELETE FROM slipway.history WHERE entry = 1 AND project = ''chain'''),
('DELETE FROM slipway.history WHERE entry = 6 AND project = ''chain'''),
('DELETE FROM slipway.history WHERE entry IN (3, 4, 9) AND project = ''chain'''),
('DELETE FROM slipway.history WHERE entry = 6 AND project = ''chain''; UPDATE slipway.history SET entry = entry - 1 WHERE entry > 6 AND project = ''chain'''),
('UPDATE slipway.history SET entry = 100 WHERE entry = 2 AND project = ''chain''; UPDATE slipway.history SET entry = 2 WHERE entry = 3 AND project = ''chain''; UPDATE slipway.history SET entry = 3 WHERE entry = 100 AND project = ''chain'''),
('UPDATE slipway.history SET project = ''chain'', entry = 13 WHERE project = ''other'''),
('UPDATE slipway.history SET project = ''other'', entry = 2 WHERE project = ''chain'' AND entry = 12'),
('INSERT INTO slipway.history (project, entry, action, outcome, started_at, finished_at, session_role, effective_role, prev_hash, entry_hash) SELECT ''chain'', 13, ''apply'', ''succeeded'', now(), now(), ''a'', ''b'', entry_hash, sha256(''x'') FROM slipway.history WHERE entry = 12'),
('INSERT INTO slipway.history (project, entry, action, outcome, started_at, finished_at, session_role, effective_role, prev_hash, entry_hash) SELECT ''chain'', 20, ''apply'', ''succeeded'', now(), now(), ''a'', ''b'', NULL, sha256(''x'')'),
('UPDATE slipway.history SET entry = 0 WHERE entry = 1 AND project = ''chain'''),
('UPDATE slipway.history SET entry = -3 WHERE entry = 1 AND project = ''chain'''),
('ALTER TABLE slipway.history DROP CONSTRAINT history_pkey; INSERT INTO slipway.history SELECT * FROM slipway.history WHERE entry = 12'),
('UPDATE slipway.history SET started_at = ''infinity'' WHERE entry = 3 AND project = ''chain'''),
('UPDATE slipway.history SET finished_at = ''-infinity'' WHERE entry = 3 AND project = ''chain'''),
('UPDATE slipway.history SET started_at = ''4000-01-01 BC'' WHERE entry = 3 AND project = ''chain'''),
('UPDATE slipway.history SET started_at = ''294276-12-31'' WHERE entry = 3 AND project = ''chain''');
\set ECHO all
SELECT statement FROM forgery ORDER BY n;
CREATE TABLE found (n integer, project text, entry bigint, problem text);
DO $$
DECLARE
    f forgery;
    results text;
BEGIN
    FOR f IN SELECT * FROM forgery ORDER BY n LOOP
        BEGIN
            SELECT string_agg(concat_ws(E'\t', t.project, t.entry, t.problem), E'\n') INTO results FROM tamper(f.statement) t;
            RAISE EXCEPTION USING ERRCODE = 'ZZUND', MESSAGE = coalesce(results, '');
        EXCEPTION WHEN SQLSTATE 'ZZUND' THEN
            INSERT INTO found SELECT f.n, split_part(line, E'\t', 1), nullif(split_part(line, E'\t', 2), '')::bigint, split_part(line, E'\t', 3) FROM regexp_split_to_table(SQLERRM, E'\n') line;
        END;
    END LOOP;
END
$$;
SELECT * FROM found ORDER BY n, project, entry, problem COLLATE "C";
SELECT * FROM slipway.verify_history('chain');
SELECT * FROM slipway.verify_history('other');
-- The newest entries taken away: the chain alone does not show it; the head
-- that was written down does.
SELECT entry_hash AS head FROM slipway.history WHERE project = 'chain' ORDER BY entry DESC LIMIT 1 \gset
BEGIN;
SELECT * FROM tamper('DELETE FROM slipway.history WHERE entry > 10 AND project = ''chain''');
SELECT count(*) FROM slipway.history WHERE entry_hash = :'head';
ROLLBACK;
SELECT count(*) FROM slipway.history WHERE entry_hash = :'head';

-- The chain goes on after it all, and each project has its own numbers.
CALL migration('0012', 'SELECT 12', 'chain');
CALL slipway.migrate('chain');
SELECT * FROM slipway.verify_history('chain');
SELECT project, max(entry), count(*) FROM slipway.history GROUP BY project ORDER BY project;
SELECT outcome($$SELECT * FROM slipway.verify_history('nowhere')$$);
SELECT count(*) FROM slipway.verify_history(NULL);
BEGIN READ ONLY;
SELECT count(*) FROM slipway.verify_history('chain');
COMMIT;

-- The log shows what the table has.
SELECT count(*) FROM (SELECT * FROM slipway.log EXCEPT SELECT h.*, h.finished_at - h.started_at, r.labels, NULL::integer, NULL::integer FROM slipway.history h LEFT JOIN slipway.run r ON r.project = h.project AND r.number = h.run) more;
SELECT (SELECT count(*) FROM slipway.log) = (SELECT count(*) FROM slipway.history) AS same;
-- What keeps it as it is works by triggers only.
SELECT slipway._refuse_change();
