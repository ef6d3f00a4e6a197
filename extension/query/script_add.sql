INSERT INTO slipway.script (hash, body, created_by)
VALUES ($1, $2, $3)
ON CONFLICT (hash) DO NOTHING
