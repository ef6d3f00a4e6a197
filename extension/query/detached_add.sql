INSERT INTO slipway.detached_run (project, number, outcome, started_at, session_role, client_addr,
       application_name, backend_pid, backend_started_at)
VALUES ($1, $2, 'running', clock_timestamp(), $3, $4::inet, $5, $6::integer, $7)
