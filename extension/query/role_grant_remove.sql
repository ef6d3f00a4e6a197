DELETE FROM slipway.role_grant
 WHERE role = $1 AND kind = $2 AND project IS NOT DISTINCT FROM $3
