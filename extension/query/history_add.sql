INSERT INTO slipway.history (project, entry, run, migration, action, outcome, script_hash, manifest_hash,
       started_at, finished_at, session_role, effective_role, client_addr, application_name, client_version,
       sqlstate, message, detail, hint, context, "position", line_number, column_number, reason, variables,
       direction, approved_by, prev_hash, entry_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::inet, $14, $15,
       $16, $17, $18, $19, $20, $21, $22, $23, $24, $25::jsonb,
       $26, $27, $28, $29)
