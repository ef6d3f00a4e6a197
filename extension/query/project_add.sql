INSERT INTO slipway.project (name, schemas, owner, created_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO NOTHING
