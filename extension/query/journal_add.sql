INSERT INTO slipway.journal (project, entry, migration, script_hash, run, unit, first_statement, last_statement,
       line_number, statements_hash, outcome, facts, started_at, settings, action, others, finished_at)
VALUES ($1, $2, $3, $4, $5, $6::integer, $7::integer, $8::integer,
       $9::integer, $10, $11, $12, $13, $14, $15, $16, CASE WHEN $11 <> 'started' THEN clock_timestamp() END)
