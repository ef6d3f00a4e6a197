INSERT INTO slipway.migration (project, name, up_hash, down_hash, verify_hash)
SELECT $1, g.name, g.up, g.down, g.verify
  FROM unnest($2, $3, $4, $5) WITH ORDINALITY g(name, up, down, verify, n)
 WHERE NOT EXISTS (SELECT FROM slipway.migration m
                    WHERE m.project = $1 AND m.name = g.name AND m.up_hash = g.up
                      AND m.down_hash IS NOT DISTINCT FROM g.down
                      AND m.verify_hash IS NOT DISTINCT FROM g.verify)
 ORDER BY g.n
ON CONFLICT DO NOTHING
