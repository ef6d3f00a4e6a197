-- The run has left its manifest applied whole, and all its scripts are here.
UPDATE slipway.run r
   SET settled_entry = (SELECT max(entry) FROM slipway.history WHERE project = $1)
 WHERE r.project = $1 AND r.number = $2
   AND NOT EXISTS (
       SELECT FROM slipway.manifest f
        CROSS JOIN unnest(f.members) u(id)
         JOIN slipway.migration m ON m.project = f.project AND m.id = u.id,
              LATERAL (VALUES (m.up_hash), (m.down_hash), (m.verify_hash)) h(hash)
        WHERE f.project = r.project AND f.hash = r.manifest_hash AND h.hash IS NOT NULL
          AND NOT EXISTS (SELECT FROM slipway.script s WHERE s.hash = h.hash))
