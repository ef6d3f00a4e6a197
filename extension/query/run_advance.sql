-- The run goes on with migration $3, or has succeeded (NULL).
UPDATE slipway.run
   SET current_migration = $3, current_hash = $4, current_started_at = clock_timestamp(),
       outcome = CASE WHEN $3 IS NULL THEN 'succeeded' ELSE outcome END,
       finished_at = CASE WHEN $3 IS NULL THEN clock_timestamp() END
 WHERE project = $1 AND number = $2
