INSERT INTO slipway.manifest (project, hash, name_order, members, created_by)
VALUES ($1, $2, $3, $4, $5)
