-- $6: the manifest whose members come first, or NULL.
WITH newest AS (
    UPDATE slipway.project
       SET newest = $2
     WHERE name = $1 AND newest IS DISTINCT FROM $2)
INSERT INTO slipway.manifest (project, hash, name_order, members, created_by)
VALUES ($1, $2, $3, coalesce((SELECT members FROM slipway.manifest WHERE project = $1 AND hash = $6), '{}') || $4, $5)
ON CONFLICT (project, hash) DO NOTHING
