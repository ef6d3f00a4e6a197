-- Runs that say they go on, and what each is at: the first of its tasks that it has not
-- done, as view slipway.progress has it too; or a hook before them or behind them. Who holds the lock knows that they do not do
-- anything any more.
SELECT r.number, coalesce(hook.name, next.name, 'after_migrate'),
       CASE WHEN r.action = 'migrate' OR r.action = 'redo' AND next.done = cardinality(r.tasks) - 1 THEN 'apply'
            WHEN r.action = 'redo' THEN 'rollback' ELSE r.action END,
       r.manifest_hash,
       coalesce(last.finished_at, r.started_at), r.backend_pid::bigint,
       r.session_role, r.effective_role, host(r.client_addr), r.application_name, r.client_version,
       r.started_at
  FROM slipway.run r
  LEFT JOIN LATERAL (
       SELECT h.finished_at
         FROM slipway.history h
        WHERE h.project = r.project AND h.run = r.number
        ORDER BY h.entry DESC LIMIT 1) last ON true
  LEFT JOIN LATERAL (
       SELECT r.tasks[count(*) + 1] AS name, count(*) AS done
         FROM slipway.history h
        WHERE h.project = r.project AND h.run = r.number
          AND h.outcome = 'succeeded' AND h.action IN ('apply', 'rollback')) next ON true
  LEFT JOIN LATERAL (
       SELECT m.name
         FROM slipway.manifest f
         JOIN slipway.migration m ON m.project = f.project AND m.id = ANY (f.members[1:5])
        WHERE f.project = r.project AND f.hash = r.manifest_hash AND m.kind = 'hook'
          AND m.name = 'before_migrate' AND r.action = 'migrate' AND last.finished_at IS NULL) hook ON true
 WHERE r.project = $1 AND r.outcome = 'running'
 ORDER BY r.number
