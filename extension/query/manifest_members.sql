-- Those behind the first $3, and before them the hooks among those: as they stand first,
-- they are among the first five.
SELECT m.name, m.up_hash, m.down_hash, m.verify_hash, m.kind
  FROM slipway.manifest f
 CROSS JOIN unnest(f.members[1:least(5, $3::integer)] || f.members[$3::integer + 1:]) WITH ORDINALITY u(id, n)
  JOIN slipway.migration m ON m.project = f.project AND m.id = u.id
 WHERE f.project = $1 AND f.hash = $2
   AND (u.n > least(5, $3) OR m.kind = 'hook')
 ORDER BY u.n
