UPDATE slipway.detached_run
   SET outcome = $3, finished_at = clock_timestamp(),
       sqlstate = $4, message = $5, detail = $6, hint = $7, context = $8,
       stopped_unit = $9::integer, units = $10::integer
 WHERE project = $1 AND number = $2
