-- Runs that say they go on, and the migration that each is at: the first of its
-- manifest that is not applied, as view slipway.progress has it too. Who holds
-- the lock knows that they do not apply anything any more.
SELECT r.number, coalesce(next.name, '?'), next.up_hash, r.manifest_hash,
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
       SELECT m.name, m.up_hash
         FROM slipway.manifest f
        CROSS JOIN unnest(f.members) WITH ORDINALITY u(id, n)
         JOIN slipway.migration m ON m.project = f.project AND m.id = u.id
        WHERE f.project = r.project AND f.hash = r.manifest_hash
          AND NOT EXISTS (SELECT FROM slipway.history h
                           WHERE h.project = r.project AND h.migration = m.name AND h.outcome = 'succeeded')
        ORDER BY u.n LIMIT 1) next ON true
 WHERE r.project = $1 AND r.outcome = 'running'
 ORDER BY r.number
