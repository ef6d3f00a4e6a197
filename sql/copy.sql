-- COPY ... FROM STDIN with its data in the script.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_copy_owner;
CREATE ROLE regress_copy_owner;
RESET client_min_messages;
SET escape_string_warning = off;
CREATE SEQUENCE number;
CREATE PROCEDURE script(body text, project text DEFAULT 'default') LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(to_char(nextval('number'), 'FM0000'), body, project);
END
$$;
CREATE FUNCTION check_script(body text) RETURNS TABLE (kind text, units integer, sqlstate text, problem text, line integer, "column" integer) LANGUAGE sql AS $$
    SELECT kind, units, sqlstate, concat_ws(E'\n', coalesce(message, reason), 'detail: ' || detail, 'hint: ' || hint), line_number, column_number
      FROM slipway.check_script('script', body) $$;
CREATE TABLE item (id integer PRIMARY KEY, name text);
CREATE TABLE note (n serial, value text);

-- Where data begin and end. The scanner would not survive any of these.
CALL script($script$
COPY item (id, name) FROM stdin WITH DELIMITER '|';
1|it's "so; $$ /* -- $a$
2|\N
3|\\.
4|a\tb\
c\n\x41\101
5|\\
6|
\.
SELECT 'next' FROM item; COPY item FROM STDIN (FORMAT csv)
 ; -- data'; begin "behind this
7,"a "" ;
\n
 \.
\. 
"
8,\.
9,
10,""
\.
copy "item" from stdin csv header quote '''' delimiter ';' null 'nil'; /* " */ INSERT INTO note (value) VALUES ('same line'); COPY public."item"("name",id)FROM stdin;
id;name
11;'x''y'
12;nil
\.
thirteen	13
\.
COPY item FROM stdin;
\.
/* COPY item FROM stdin; */ INSERT INTO note (value) VALUES ('COPY item FROM stdin;
\.
'); -- COPY item FROM stdin;
COPY (SELECT 1) TO '/dev/null'; COPY item FROM '/dev/null'; COPY item FROM PROGRAM 'true';
COPY item FROM stdin WHERE id % 2 = 1;
15	a
16	b
17	c
\.
$script$);
CALL slipway.migrate();
SELECT id, to_json(name) AS name FROM item ORDER BY id;
SELECT value FROM note ORDER BY n;
TRUNCATE item, note RESTART IDENTITY;
-- The last line needs no line feed; line ends may be CRLF.
CALL script(E'COPY item FROM stdin;\r\n1\tCRLF\r\n\\.\r\nCOPY item FROM stdin;\n2\tlast\n\\.');
CALL slipway.migrate();
SELECT id, to_json(name) AS name FROM item ORDER BY id;
-- Strings that are read in another way.
CALL script(E'SET standard_conforming_strings = off;\nCOPY item FROM stdin DELIMITER ''\\t'' NULL ''\\'''';\n3\t''\n4\tb\n\\.\nSELECT ''\\'';''');
CALL slipway.migrate();
SELECT id, to_json(name) AS name FROM item WHERE id > 2 ORDER BY id;

