-- The first thing that is wrong with the options of slipway.register_credentials().
SELECT w.why
  FROM (SELECT 'They are no object.' AS why, '' AS key
         WHERE jsonb_typeof($1::jsonb) <> 'object'
        UNION ALL
        SELECT format('There is no option "%s".', k), k
          FROM jsonb_object_keys(CASE jsonb_typeof($1::jsonb) WHEN 'object' THEN $1::jsonb ELSE '{}' END) k
         WHERE k NOT IN ('columns', 'prefix', 'mapping', 'preset', 'previous_role', 'connection_limit', 'application')
        UNION ALL
        SELECT format('"%s" is no column that is looked for.', k), k
          FROM jsonb_object_keys(CASE jsonb_typeof($1::jsonb -> 'columns') WHEN 'object' THEN $1::jsonb -> 'columns' ELSE '{}' END) k
         WHERE k NOT IN ('project', 'role', 'preset', 'previous_role', 'connection_limit', 'application', 'schemas')
        UNION ALL
        SELECT 'Option "columns" is no object.', ''
         WHERE jsonb_typeof($1::jsonb -> 'columns') <> 'object') w
 ORDER BY w.key
 LIMIT 1
