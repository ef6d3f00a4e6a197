UPDATE slipway.detached_run
   SET outcome = $3, finished_at = clock_timestamp(),
       sqlstate = $4, message = $5, detail = $6, hint = $7, context = $8
 WHERE project = $1 AND number = $2
