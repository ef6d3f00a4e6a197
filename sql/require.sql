-- slipway.require(): for an application that must not start too early.
\i test/fixture/start.psql

CALL project('other');
SELECT outcome($$SELECT slipway.require('0001_a', 'other')$$);
CALL migration('0001_a', 'SELECT 1');
CALL migration('0002_b', 'SELECT 1/0');
SELECT outcome($$SELECT slipway.require('0001_a')$$);
\set VERBOSITY terse
CALL slipway.migrate();
SELECT outcome($$SELECT slipway.require('0001_a')$$);
-- Tried is not applied.
SELECT outcome($$SELECT slipway.require('0002_b')$$);
SELECT outcome($$SELECT slipway.require('0001_a', 'other')$$);
SELECT outcome($$SELECT slipway.require('0001')$$);
SELECT outcome($$SELECT slipway.require('0001_a.sql')$$);
SELECT outcome($$SELECT slipway.require('')$$);
SELECT outcome($$SELECT slipway.require('0001_a', 'nowhere')$$);
CALL migration('0002_b', 'SELECT 2');
CALL slipway.migrate();
SELECT outcome($$SELECT slipway.require('0002_b')$$);
-- It needs nothing but the history: also when the manifest has lost it.
SELECT count(*) FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\n');
SELECT outcome($$SELECT slipway.require('0002_b')$$);
BEGIN READ ONLY;
SELECT slipway.require('0001_a');
COMMIT;
