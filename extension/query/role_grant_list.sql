SELECT kind, project FROM slipway.role_grant WHERE role = $1
