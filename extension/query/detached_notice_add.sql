INSERT INTO slipway.detached_notice (project, detached, number, entry, severity, sqlstate, message, detail, hint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
