-- Of scripts, given by migration ($2), direction ($3) and hash ($4), in that order: who approves of each
-- that it runs, last; who uploaded the body, and who the migration with it, and when. An approval
-- counts until it is withdrawn, and not if it is of one of those; of a script that is of no migration (a
-- rollback's own) not if it is of who runs it ($5), either.
SELECT a.session_role, s.created_by, m.created_by, coalesce(m.created_at, s.created_at)
  FROM unnest($2, $3, $4) WITH ORDINALITY n(migration, direction, hash, position)
  LEFT JOIN slipway.script s ON s.hash = n.hash
  LEFT JOIN LATERAL (
       SELECT m.created_by, m.created_at
         FROM slipway.migration m
        WHERE m.project = $1 AND m.name = n.migration
          AND n.hash = CASE n.direction WHEN 'up' THEN m.up_hash WHEN 'down' THEN m.down_hash ELSE m.verify_hash END
        ORDER BY m.id LIMIT 1) m ON true
  LEFT JOIN LATERAL (
       SELECT h.session_role
         FROM slipway.history h
        WHERE h.project = $1 AND h.migration = n.migration AND h.action = 'approve'
          AND h.direction = n.direction AND h.script_hash = n.hash
          AND h.session_role IS DISTINCT FROM s.created_by AND h.session_role IS DISTINCT FROM m.created_by
          AND (m.created_by IS NOT NULL OR h.session_role IS DISTINCT FROM $5)
          AND NOT EXISTS (
              SELECT FROM slipway.history w
               WHERE w.project = $1 AND w.migration = n.migration AND w.action = 'withdraw_approval'
                 AND w.direction = n.direction AND w.script_hash = n.hash AND w.entry > h.entry)
        ORDER BY h.entry DESC LIMIT 1) a ON true
 ORDER BY n.position
