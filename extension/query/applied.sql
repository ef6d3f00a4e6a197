-- For each migration the last event that changed whether it is applied, and the
-- last one that says whether its last try failed.
SELECT DISTINCT ON (migration, lasting)
       migration, action, outcome, script_hash, finished_at, finished_at - started_at, session_role, run, entry
  FROM (SELECT *, outcome = 'succeeded' AND action <> 'forget_failed' AS lasting
          FROM slipway.history
         WHERE project = $1 AND migration IS NOT NULL
           AND (action IN ('apply', 'forget_failed')
                OR action IN ('rollback', 'baseline', 'mark_applied', 'accept_checksum') AND outcome = 'succeeded')) h
 ORDER BY migration, lasting DESC, entry DESC