-- Wherever the window of the scanner ends, and data longer than that.
SELECT DISTINCT kind, units, line FROM generate_series(16300, 16390) n,
    check_script(format(E'SELECT $$%s$$; COPY item FROM stdin; SELECT $$;$$;\n%s\n\\.\nSELECT 1', repeat('x', n), repeat('''$', 5)));
SELECT DISTINCT line, "column", problem FROM generate_series(16300, 16390) n,
    check_script(format(E'COPY item FROM stdin; -- x\n%s\n\\.\n  SELEC $$a$$', repeat('''$', n)));
SELECT line, "column", problem FROM check_script(format(E'COPY item FROM stdin; COPY item FROM stdin; -- x\n%s\\.\n%s\\.\n  SELEC $$a$$', repeat(E'1\tü;\n', 30000), repeat(E'2\tü;\n', 30000)));
SELECT line, "column", problem FROM check_script(format(E'COPY item FROM stdin;\n%s\\.\n  SELEC 1;', repeat(E'1\tü\n', 30000)));

-- What a table may be: partitioned, a view, temporary, with triggers; what columns may be.
CREATE TABLE part (id integer GENERATED ALWAYS AS IDENTITY, key integer, doubled integer GENERATED ALWAYS AS (key * 2) STORED, said text DEFAULT 'default') PARTITION BY RANGE (key);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
CREATE VIEW half AS SELECT id / 2 AS id FROM item;
CREATE FUNCTION insert_half() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO item VALUES (NEW.id * 2, 'half'); RETURN NEW; END$$;
CREATE TRIGGER half INSTEAD OF INSERT ON half FOR EACH ROW EXECUTE FUNCTION insert_half();
CALL script($script$
COPY part (key) FROM stdin;
1
11
2
\.
COPY half FROM stdin;
50
51
\.
CREATE TEMP TABLE quick (LIKE item) ON COMMIT DROP;
COPY quick FROM stdin (FREEZE);
200	frozen
\.
INSERT INTO item SELECT * FROM quick;
$script$);
CALL slipway.migrate();
SELECT tableoid::regclass, * FROM part ORDER BY id;
SELECT * FROM item WHERE id >= 100 ORDER BY id;
-- FREEZE is what it says.
CALL script(E'BEGIN; CREATE TABLE cold (a integer); COPY cold FROM stdin WITH FREEZE;\n1\n2\n\\.\nCOMMIT;');
CALL slipway.migrate();
SELECT a, (SELECT count(*) FROM pg_class WHERE oid = 'cold'::regclass AND relallvisible = 0) AS n FROM cold;
CALL migration('1', E'COPY cold FROM stdin WITH FREEZE;\n1\n\\.\n', 'fails');
CALL slipway.migrate('fails');

-- What triggers say reaches the client, each with its place.
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING '% % % %', TG_WHEN, TG_OP, TG_LEVEL, CASE WHEN TG_LEVEL = 'ROW' THEN NEW.id END;
    INSERT INTO note (value) VALUES (TG_WHEN);
    RETURN NEW;
END
$$;
CREATE TRIGGER before_all BEFORE INSERT ON item FOR EACH STATEMENT EXECUTE FUNCTION say();
CREATE TRIGGER before BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER after AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER after_all AFTER INSERT ON item FOR EACH STATEMENT EXECUTE FUNCTION say();
\set SHOW_CONTEXT always
CALL script( E'SELECT 1;\n\n COPY item FROM stdin;\n301\ta\n302\tb\n\\.\n  COPY item FROM stdin;\n\\.\nDO $$BEGIN RAISE WARNING ''done''; END$$;');
CALL slipway.migrate();
\set SHOW_CONTEXT errors
-- Also those that run with other rights or settings, and behind a default that reads a table early.
DROP TRIGGER before ON item; DROP TRIGGER after ON item; DROP TRIGGER after_all ON item;
ALTER FUNCTION say() SECURITY DEFINER;
CALL script(E'COPY item FROM stdin;\n303\tc\n\\.\n');
CALL slipway.migrate();
ALTER FUNCTION say() SECURITY INVOKER SET work_mem = '1MB';
CALL script(E'COPY item FROM stdin;\n304\td\n\\.\n');
CALL slipway.migrate();
ALTER FUNCTION say() RESET work_mem;
CREATE FUNCTION early() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM note; RETURN 'early'; END $$;
ALTER TABLE item ALTER name SET DEFAULT early();
CALL script(E'COPY item (id) FROM stdin;\n305\n\\.\n');
CALL slipway.migrate();
ALTER TABLE item ALTER name DROP DEFAULT;
SET client_min_messages = error;
DROP FUNCTION say() CASCADE;
RESET client_min_messages;
SELECT id FROM item WHERE id > 300 ORDER BY id;

-- Errors are at the row, in the server's words; without a column.
CREATE VIEW newest AS
SELECT migration, sqlstate, message, detail, context, position, line_number AS line, column_number AS "column"
  FROM slipway.history WHERE project = 'fails' ORDER BY entry DESC LIMIT 1;
\x on
CALL migration('1', E'SELECT 1;\nCOPY item\n  (id, name) FROM stdin; COPY item FROM stdin;\n401\ta\n\\.\n402\tb\nx\tc\n403\td\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT * FROM newest;
-- A row that is refused when several are inserted at once.
CALL migration('1', E'COPY item FROM stdin;\n401\ta\n402\tb\n401\tc\n403\td\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column" FROM newest;
CALL migration('1', E'COPY part (key) FROM stdin;\n1\n11\n21\n2\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column" FROM newest;
-- csv: the last line of the row.
CALL migration('1', E'COPY item FROM stdin CSV HEADER;\nid,name\n401,"a\nb"\n402,"x\ny",z\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column" FROM newest;
CALL migration('1', E'COPY item FROM stdin CSV;\n401,"a\nb\n\\.\nSELECT 1', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column" FROM newest;
-- What is not about a row is at the statement.
CALL migration('1', E'SELECT 1;\n  COPY nowhere FROM stdin;\n401\ta\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column", position FROM newest;
CALL migration('1', E'SELECT 1;\n  COPY item (id, nowhere) FROM stdin;\n401\ta\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT message, context, line, "column" FROM newest;
CALL migration('1', E'SELECT 1;\n  COPY item FROM stdin WHERE nowhere > 1;\n401\ta\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT message, context, line, "column" FROM newest;
-- In a trigger, and behind the data.
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN 1 / (NEW.id - 402); END$$;
CREATE TRIGGER fail BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION fail();
CALL migration('1', E'COPY item FROM stdin;\n402\tb\n\\.\n', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column" FROM newest;
DROP TRIGGER fail ON item;
CALL migration('1', E'COPY item FROM stdin;\n402\tb\n\\.\n  SELECT 1/0;', 'fails');
CALL slipway.migrate('fails');
SELECT context, line, "column" FROM newest;
\x off
-- Nothing of that is left; the session is as before.
SELECT count(*) FROM item WHERE id > 400;
COPY note (value) FROM stdin;
from the client
\.
COPY (SELECT value FROM note WHERE value ~ 'client') TO stdout;

-- Refused before anything runs.
SELECT body, c.* FROM unnest(ARRAY[
    E'COPY item FROM stdin', E'COPY item FROM stdin;', E'SELECT 1;\n COPY item FROM stdin;\n1\ta\n', E'COPY item FROM stdin;\n1\ta\n\\. \n \\.\n\\.x\n',
    E'COPY item FROM stdin; COPY item FROM stdin;\n1\ta\n\\.\n2\tb\n',
    E'COPY item FROM stdin; SELECT\n1\ta\n\\.\n1;', E'COPY item FROM stdin; SELECT ''\n1\ta\n\\.\n''', E'COPY item FROM stdin; /*\n1\ta\n\\.\n*/',
    E'COPY item FROM stdin BINARY', E'COPY BINARY item FROM stdin;\nx\n\\.\n', E'COPY item FROM stdin (FORMAT ''binary'');\n',
    E'COPY item TO stdout;\n1\n\\.\n', E'COPY item FROM stdin\n1\ta\n\\.\n', E'COPY item FROM stdin;\n\\.\n\\.\n']) WITH ORDINALITY u(body, n), check_script(body) c ORDER BY n;

-- Commands for psql: two that pg_dump writes are left out, if they match.
SELECT body, c.* FROM unnest(ARRAY[
    E'\\restrict aB3\nSELECT 1;\n\\unrestrict aB3\n', E'-- dump\n\n/* x */\\restrict aB3 \r\n;;\\unrestrict\taB3', E'\\restrict a\n\\unrestrict a\n \\restrict b\nSELECT $$a$$;\n\\unrestrict b',
    E'COPY item FROM stdin; \\restrict a\n\\unrestrict a\n\\.\n\\unrestrict a',
    E'\\restrict', E'SELECT 1;\n  \\restrict a b', E'\\restrict a;', E'\\restrict ä', E'\\restrict ''a''',
    E'\\restrict a\nSELECT 1;\n\\unrestrict b', E'\\restrict a\n\\restrict a', E'SELECT 1;\n \\unrestrict a', E'SELECT 1;\n\\restrict a\nSELECT 2;\n',
    E'\\restrict a\n\\unrestrict a\n\\unrestrict a']) WITH ORDINALITY u(body, n), check_script(body) c ORDER BY n;
-- All others are refused, where they stand.
SELECT body, c.* FROM unnest(ARRAY[
    E'SELECT 1;\n  \\i x.sql', E'\\ir x', E'\\set a 1\n', E'/* */ \\copy item FROM x', E'\\connect x', E'\\c x', E'\\echo x', E'\\if :a', E'\\! ls', E'\\encoding LATIN1',
    E'\\timing', E'\\ü', E'\\', E'\\ ', E'\\restricted a', E'SELECT 1 \\; SELECT 2;',
    E'SELECT format($$a$$)\n \\gexec\n', E'SELECT 1 \\g', E'SELECT 1 AS a \\gset x_\nSELECT 2;', E'SELECT 1 \\d', E'SELECT ''\\i'', $$\n\\i$$, "\\i"; -- \\i\n/*\n\\i */']) WITH ORDINALITY u(body, n), check_script(body) c ORDER BY n;
SELECT c.line, c."column" FROM check_script(repeat(E'SELECT $$ü$$;\n', 3000) || E'SELECT 1\n \\gexec') c;

-- Rights are those of the script's role.
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO regress_copy_owner;
CREATE TABLE app.row (id integer, name text, secret text);
GRANT INSERT (id, name), SELECT (id) ON app.row TO regress_copy_owner;
CALL project('app', '{app}', 'regress_copy_owner');
CALL migration('1', E'COPY app.row (id, name) FROM stdin;\n1\ta\n\\.\nCOPY app.row (id) FROM stdin WHERE id > 2;\n2\n3\n\\.\n', 'app');
CALL slipway.migrate('app');
SELECT * FROM app.row;
CALL migration('2', E'COPY app.row (id, secret) FROM stdin;\n1\ta\n\\.\n', 'app');
CALL slipway.migrate('app');
CALL migration('2', E'COPY app.row (id, name) FROM stdin WHERE name <> '''';\n1\ta\n\\.\n', 'app');
CALL slipway.migrate('app');
CALL migration('2', E'COPY public.item FROM stdin;\n1\ta\n\\.\n', 'app');
CALL slipway.migrate('app');
ALTER TABLE app.row ENABLE ROW LEVEL SECURITY;
CALL migration('2', E'COPY app.row (id) FROM stdin;\n1\n\\.\n', 'app');
CALL slipway.migrate('app');
-- A superuser's script cannot write the history so.
CALL migration('1', E'COPY slipway.history FROM stdin;\n\\.\n', 'fails');
CALL slipway.migrate('fails');
\echo :LAST_ERROR_SQLSTATE
CALL migration('1', E'SELECT 1;\nBEGIN READ ONLY;\nCOPY item FROM stdin;\n402\tb\n\\.\nCOMMIT;', 'fails');
CALL slipway.migrate('fails');
CALL migration('1', E'SET TRANSACTION READ ONLY;\nCOPY item FROM stdin;\n402\tb\n\\.\n', 'fails');
CALL slipway.migrate('fails');

-- The data are in the encoding of the script, whatever the client's is.
SET client_encoding = 'LATIN1';
CALL script(E'COPY item FROM stdin;\n500\t\u00e9\n\\.\nCOPY item FROM stdin (ENCODING ''UTF-8'');\n501\t\u65e5\n\\.\nSET client_encoding = ''EUC_JP'';\nCOPY item FROM stdin ENCODING ''latin1'';\n502\t\u00e9\n\\.\n');
CALL slipway.migrate();
RESET client_encoding;
SELECT * FROM item WHERE id >= 500 ORDER BY id;

-- Stepwise: the journal knows the data, too.
CALL project('steps');
CREATE TABLE step (id integer);
CALL migration('1', E'COPY step FROM stdin;\n1\n2\n\\.\nCREATE INDEX CONCURRENTLY ON step (id);\nCOPY step FROM stdin; SELECT 1;\n3\nx\n\\.\nINSERT INTO step VALUES (5);\n', 'steps');
CALL slipway.migrate('steps');
SELECT string_agg(id::text, ' ' ORDER BY id) FROM step;
CALL migration('1', E'COPY step FROM stdin;\n1\n3\n\\.\nCREATE INDEX CONCURRENTLY ON step (id);\nCOPY step FROM stdin; SELECT 1;\n3\n4\n\\.\nINSERT INTO step VALUES (5);\n', 'steps');
CALL slipway.migrate('steps');
\echo :LAST_ERROR_SQLSTATE
CALL migration('1', E'COPY step FROM stdin;\n1\n2\n\\.\nCREATE INDEX CONCURRENTLY ON step (id);\nCOPY step FROM stdin; SELECT 1;\n3\n4\n\\.\nINSERT INTO step VALUES (5);\n', 'steps');
CALL slipway.migrate('steps');
SELECT string_agg(id::text, ' ' ORDER BY id) FROM step;

SET client_min_messages = error;
DROP SCHEMA app CASCADE;
DROP OWNED BY regress_copy_owner;
DROP ROLE regress_copy_owner;
