-- Values of secret variables, however messages quote, escape or cut them off.
\i test/fixture/start.psql
CALL project('default');
CREATE PROCEDURE fail(body text) LANGUAGE sql AS $$ CALL migration('0001', E'-- slipway: variables a secret\n' || body) $$;
\set long ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA
-- Cut off by the server: of a row, of data, of JSON at both ends, of a name.
CALL fail(E'CREATE TABLE t (x text CHECK (x = ''1''));\nINSERT INTO t VALUES (''prefix ${a}'');');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', :'long')));
CALL fail(E'CREATE TABLE t (x integer);\nCOPY t FROM stdin;\nprefix ${a}\n\\.\n');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', :'long')));
CALL fail(E'SELECT (''{"k": "${a}" : 1, xx "d": 33}'')::json;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', :'long')));
CALL fail(E'SELECT (''{"k": 1 xx, "d": "${a}"}'')::json;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', :'long')));
CALL fail(E'SELECT 1 FROM "x ${a}";');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', :'long')));
-- Quoted and escaped: in an array, a row, JSON, XML, a literal of a literal.
CALL fail(E'CREATE TABLE t (x text[] CHECK (x IS NULL));\nINSERT INTO t VALUES (ARRAY[${a:literal}]);');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', $$abc"d'ef\ ghi$$)));
CALL fail(E'SELECT json_build_object(''a'', ROW(''b'', ${a:literal})::text)::text::integer;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', E'abc"d''ef\\ \t g')));
CALL fail(E'SELECT (''<a>'' || replace(replace(${a:literal}, ''&'', ''&amp;''), ''<'', ''&lt;''))::integer;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', $$abc<d&ef ghi$$)));
CALL fail(E'DO $$ BEGIN EXECUTE format(''DO %L'', format(''BEGIN EXECUTE %L; END'', ''SELECT '' || quote_literal(${a:literal}) || ''::integer'')); END $$;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', $$abc"d'ef\ ghi$$)));
-- Lines of it; some that overlap; where it is little but quotes.
CALL fail(E'DO $$ BEGIN RAISE EXCEPTION ''%'', split_part(${a:literal}, chr(10), 2) USING DETAIL = ${a:literal}; END $$;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', E'first line\r\nsecond line\r\nx')));
CALL migration('0001', E'-- slipway: variables a secret, b secret\nDO $$ BEGIN RAISE EXCEPTION \'<abcdefgh>\' USING HINT = ${a:literal} || ${b:literal}; END $$');
CALL slipway.migrate(options => '{"variables": {"a": "abcdef", "b": "defgh"}}');
CALL fail(E'DO $$ BEGIN RAISE EXCEPTION ''%'', ${a:literal} USING HINT = ''a '''' quote''; END $$;');
CALL slipway.migrate(options => jsonb_build_object('variables', jsonb_build_object('a', '''''''a')));
-- Positions in statements of functions are those of characters.
CALL fail(E'DO $$ BEGIN EXECUTE ''SELECT ''''${a}'''', nix''; END $$;');
CALL slipway.migrate(options => '{"variables": {"a": "ääääääääää"}}');
-- One that is a word of ours leaves positions what they are.
CALL fail(E'DO $$ BEGIN RAISE EXCEPTION ''this ${a} is it''; END $$');
CALL slipway.migrate(options => '{"variables": {"a": "migration"}}');
SELECT slipway.forget_failed('0001', reason => 'what is pending stays so');
CALL migration('0001', 'SELECT 1');

-- What a stepwise migration has SET is kept with names in place of secrets, and comes back as it was.
CREATE TABLE setting (value text);
CREATE PROCEDURE steps(last text) LANGUAGE sql AS $$
    CALL migration('0002', E'-- slipway: variables pass secret, b secret, pin secret, plain\n-- slipway: no-transaction\nSET a.b = \'x${pass}y $\'\'{b} ${b} ${plain}\';\nSET a.pin = \'${pin}\';\n'
                   'INSERT INTO setting VALUES (current_setting(\'a.b\') || \' \' || current_setting(\'a.pin\'));\n' || last)
$$;
CALL steps('SELECT 1/0');
CALL slipway.migrate(options => '{"variables": {"pass": "word1234", "b": "pass", "pin": "123", "plain": "${pass}"}}');
SELECT settings FROM slipway.journal WHERE migration = '0002' ORDER BY entry DESC LIMIT 1;
CALL steps('INSERT INTO setting VALUES (current_setting(''a.b'') || '' '' || current_setting(''a.pin''))');
CALL slipway.migrate(options => '{"variables": {"pass": "word1234", "b": "pass", "pin": "123", "plain": "${pass}"}}');
SELECT * FROM setting;
-- Two scripts may have different values for one name.
CALL migration('0003', E'-- slipway: variables key secret = longest_of_all\nSELECT ${key:literal}');
CALL migration('0004', E'-- slipway: variables key secret = second\n-- slipway: no-transaction\nSET a.b = \'${key}\'; SELECT 1; SELECT 1/0');
CALL slipway.migrate();
CALL migration('0003_a', E'-- slipway: variables key secret = longest_of_all\nSELECT ${key:literal}');
CALL migration('0004', E'-- slipway: variables key secret = second\n-- slipway: no-transaction\nSET a.b = \'${key}\'; SELECT 1; INSERT INTO setting VALUES (current_setting(\'a.b\'))');
CALL slipway.migrate(options => '{"allow_out_of_order": true}');
SELECT * FROM setting ORDER BY 1 LIMIT 1;

-- A script that sets log_min_messages does not let them pass by the hook for the log, and its wish lasts.
CALL migration('0004_b', E'-- slipway: variables a secret\n-- slipway: no-transaction\nSET log_min_messages = fatal;\nDO $$ BEGIN RAISE NOTICE \'%\', ${a:literal}; END $$;\nINSERT INTO setting VALUES (\'a \' || current_setting(\'log_min_messages\'))');
CALL slipway.migrate(options => '{"variables": {"a": "swordfish"}}');
SELECT settings FROM slipway.journal WHERE migration = '0004_b' ORDER BY entry DESC LIMIT 1;
SHOW log_min_messages;
-- No parallel workers, which would write them into the log.
SET max_parallel_workers_per_gather = 2;
CALL migration('0005', E'-- slipway: variables a secret\nCREATE TABLE found AS SELECT current_setting(\'max_parallel_workers_per_gather\') AS gather, current_setting(\'max_parallel_maintenance_workers\') AS maintenance, ${a:literal} IS NULL AS secret');
CALL slipway.migrate(options => '{"variables": {"a": "swordfish"}}');
SELECT * FROM found;
SHOW max_parallel_workers_per_gather;
