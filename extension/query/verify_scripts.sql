-- The verify scripts, or NULL, that migrations had in the manifest with which each was applied: a row for
-- each of the entries ($2) of the history that say that they are, in their order.
SELECT (SELECT m.verify_hash
          FROM slipway.history h
          JOIN slipway.manifest f ON f.project = h.project AND f.hash = h.manifest_hash
          JOIN slipway.migration m ON m.project = h.project AND m.name = h.migration
           AND m.up_hash = h.script_hash AND m.id = ANY (f.members)
         WHERE h.project = $1 AND h.entry = e.entry
         LIMIT 1)
  FROM unnest($2) WITH ORDINALITY e(entry, n)
 ORDER BY e.n
