UPDATE slipway.run
   SET outcome = 'interrupted', finished_at = clock_timestamp()
 WHERE project = $1 AND number = $2
