-- The caller holds the lock of the project's newest manifest, so that nobody
-- else takes the next numbers. OFFSET 0 keeps the planner from a join: it
-- knows little of young tables, and would compare each with each.
INSERT INTO slipway.migration (project, id, name, up_hash, down_hash, verify_hash)
SELECT $1,
       (SELECT coalesce(max(m.id), 0) FROM slipway.migration m WHERE m.project = $1)
         + row_number() OVER (ORDER BY g.n),
       g.name, g.up, g.down, g.verify
  FROM unnest($2, $3, $4, $5) WITH ORDINALITY g(name, up, down, verify, n)
 WHERE NOT EXISTS (SELECT FROM slipway.migration m
                    WHERE m.project = $1 AND m.name = g.name AND m.up_hash = g.up
                      AND m.down_hash IS NOT DISTINCT FROM g.down
                      AND m.verify_hash IS NOT DISTINCT FROM g.verify
                    OFFSET 0)
ON CONFLICT DO NOTHING
RETURNING id, name
