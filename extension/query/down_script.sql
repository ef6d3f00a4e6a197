-- Is a script ($2) one that takes back a migration of a project ($1): uploaded as such, or begun as such?
SELECT 1 FROM slipway.migration WHERE project = $1 AND down_hash = $2
 UNION ALL
SELECT 1 FROM slipway.journal WHERE project = $1 AND script_hash = $2 AND action = 'rollback' AND closed_by IS NULL
