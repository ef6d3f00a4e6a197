INSERT INTO slipway.role_grant (role, kind, project, granted_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
