SELECT DISTINCT encode(h.hash, 'hex')
  FROM slipway.manifest f
  CROSS JOIN unnest(f.members) u(id)
  JOIN slipway.migration m ON m.project = f.project AND m.id = u.id,
       LATERAL (VALUES (m.up_hash), (m.down_hash), (m.verify_hash)) h(hash)
 WHERE f.project = $1 AND f.hash = $2 AND h.hash IS NOT NULL
   AND NOT EXISTS (SELECT FROM slipway.script s WHERE s.hash = h.hash)
