-- What the last run was to redo and has rolled back, if it has not come to its end.
SELECT r.tasks[cardinality(r.tasks)]
  FROM (SELECT * FROM slipway.run WHERE project = $1 ORDER BY number DESC LIMIT 1) r
 WHERE r.action = 'redo' AND r.outcome <> 'succeeded'
   AND EXISTS (
       SELECT FROM slipway.history h
        WHERE h.project = r.project AND h.run = r.number AND h.migration = r.tasks[cardinality(r.tasks)]
          AND h.action = 'rollback' AND h.outcome = 'succeeded')
