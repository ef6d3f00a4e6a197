-- Where statements begin and end, and where errors in them are, in scripts that
-- are cut in different ways: at line ends, and by the scanner in windows.
\i test/fixture/start.psql
CREATE FUNCTION place(script text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(sqlstate || ' ' || line_number || ':' || column_number || ' ' || message, kind) FROM slipway.check_script('m', script) $$;

CALL project('default');

-- A lexical error, wherever it is.
SELECT place(E'SELECT 1;\n\nSELECT ''oops;\n');
SELECT place(E'CREATE TABLE q1();\n\n\nCREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC\n SELECT 1;\n SELECT ''oops;\nEND;\n');
SELECT place(E'SELECT $x$\n;\n$x$;\n/* ;\n */ SELECT 1; SELECT 2;\n  SELECT "oops;\n');
SELECT place(repeat(E'SELECT $$ü$$;\n', 3000) || E'SELECT ''oops');
SELECT place('SELECT $$' || repeat(E'ü;\n', 20000) || E'$$; SELECT ''oops');
SELECT place('/*' || repeat(E'ü;\n', 20000) || E'*/ SELECT 1; SELECT x''oops''');
-- A syntax error.
SELECT place(E'SELECT 1;\nSELEC 2;\n');
SELECT place(repeat(E'SELECT 1;\n', 5000) || E'  SELEC 2;\n');
SELECT place(repeat(E'SELECT $$a$$;\n', 5000) || E'  SELEC 2;\n');
SELECT place(repeat(E'SELECT 1; ', 5000) || E'SELEC 2; SELECT 3;\n');
-- In the first statement and in each place of a window's border.
SELECT count(DISTINCT p) AS places, min(p) FROM (
    SELECT replace(place('SELECT $q$' || repeat('x', n) || E'$q$;\nSELEC $$;\n$$;\n'), n::text, '') p FROM generate_series(16340, 16390) n) s;
SELECT count(DISTINCT p) AS places, min(p) FROM (
    SELECT place('SELECT ''' || repeat('x', n) || E''';\nSELECT $$a$$ /* /* ; */ ''*/; SELECT "b;";\nSELEC 3;') p FROM generate_series(16300, 16390) n) s;
-- Comments, empty statements and what stands before one.
SELECT place(E'/* licence\n two\n three */\nSELEC 1;\n');
SELECT place(E';; ; SELEC 1;\n');
SELECT place(E'-- a;\n--b;\n  SELEC 1;\n');
SELECT place(E'SELECT 1 -- a;\n + 2; SELEC 3;\n');
SELECT place(E'SELECT 1 -- a;\n;\nSELEC 3;\n');
-- Errors while it runs are where the statement begins.
CALL migration('0001_comment', E'/* licence\n two\n three */\nSELECT 1/0;\n');
\set VERBOSITY default
CALL slipway.migrate();
CALL migration('0001_comment', E'; SELECT 1/0;');
CALL slipway.migrate();
CALL migration('0001_comment', E'SELECT 1;\n  SELECT\n  1/0;\n');
CALL slipway.migrate();
-- Semicolons that end nothing.
CALL migration('0001_comment', E'CREATE TABLE t (a text, b text);\nCREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO t VALUES (1, 2);\nINSERT INTO t VALUES (3, 4));\n'
    || E'CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC;\nSELECT CASE WHEN true THEN ''a;\nb'' END;\nSELECT ''END;\n'';\nEND;\n'
    || E'INSERT INTO t VALUES (''a;\n'', U&"b;\n" UESCAPE ''!'');\n');
CALL slipway.migrate();
CALL migration('0001_comment', E'CREATE TABLE t (a text, b text);\nCREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO t VALUES (1, 2);\nINSERT INTO t VALUES (3, 4));\n'
    || E'CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC;\nSELECT CASE WHEN true THEN ''a;\nb'' END;\nSELECT ''END;\n'';\nEND;\n'
    || E'INSERT INTO t VALUES (''a;\n'', E''b\\'';\n'');\nDELETE FROM t;\n');
CALL slipway.migrate();
SELECT count(*), f() FROM t;
-- A tree that was kept is not used under other settings.
CALL migration('0002_strings', E'SET standard_conforming_strings = off;\nCREATE TABLE s AS SELECT ''a\\''b;\n'' AS v;\n');
CALL slipway.migrate();
SELECT v FROM s;
CALL migration('0003_quote', E'SET backslash_quote = off;\nSELECT E''\\'''';\n');
CALL slipway.migrate();
-- A long body is tried often, and leaves nothing behind.
SELECT place(E'CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC -- c\n' || repeat(E'SELECT CASE WHEN true THEN 1 END;\n', 300) || E'END;\nSELEC 1;');
