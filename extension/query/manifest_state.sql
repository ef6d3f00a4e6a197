-- Is the manifest stored, is it the newest, and did the last run leave it
-- applied whole, with nothing in the history since?
SELECT f.hash IS NOT NULL,
       p.newest IS NOT DISTINCT FROM $2,
       coalesce(r.manifest_hash = $2 AND r.settled_entry = h.entry, false),
       encode(h.entry_hash, 'hex'),
       p.owner
  FROM slipway.project p
  LEFT JOIN slipway.manifest f ON f.project = p.name AND f.hash = $2
  LEFT JOIN LATERAL (SELECT manifest_hash, settled_entry FROM slipway.run
                      WHERE project = p.name ORDER BY number DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT entry, entry_hash FROM slipway.history
                      WHERE project = p.name ORDER BY entry DESC LIMIT 1) h ON true
 WHERE p.name = $1
