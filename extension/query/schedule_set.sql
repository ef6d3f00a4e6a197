-- Nothing is written where nothing changes.
INSERT INTO slipway.credential_schedule AS s (name, cron, plain_cron, calendar, time_zone, size, parallel, max_duration, max_failures, dry_run, email, created_by, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
ON CONFLICT (name) DO UPDATE
   SET cron = excluded.cron, plain_cron = excluded.plain_cron, calendar = excluded.calendar, time_zone = excluded.time_zone,
       size = excluded.size, parallel = excluded.parallel, max_duration = excluded.max_duration, max_failures = excluded.max_failures,
       dry_run = excluded.dry_run, email = excluded.email, changed_at = clock_timestamp(), changed_by = excluded.changed_by
 WHERE (s.cron, s.time_zone, s.size, s.parallel, s.dry_run) <> (excluded.cron, excluded.time_zone, excluded.size, excluded.parallel, excluded.dry_run)
    OR s.max_duration IS DISTINCT FROM excluded.max_duration OR s.max_failures IS DISTINCT FROM excluded.max_failures
    OR s.email IS DISTINCT FROM excluded.email
RETURNING CASE WHEN xmax = 0 THEN 'created' ELSE 'changed' END
