UPDATE slipway.journal
   SET outcome = $3, settings = coalesce($4, settings), finished_at = coalesce(finished_at, clock_timestamp())
 WHERE project = $1 AND entry = $2
