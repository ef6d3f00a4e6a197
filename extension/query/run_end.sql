UPDATE slipway.run
   SET outcome = $3, finished_at = clock_timestamp()
 WHERE project = $1 AND number = $2 AND outcome = 'running'
