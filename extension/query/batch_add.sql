INSERT INTO slipway.credential_batch (number, name, options, max_failures, created_by)
SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4 FROM slipway.credential_batch
RETURNING number
