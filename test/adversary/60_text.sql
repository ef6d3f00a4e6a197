Texts that would have a script cut otherwise than the server would, or its data taken for statements.

-- case: what looks like an end, and is none
-- control
-- must: apply
-- shows: SELECT count(*) = 4 FROM public.marked
SELECT public.mark($a$; COMMIT; $b$ ; $a$);
SELECT public.mark('; -- ' /* ; /* ; */ ' */);
SELECT public.mark(E'\'; ROLLBACK; \\');
SELECT public.mark(U&'\003B; RESET ROLE;'); -- ; '
-- case: data that look like statements
-- must: apply
-- shows: SELECT count(*) = 4 FROM adv.t
-- shows: SELECT count(*) = 0 FROM public.marked
CREATE TABLE t (a text);
COPY t FROM STDIN;
SELECT public.mark();
; RESET ROLE; -- $$ ' "
 \\.
/*
\.
-- case: data whose end is hidden
-- must: refuse 42601
CREATE TABLE t (a text);
COPY t FROM STDIN;
a
 \.
SELECT public.mark();
-- case: a COPY that is a string
-- must: apply
-- shows: SELECT count(*) = 1 FROM public.marked
SELECT 'COPY t FROM STDIN;
';
SELECT public.mark();
-- case: a COPY that is a comment
-- must: apply
-- shows: SELECT count(*) = 1 FROM public.marked
/* COPY t FROM STDIN; */ -- COPY t FROM STDIN;
SELECT public.mark();
-- case: a COPY in the body of a function
-- must: apply
-- shows: SELECT count(*) = 1 FROM public.marked
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT 1; -- COPY t FROM STDIN; $$;
SELECT public.mark();
-- case: a COPY in a body of statements
-- must: apply
-- shows: SELECT count(*) = 1 FROM public.marked
CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC
SELECT 'a';
SELECT 'COPY t FROM STDIN; ' || CASE WHEN true THEN 'end;' END;
END;
SELECT public.mark();
-- case: columns with the words of a COPY
-- must: apply
-- shows: SELECT count(*) = 1 FROM adv.copy
CREATE TABLE copy ("from" integer, stdin integer);
COPY copy ("from", stdin) FROM STDIN WITH (DELIMITER ';');
1;2
\.
-- case: a query with the words of a COPY
-- must: apply
CREATE TABLE stdin (copy integer);
SELECT copy FROM stdin;
SELECT public.mark();
-- case: strings with backslashes, from here on
-- must: apply
-- shows: SELECT count(*) = 2 FROM public.marked
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT public.mark('\'; RESET ROLE; --');
SELECT public.mark('\\');
-- case: strings with backslashes, by a function, which the cut cannot know
-- must: refuse 42601
SELECT set_config('standard_conforming_strings', 'off', false);
SELECT public.mark('\'; RESET ROLE; SELECT ''');
-- case: a string without an end
-- must: refuse 42601
SELECT public.mark();
SELECT 'a;
-- case: a comment without an end
-- must: refuse 42601
SELECT public.mark();
/* SELECT 1;
-- case: a dollar quote without an end
-- must: refuse 42601
SELECT public.mark();
SELECT $x$ $X$;
-- case: a byte order mark in between
-- must: refuse 42601
SELECT public.mark();
﻿SELECT public.mark();
-- case: a blank that is none
-- must: fail 42703
SELECT public.mark();
SELECT public.mark( );
-- case: letters that run backwards
-- must: apply
-- shows: SELECT count(*) = 1 FROM public.marked
SELECT public.mark(/*‮ ;*/ 'x'); -- ⁦ SELECT public.mark(); ⁩
-- case: names with everything in them
-- must: apply
CREATE TABLE "t""; RESET ROLE; --
COPY x FROM STDIN;
\." ();
SELECT public.mark();
-- case: nothing but semicolons
-- must: apply
;;;; ; ; ;
-- case: commands of psql
-- must: refuse SW007
SELECT public.mark();
\! true
-- case: commands of psql at the end of a statement
-- must: refuse SW007
SELECT public.mark() \g /tmp/adversary
-- case: commands of psql that restrict, without an end
-- must: refuse SW007
\restrict key
SELECT public.mark();
-- case: variables of psql
-- must: refuse 42601
SELECT :'name';
-- case: BEGIN without its end
-- must: refuse SW007
BEGIN;
SELECT public.mark();
-- case: COMMIT, where a statement is cut for its refusal
-- must: refuse SW007
BEGIN;
CREATE TABLE t (a integer);
CREATE INDEX CONCURRENTLY i ON t (a);
COMMIT;
-- case: a chain of transactions
-- must: refuse SW007
BEGIN;
SELECT public.mark();
COMMIT AND CHAIN;
-- case: parameters that nobody gives
-- must: fail 42P02
SELECT public.mark($1);
-- case: a directive that is not at the beginning
-- must: apply
SELECT public.mark();
-- slipway: no-transaction
SELECT public.mark();
-- case: a directive that is unknown
-- must: refuse SW007
-- slipway: as-superuser
SELECT public.mark();
-- case: variables that are statements, of who may not upload
-- with: {"variables": {"name": "x'); GRANT ALL ON SCHEMA adv TO adv_other; SELECT public.mark('y"}}
-- must: refuse 42501
-- slipway: variables name
SELECT public.mark('${name}');
-- case: variables that end a comment, of who may not upload
-- with: {"variables": {"name": "*/ GRANT ALL ON SCHEMA adv TO adv_other; /*"}}
-- must: refuse 42501
-- slipway: variables name secret
SELECT public.mark() /* ${name:literal} */;
-- case: variables that are one with what stands beside them, of who may not upload
-- with: {"variables": {"name": "E"}}
-- must: refuse 42501
-- slipway: variables name
SELECT ${name}'\' AS a, '; SELECT public.mark(); --';
-- case: variables that are statements, in a rehearsal of who may not upload
-- call: rehearse
-- with: {"variables": {"name": "x'); SELECT public.mark('y"}}
-- must: refuse 42501
-- slipway: variables name
SELECT public.mark('${name}');
-- case: variables that are values, of who may not upload
-- control
-- with: {"variables": {"name": "a_b-1.0:2@c/d+e=f,g"}}
-- must: apply
-- shows: SELECT bool_and(note = 'a_b-1.0:2@c/d+e=f,g') FROM public.marked
-- slipway: variables name
SELECT public.mark('${name}');
-- case: variables that are statements, of who may upload
-- control
-- setup: INSERT INTO slipway.role_grant (role, kind) VALUES ('adv_deployer', 'uploader')
-- with: {"variables": {"name": "x'); SELECT public.mark('y"}}
-- must: apply
-- shows: SELECT array_agg(note ORDER BY note) = '{x,y}' FROM public.marked
-- clean: DELETE FROM slipway.role_grant WHERE role = 'adv_deployer' AND kind = 'uploader'
-- slipway: variables name
SELECT public.mark('${name}');
-- case: variables that are statements, of a superuser
-- as: superuser of owner
-- with: {"variables": {"name": "x'); RESET ROLE; SELECT public.mark('y"}}
-- must: refuse SW007
-- slipway: variables name
SELECT public.mark('${name}');
-- case: a COPY that asks the client, from a trigger of a COPY with data
-- must: fail 0A000
CREATE TABLE t (a text);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN EXECUTE 'COPY adv.t FROM STDIN'; RETURN NULL; END$$;
CREATE TRIGGER f BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f();
COPY t FROM STDIN;
1
\.
