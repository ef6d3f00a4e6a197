SELECT DISTINCT encode(g.hash, 'hex')
  FROM unnest($1) g(hash)
 WHERE NOT EXISTS (SELECT FROM slipway.script s WHERE s.hash = g.hash OFFSET 0)
