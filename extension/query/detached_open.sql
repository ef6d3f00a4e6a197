-- Those that say they go on.
SELECT backend_pid::bigint, backend_started_at
  FROM slipway.detached_run
 WHERE project = $1 AND outcome = 'running'
 ORDER BY number
