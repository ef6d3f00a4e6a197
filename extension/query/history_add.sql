INSERT INTO slipway.history (project, entry, run, migration, action, outcome, script_hash, manifest_hash,
       started_at, finished_at, session_role, effective_role, client_addr, application_name, client_version,
       sqlstate, message, detail, hint, context, "position", line_number, column_number, prev_hash, entry_hash)
VALUES ($1, $2::bigint, $3::bigint, $4, $5, $6, decode($7, 'hex'), decode($8, 'hex'),
       $9::timestamptz, $10::timestamptz, $11, $12, $13::inet, $14, $15,
       $16, $17, $18, $19, $20, $21::integer, $22::integer, $23::integer, decode($24, 'hex'), decode($25, 'hex'))
