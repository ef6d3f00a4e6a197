-- The manifest that was applied whole last.
SELECT f.hash, f.name_order
  FROM slipway.run r
  JOIN slipway.manifest f ON f.project = r.project AND f.hash = r.manifest_hash
 WHERE r.project = $1 AND r.settled_entry IS NOT NULL
 ORDER BY r.number DESC
 LIMIT 1
