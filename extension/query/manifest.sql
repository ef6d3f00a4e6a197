-- A manifest by its hash ($2, in hex), or the newest one (NULL).
SELECT hash, name_order
  FROM slipway.manifest
 WHERE project = $1 AND ($2 IS NULL OR hash = decode($2, 'hex'))
 ORDER BY created_at DESC, hash
 LIMIT 1
