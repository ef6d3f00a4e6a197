-- What is applied, last applied first: what made it so, its kind and its down script, both of
-- the manifest $2 or (NULL) of that with which it was applied; $3 where that is not on record. Of a name that
-- was never stored with other scripts all manifests have the same: they need not be looked into.
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
        ORDER BY migration, event.entry DESC),
     known AS (SELECT name, count(*) AS versions FROM slipway.migration WHERE project = $1 GROUP BY name)
SELECT a.migration, a.action,
       coalesce(m.kind, (SELECT k.kind FROM slipway.migration k
                          WHERE k.project = $1 AND k.name = a.migration
                          ORDER BY k.id DESC LIMIT 1), 'versioned'),
       m.down_hash
  FROM applied a
  LEFT JOIN known k ON k.name = a.migration
  LEFT JOIN LATERAL (
       SELECT m.kind, m.down_hash
         FROM slipway.migration m
        WHERE m.project = $1 AND m.name = a.migration
          AND ($2 IS NULL AND a.manifest_hash IS NOT NULL AND k.versions = 1
               OR EXISTS (SELECT FROM slipway.manifest f
                           WHERE f.project = $1 AND f.hash = coalesce($2, a.manifest_hash, $3)
                             AND m.id = ANY (f.members)))) m ON true
 ORDER BY a.entry DESC
