WITH newest AS (
    UPDATE slipway.project
       SET newest = $2
     WHERE name = $1 AND newest IS DISTINCT FROM $2)
INSERT INTO slipway.manifest (project, hash, name_order, members, created_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (project, hash) DO NOTHING
