-- Option search_path: for who cannot rely on that of the session, as behind a pooler.

SET client_min_messages = warning;
SET slipway.report_progress = off;
CREATE SCHEMA path_a;
CREATE SCHEMA path_b;

SELECT slipway.create_project('path_open');
SELECT slipway.create_project('path_own', ARRAY['path_b']);
SELECT count(*) FROM unnest(ARRAY['path_open', 'path_own']) AS p,
    LATERAL (SELECT slipway.add_migration('0001_made',
        'CREATE TABLE made_here AS SELECT current_setting(''search_path'') AS path',
        'DROP TABLE made_here', 'SELECT 1 / count(*) FROM made_here', p)) AS a;

SET search_path = pg_catalog;
CALL slipway.migrate('path_open', '{"search_path": "path_a, public"}');
SELECT path FROM path_a.made_here;
SHOW search_path;

-- the schemas of a project count more
CALL slipway.migrate('path_own', '{"search_path": "path_a"}');
SELECT path FROM path_b.made_here;

-- the other procedures
CALL slipway.verify('path_open', '{"search_path": "path_a"}');
SELECT count(*) FROM slipway.rollback_plan('path_open', '{"steps": 1, "search_path": "path_a"}');
CALL slipway.rollback('path_open', '{"steps": 1, "search_path": "path_a"}');
SELECT to_regclass('path_a.made_here');

-- what is none is refused before anything runs
CALL slipway.migrate('path_open', '{"search_path": "\"open"}');
CALL slipway.migrate('path_open', '{"search_path": 5}');
CALL slipway.migrate('path_open', '{"search_path": "path_a; DROP SCHEMA path_b CASCADE"}');
SELECT state FROM slipway.status WHERE project = 'path_open';

RESET search_path;
DROP SCHEMA path_a, path_b CASCADE;
