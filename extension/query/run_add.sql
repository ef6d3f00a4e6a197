INSERT INTO slipway.run (project, number, action, manifest_hash, outcome, started_at,
       session_role, effective_role, client_addr, application_name, client_version, backend_pid,
       pending, tasks, labels, detached)
VALUES ($1, $10, $12, $2, 'running', clock_timestamp(),
       $3, $4, $5::inet, $6, $7, $8::integer,
       cardinality($9), $9, $13::jsonb, $11)
