-- A manifest by its hash ($2, in hex), or the newest one (NULL).
SELECT f.hash, f.name_order
  FROM slipway.project p
  JOIN slipway.manifest f ON f.project = p.name AND f.hash = coalesce(decode($2, 'hex'), p.newest)
 WHERE p.name = $1
