-- Those behind the first $3.
SELECT m.name, m.up_hash, m.down_hash, m.verify_hash, m.kind
  FROM slipway.manifest f
 CROSS JOIN unnest(f.members[$3::integer + 1:]) WITH ORDINALITY u(id, n)
  JOIN slipway.migration m ON m.project = f.project AND m.id = u.id
 WHERE f.project = $1 AND f.hash = $2
 ORDER BY u.n
