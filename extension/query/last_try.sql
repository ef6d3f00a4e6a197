-- How the last thing that was done to a migration went. A rollback that failed has left it as it was.
SELECT outcome
  FROM slipway.history
 WHERE project = $1 AND migration = $2
   AND (action IN ('apply', 'forget_failed')
        OR action IN ('rollback', 'baseline', 'mark_applied', 'accept_checksum') AND outcome = 'succeeded')
 ORDER BY entry DESC
