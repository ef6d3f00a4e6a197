INSERT INTO slipway.schema_snapshot (project, number, name, run, entry, journal_entry, fingerprint,
       server_version_num, ignore, objects, taken_at, taken_by)
SELECT $1, $2, $3, nullif((SELECT coalesce(max(number), 0) FROM slipway.run WHERE project = $1), 0),
       (SELECT coalesce(max(entry), 0) FROM slipway.history WHERE project = $1),
       (SELECT coalesce(max(entry), 0) FROM slipway.journal WHERE project = $1),
       $4, $5, $6, $7, $8, $9
    ON CONFLICT (project, number) DO UPDATE
   SET run = excluded.run, entry = excluded.entry, journal_entry = excluded.journal_entry,
       fingerprint = excluded.fingerprint, server_version_num = excluded.server_version_num,
       ignore = excluded.ignore, objects = excluded.objects, taken_at = excluded.taken_at,
       taken_by = excluded.taken_by
