-- Adds nothing if a member is not visible: a concurrent upload, under an
-- isolation level that does not show it.
INSERT INTO slipway.manifest (project, hash, name_order, members, created_by)
SELECT $1, $6, $7, coalesce(array_agg(m.id ORDER BY g.n), '{}'), $8
  FROM unnest($2, $3, $4, $5) WITH ORDINALITY g(name, up, down, verify, n)
  JOIN slipway.migration m
    ON m.project = $1 AND m.name = g.name AND m.up_hash = g.up
   AND m.down_hash IS NOT DISTINCT FROM g.down
   AND m.verify_hash IS NOT DISTINCT FROM g.verify
HAVING count(*) = cardinality($2)
ON CONFLICT (project, hash) DO NOTHING
