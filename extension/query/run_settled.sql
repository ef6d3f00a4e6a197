-- Did the last run leave the manifest applied whole, with nothing in the history since?
SELECT r.manifest_hash = $2 AND r.settled_entry = (SELECT max(entry) FROM slipway.history WHERE project = $1)
  FROM slipway.run r
 WHERE r.project = $1
 ORDER BY r.number DESC
 LIMIT 1
