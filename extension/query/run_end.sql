UPDATE slipway.run
   SET outcome = $3, finished_at = clock_timestamp(), settled_entry = $4,
       stopped_unit = $5::integer, units = $6::integer,
       retries = $7::integer, lock_waits = $8::integer, lock_wait_ms = $9
 WHERE project = $1 AND number = $2 AND outcome = 'running'
