-- $2: also what has failed; $3: also of workers that are there.
WITH freed AS (
UPDATE slipway.credential_item i
   SET outcome = 'waiting', finished_at = NULL
 WHERE i.batch = $1
   AND (i.outcome = 'running' AND ($3 OR NOT slipway._is_alive(i.backend_pid, i.backend_started_at))
        OR $2 AND i.outcome IN ('failed', 'rolled_back'))
RETURNING i.number),
forgiven AS (
UPDATE slipway.credential_batch b
   SET stopped_at = NULL, stopped_by = NULL, stop_reason = NULL,
       forgiven = CASE WHEN $2 THEN 0
                       ELSE (SELECT count(*) FROM slipway.credential_item f
                              WHERE f.batch = $1 AND f.outcome IN ('failed', 'rolled_back')) END
 WHERE b.number = $1)
SELECT (SELECT count(*) FROM freed)
       + (SELECT count(*) FROM slipway.credential_item i WHERE i.batch = $1 AND i.outcome = 'waiting')
