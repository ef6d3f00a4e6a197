UPDATE slipway.journal
   SET closed_by = $3
 WHERE project = $1 AND migration = $2 AND closed_by IS NULL
