-- How the last thing that was done to a migration went.
SELECT outcome
  FROM slipway.history
 WHERE project = $1 AND migration = $2
   AND action IN ('apply', 'rollback', 'baseline', 'mark_applied', 'accept_checksum', 'forget_failed')
 ORDER BY entry DESC
