-- If the run has left its manifest applied whole ($4), and down and verify
-- scripts of that ($5) are all here, the manifest is settled. OFFSET 0: see
-- migration_add.sql.
UPDATE slipway.run
   SET outcome = $3, finished_at = clock_timestamp(),
       settled_entry = CASE
           WHEN $4 AND NOT EXISTS (
               SELECT FROM unnest($5) h(hash)
                WHERE NOT EXISTS (SELECT FROM slipway.script s WHERE s.hash = h.hash OFFSET 0))
           THEN (SELECT max(entry) FROM slipway.history WHERE project = $1) END
 WHERE project = $1 AND number = $2 AND outcome = 'running'
