-- The next item of a batch ($1) for this backend, which began at $3, of role $2. Items that others are
-- taking just now are passed over; those that wait come before those whose worker has died.
UPDATE slipway.credential_item c
   SET outcome = 'running', attempt = c.attempt + 1, claimed_at = clock_timestamp(), claimed_by = $2,
       backend_pid = pg_backend_pid(), backend_started_at = $3, finished_at = NULL, message = NULL
  FROM (SELECT i.batch, i.number
          FROM slipway.credential_item i
         WHERE i.batch = $1
           AND (i.outcome = 'waiting' OR i.outcome = 'running' AND NOT slipway._is_alive(i.backend_pid, i.backend_started_at))
           AND EXISTS (SELECT FROM slipway.credential_batch b
                        WHERE b.number = $1 AND b.stopped_at IS NULL
                          AND (b.max_failures IS NULL
                               OR b.max_failures > (SELECT count(*) FROM slipway.credential_item f
                                                     WHERE f.batch = $1 AND f.outcome IN ('failed', 'rolled_back')) - b.forgiven))
         ORDER BY i.outcome = 'running', i.number
           FOR UPDATE OF i SKIP LOCKED
         LIMIT 1) n
 WHERE c.batch = n.batch AND c.number = n.number
RETURNING c.number::bigint, c.project, c.attempt::bigint
