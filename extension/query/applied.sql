-- For each migration its last event that succeeded, else its last one; the
-- second column says succeeded if that left it applied.
SELECT h.migration, h.outcome, h.script_hash, h.finished_at, h.finished_at - h.started_at, h.session_role, h.run
  FROM (SELECT DISTINCT ON (migration) *
          FROM slipway.history
         WHERE project = $1 AND migration IS NOT NULL
         ORDER BY migration, (outcome = 'succeeded') DESC, entry DESC) h
 WHERE h.action = 'apply'
