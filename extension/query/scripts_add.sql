INSERT INTO slipway.script (hash, body, created_by)
SELECT g.hash, g.body, $3
  FROM unnest($1, $2) g(hash, body)
ON CONFLICT (hash) DO NOTHING
