-- Runs that say they go on. Who holds the lock knows that they do not apply
-- anything any more.
SELECT number, coalesce(current_migration, '?'), current_hash, manifest_hash,
       coalesce(current_started_at, started_at), backend_pid::bigint,
       session_role, effective_role, host(client_addr), application_name, client_version,
       started_at
  FROM slipway.run
 WHERE project = $1 AND outcome = 'running'
 ORDER BY number
