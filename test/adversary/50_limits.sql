Scripts that use up what there is: memory, stack, locks, time, and the patience of who reads messages.

-- case: much, but not too much
-- control
-- must: apply
-- shows: SELECT octet_length(note) = 1000000 FROM public.marked
SELECT public.mark(repeat('x', 1000000));
-- case: endless recursion
-- must: fail 54001
CREATE FUNCTION again(integer) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN again($1 + 1); END$$;
SELECT again(1);
-- case: endless recursion of a trigger
-- must: fail 54001
CREATE TABLE t (a integer);
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO adv.t VALUES (1); RETURN NULL; END$$;
CREATE TRIGGER again AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION again();
INSERT INTO t VALUES (1);
-- case: endless recursion of a query
-- with: {"statement_timeout": "300ms"}
-- must: fail 57014
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r;
-- case: deep parentheses
-- must: fail 42601
DO $$BEGIN EXECUTE 'SELECT ' || repeat('(', 100000) || '1' || repeat(')', 100000); END$$;
-- case: recursion that is caught at its end
-- must: apply
CREATE FUNCTION again(integer) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RETURN again($1 + 1); EXCEPTION WHEN statement_too_complex THEN RETURN 0; END$$;
SELECT again(1);
-- case: a value that is too large
-- must: fail 54000
SELECT repeat('x', 1073741823);
-- case: memory for too large a value
-- must: fail 54000
SELECT string_agg(repeat('x', 100000000), '') FROM generate_series(1, 20);
-- case: a message of 20 megabytes
-- must: apply
DO $$BEGIN RAISE NOTICE '%', repeat('x', 20000000); END$$;
-- case: 20000 messages
-- must: apply
DO $$BEGIN FOR i IN 1 .. 20000 LOOP RAISE WARNING 'number %', i; END LOOP; END$$;
-- case: an error of 20 megabytes
-- must: fail P0001
DO $$BEGIN RAISE '%', repeat('x', 20000000) USING DETAIL = repeat('y', 20000000), HINT = repeat('z', 20000000); END$$;
-- case: an error with a long way to it
-- must: fail 22012
CREATE FUNCTION down(integer) RETURNS integer LANGUAGE plpgsql AS $$BEGIN IF $1 > 150 THEN RETURN 1 / 0; END IF; RETURN down($1 + 1); END$$;
SELECT down(1);
-- case: an error with text of the terminal's
-- must: fail P0001
DO $$BEGIN RAISE E'\x1b[2J\x1b]0;forged\x07\r\napplied\b\b%', chr(8238); END$$;
-- case: an error with the code of success
-- must: fail P0001
DO $$BEGIN RAISE 'fine' USING ERRCODE = '00000'; END$$;
-- case: an error with a code of slipway
-- must: fail SW006
DO $$BEGIN RAISE 'locked' USING ERRCODE = 'SW006'; END$$;
-- case: an error that asks for another try, always
-- must: fail 40P01
DO $$BEGIN RAISE 'deadlock' USING ERRCODE = '40P01'; END$$;
-- case: an error that looks like a lost connection
-- must: fail 57P01
DO $$BEGIN RAISE 'terminating connection due to administrator command' USING ERRCODE = '57P01'; END$$;
-- case: an error of the disk
-- must: fail 53100
DO $$BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END$$;
-- case: more locks than there are
-- must: fail 53200
DO $$BEGIN FOR i IN 1 .. 20000 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END$$;
-- case: more advisory locks than there are
-- must: fail 53200
SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 100000) i;
-- case: more locks than there are, which is caught
-- must: apply
DO $$BEGIN
    BEGIN
        PERFORM pg_advisory_lock(i) FROM generate_series(1, 100000) i;
    EXCEPTION WHEN out_of_memory THEN NULL;
    END;
    PERFORM pg_advisory_unlock_all();
END$$;
-- case: more locks than there are, which are kept
-- must: fail 53200
DO $$BEGIN
    PERFORM pg_advisory_lock(i) FROM generate_series(1, 100000) i;
EXCEPTION WHEN out_of_memory THEN
    FOR i IN 1 .. 100000 LOOP
        PERFORM pg_advisory_lock(-i);
    END LOOP;
END$$;
-- case: many subtransactions
-- must: apply
CREATE TABLE t (a integer);
DO $$BEGIN FOR i IN 1 .. 5000 LOOP BEGIN INSERT INTO adv.t VALUES (i); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END$$;
-- case: many statements that are prepared
-- must: apply
DO $$BEGIN FOR i IN 1 .. 3000 LOOP EXECUTE format('PREPARE p%s AS SELECT 1', i); END LOOP; END$$;
-- case: many channels
-- must: apply
DO $$BEGIN FOR i IN 1 .. 2000 LOOP EXECUTE format('LISTEN c%s', i); END LOOP; END$$;
-- case: many notifications
-- must: apply
SELECT count(pg_notify('c' || i, repeat('x', 7000))) FROM generate_series(1, 500) i;
-- case: many cursors that are held
-- must: apply
DO $$BEGIN FOR i IN 1 .. 500 LOOP EXECUTE format('DECLARE c%s CURSOR WITH HOLD FOR SELECT 1', i); END LOOP; END$$;
-- case: more temporary files than allowed
-- as: superuser
-- must: fail 53400
SET temp_file_limit = '1MB';
SET work_mem = '64kB';
SELECT count(*) FROM (SELECT i FROM generate_series(1, 1000000) i ORDER BY random()) s;
-- case: a name of the longest kind
-- must: apply
CREATE TABLE ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt ();
-- case: more columns than allowed
-- must: fail 54011
DO $$BEGIN EXECUTE (SELECT 'CREATE TABLE t (' || string_agg('c' || i || ' integer', ', ') || ')' FROM generate_series(1, 1601) i); END$$;
