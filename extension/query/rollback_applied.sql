-- What is applied, last applied first: what made it so, its kind and its down script, both of
-- the manifest $2 or (NULL) of that with which it was applied; $3 where that is not on record.
WITH event AS (
       SELECT migration, action, manifest_hash, entry,
              max(entry) FILTER (WHERE action = 'rollback') OVER (PARTITION BY migration) AS undone
         FROM slipway.history
        WHERE project = $1 AND outcome = 'succeeded'
          AND action IN ('apply', 'rollback', 'baseline', 'mark_applied', 'accept_checksum')),
     applied AS (
       SELECT DISTINCT ON (migration) migration, manifest_hash,
              first_value(action) OVER since AS action, first_value(entry) OVER since AS entry
         FROM event
        WHERE entry > coalesce(undone, 0)
       WINDOW since AS (PARTITION BY migration ORDER BY entry)
        ORDER BY migration, event.entry DESC)
SELECT a.migration, a.action,
       coalesce(m.kind, (SELECT k.kind FROM slipway.migration k
                          WHERE k.project = $1 AND k.name = a.migration
                          ORDER BY k.id DESC LIMIT 1), 'versioned'),
       m.down_hash
  FROM applied a
  LEFT JOIN LATERAL (
       SELECT m.kind, m.down_hash
         FROM slipway.manifest f
         JOIN slipway.migration m ON m.project = f.project AND m.id = ANY (f.members)
        WHERE f.project = $1 AND f.hash = coalesce($2, a.manifest_hash, $3) AND m.name = a.migration) m ON true
 ORDER BY a.entry DESC
