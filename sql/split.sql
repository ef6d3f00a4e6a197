-- Where one statement ends and the next begins.
\i test/fixture/start.psql
SET escape_string_warning = off;

-- CALL script(body) runs it as the next migration.
CREATE SEQUENCE number;
CREATE PROCEDURE script(body text) LANGUAGE plpgsql AS $$
BEGIN
    CALL migration(to_char(nextval('number'), 'FM0000'), body);
END
$$;
-- What the scripts see.
CREATE TABLE seen (n serial, value text);
CREATE FUNCTION see(value text) RETURNS void LANGUAGE sql AS 'INSERT INTO seen (value) VALUES (value)';

-- Semicolons in strings, names, comments and dollar quotes, nested ones too.
CALL script($script$
SELECT see('a;b'); SELECT see('it''s; here') AS "name ; here";
-- a comment; with a ' quote
/* another; /* nested; ' */ still; " */
SELECT see($$c;d$$);
SELECT see($q$ $$;$$ $other$;$other$ '; $q$);
SELECT see($ü$;$ü$);
SELECT see('a'
 ';continued');
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
TRUNCATE seen;

-- Escapes.
CALL script($script$
SELECT see(E'\';\\'); SELECT see(E'a\';'
 ';b');
SELECT see(U&'d\0061t;\+000061'); SELECT see(U&'d!0061t;' UESCAPE '!');
SELECT see('back\'); SELECT see('slash\;');
SELECT 1 AS U&"d;\0061"; SELECT see(x'3b'::text); SELECT see(n';'::text);
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
TRUNCATE seen;

-- The way strings are read changes in the middle, and ends with the script.
CALL script($script$
SELECT see('a\');
SET standard_conforming_strings = off;
SELECT see('b\';\\');
SET LOCAL standard_conforming_strings TO on;
SELECT see('c\'); SELECT see(';');
SET standard_conforming_strings = 'off';
SELECT see('d\';');
RESET standard_conforming_strings;
SELECT see('e\');
SET standard_conforming_strings = false;
SELECT see('f\';');
SET standard_conforming_strings = 1;
SELECT see('F\');
SET standard_conforming_strings = 0;
SELECT see('\';F');
$script$);
CALL script($script$SELECT see('g\'); SELECT see('\');$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SHOW standard_conforming_strings;
TRUNCATE seen;
-- In a session that reads them the old way from the start.
SET standard_conforming_strings = off;
CALL script($script$SELECT see('a\';'); SET standard_conforming_strings = on; SELECT see('b\');$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SHOW standard_conforming_strings;
RESET standard_conforming_strings;
TRUNCATE seen;

-- Bodies of SQL functions, with words in them that end other things.
CALL script($script$
CREATE FUNCTION f1(a integer) RETURNS integer BEGIN ATOMIC SELECT a; SELECT a + 1; END;
CREATE FUNCTION f2(a integer) RETURNS integer
BEGIN ATOMIC
    SELECT CASE WHEN a > 0 THEN CASE a WHEN 1 THEN 10 ELSE 20 END END;
    SELECT CASE a WHEN 2 THEN 200 ELSE (SELECT "end" FROM (VALUES (7)) v("end")) END;
END;
CREATE TABLE ends ("end" integer, "begin" integer, atomic integer);
CREATE PROCEDURE p1() BEGIN ATOMIC
    INSERT INTO ends ("end", "begin", atomic) VALUES (1, 2, 3); -- ; END;
    INSERT INTO ends ("end") SELECT e."end" + 1 AS end FROM ends e; /* END; */
END; CALL p1();
CREATE FUNCTION f3() RETURNS void BEGIN ATOMIC END;
CREATE FUNCTION f4() RETURNS integer RETURN 4;
create or replace function f5() returns integer language sql begin  atomic select 5; end;
SELECT see((f1(1) + f2(1) + f2(2) + f4() + f5())::text);
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
SELECT "end", "begin", atomic FROM ends ORDER BY 1;
TRUNCATE seen;

-- Rules with several actions.
CALL script($script$
CREATE TABLE ruled (a integer);
CREATE TABLE copy (a integer);
CREATE RULE twice AS ON INSERT TO ruled DO ALSO (INSERT INTO copy VALUES (new.a); INSERT INTO copy VALUES (-new.a););
INSERT INTO ruled VALUES (1); INSERT INTO ruled VALUES (2);
$script$);
CALL slipway.migrate();
SELECT a FROM copy ORDER BY a;

-- Characters that begin a comment may belong to an operator, and the reverse.
CALL script($script$
CREATE FUNCTION plus(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + $2';
CREATE OPERATOR <@#> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = plus);
CREATE OPERATOR */ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = plus);
SELECT see((1 <@#>-- comment ;
2)::text);
SELECT see((1 */ 2)::text);
SELECT see((3 -/* comment ; */-1)::text);
SELECT see((3 - -1)::text), see('a->>b');
SELECT see('{"a;": "b;"}'::json->>'a;');
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
TRUNCATE seen;

-- No final semicolon, a final comment, nothing but semicolons between, and no
-- space where none is needed.
CALL script('SELECT see(''a'');;; ; SELECT see(''b'')');
CALL script(E'SELECT see(''c'')-- the end');
CALL script(E'SELECT see(''d'');-- the end;\n/* ; */');
CALL script(E'SELECT see(''e'')\n;\n\n');
CALL script('SELECT see(''f'');SELECT see(''g'');');
CALL script(E'SELECT see(''h'')\f; SELECT see(''i'');\r SELECT see(''j'')');
CALL script(E'\r\nSELECT see(''k\r\n'');\r\n-- comment\r\nSELECT see(''l'');\r\n');
CALL slipway.migrate();
SELECT value, length(value) FROM seen ORDER BY n;
TRUNCATE seen;

-- Characters of several bytes everywhere.
CALL script($script$
CREATE TABLE "größe;" ("länge;" integer);
/* ∀x ∈ ℝ: ⌈x⌉ = −⌊−x⌋ ; */ SELECT see('日本;語'); -- 𝄞;
INSERT INTO "größe;" ("länge;") VALUES (1); SELECT see("länge;"::text || '€') FROM "größe;";
CREATE TABLE größe (länge integer); INSERT INTO größe VALUES (2); SELECT see(länge || 'ß') FROM größe;
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;
TRUNCATE seen;

-- Depth of parentheses, also where it is in strings only.
CALL script($script$SELECT see('('); SELECT see(')'); SELECT see(((('x')))); SELECT see('y') /* ( */; SELECT see('z');$script$);
-- Long ones: a statement of 100 kB, and 2,000 statements.
CALL script('SELECT see(length(''' || repeat('x;', 50000) || ''')::text)');
SELECT string_agg('SELECT see(''' || n || ';'')', ';') AS body FROM generate_series(1, 2000) n \gset
CALL script(:'body');
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n LIMIT 6;
SELECT count(*), count(DISTINCT value) FROM seen;
TRUNCATE seen;

-- DO and functions in other languages are one statement each.
CALL script($script$
DO $$ BEGIN PERFORM see('a'); IF true THEN PERFORM see('b;'); END IF; END; $$; DO 'BEGIN PERFORM see(''c''); END';
CREATE FUNCTION body() RETURNS void LANGUAGE plpgsql AS $_$
BEGIN
    EXECUTE $$ SELECT see('d'); $$;
    PERFORM see($$e;$$);
END;
$_$;
SELECT body();
CREATE FUNCTION old() RETURNS integer LANGUAGE sql AS 'SELECT see(''f''); SELECT 1;'; SELECT old();
$script$);
CALL slipway.migrate();
SELECT value FROM seen ORDER BY n;

-- Bodies and rules that never end, or have a mistake in them: it is at its
-- place, and what comes after them is not part of them.
CREATE FUNCTION problem(body text) RETURNS TABLE (kind text, sqlstate text, message text, line integer, "column" integer) LANGUAGE sql
    AS $$ SELECT kind, sqlstate, message, line_number, column_number FROM slipway.check_script('script', body) $$;
SELECT * FROM problem('CREATE FUNCTION f() RETURNS integer BEGIN ATOMIC SELECT 1');
SELECT * FROM problem(E'CREATE FUNCTION f() RETURNS integer BEGIN ATOMIC\n SELECT 1;\n SELEC 2;\nEND;\nSELECT 1');
SELECT * FROM problem(E'CREATE FUNCTION f() RETURNS integer BEGIN ATOMIC\n SELECT 1;\n SELECT (2;\nEND;\nSELECT 1');
SELECT * FROM problem(E'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2');
SELECT * FROM problem(E'SELECT begin atomic FROM t;\nROLLBACK');
SELECT * FROM problem(E'SELECT 1 AS begin, 2 AS atomic;\nROLLBACK');
SELECT * FROM problem(E'CREATE FUNCTION f() RETURNS integer BEGIN ATOMIC SELECT 1; END;\nROLLBACK');

-- A setting of strings that only shows when the script runs.
\set VERBOSITY terse
CALL script($script$SELECT set_config('standard_conforming_strings', 'off', false); SELECT see('\'); SELECT see(';')$script$);
CALL slipway.migrate();
\echo :LAST_ERROR_SQLSTATE
-- What was one statement would now be two.
CALL migration('1', $script$SELECT set_config('standard_conforming_strings', 'off', false); SELECT see('\' || '); SELECT see(1::text) --')$script$, 'two');
CALL slipway.migrate('two');
\echo :LAST_ERROR_SQLSTATE
