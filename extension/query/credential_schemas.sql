-- The schemas of a project, and why rights are not given in one.
SELECT s.name,
       CASE WHEN s.name = '$user' OR s.name ~ '^pg_' OR s.name IN ('information_schema', 'slipway') THEN 'is not its own'
            WHEN n.oid IS NULL THEN 'does not exist'
            WHEN o.name IS NOT NULL THEN format('is also one of project %I', o.name) END
  FROM slipway.project p
 CROSS JOIN unnest(p.schemas) s(name)
  LEFT JOIN pg_namespace n ON n.nspname = s.name
  LEFT JOIN LATERAL (SELECT o.name FROM slipway.project o
                      WHERE o.name <> p.name AND s.name = ANY (o.schemas) ORDER BY o.name LIMIT 1) o ON true
 WHERE p.name = $1
