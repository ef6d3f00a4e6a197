-- OFFSET 0 keeps the planner from a join: it knows little of young tables, and
-- would compare each with each.
SELECT m.id, g.name
  FROM unnest($2, $3, $4, $5) WITH ORDINALITY g(name, up, down, verify, n)
 CROSS JOIN LATERAL (
       SELECT id FROM slipway.migration
        WHERE project = $1 AND name = g.name AND up_hash = g.up
          AND down_hash IS NOT DISTINCT FROM g.down
          AND verify_hash IS NOT DISTINCT FROM g.verify
       OFFSET 0) m
 ORDER BY g.n
