-- In an order, so that two that upload the same do not wait for each other.
SELECT DISTINCT encode(g.hash, 'hex')
  FROM unnest($1) g(hash)
 WHERE NOT EXISTS (SELECT FROM slipway.script s WHERE s.hash = g.hash OFFSET 0)
 ORDER BY 1
