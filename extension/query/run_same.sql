-- Does a run with this manifest say that it goes on?
SELECT FROM slipway.run
 WHERE project = $1 AND manifest_hash = $2 AND outcome = 'running'
