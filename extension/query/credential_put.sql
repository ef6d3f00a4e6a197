INSERT INTO slipway.credential AS c (project, role, preset, status, previous_role, connection_limit, application, mapping,
                                     registered_by, changed_by)
VALUES ($1, $2, $3, 'missing', $4, $5, $6, $7::jsonb, $8, $8)
ON CONFLICT (project) DO UPDATE
   SET role = excluded.role, preset = excluded.preset, previous_role = excluded.previous_role,
       connection_limit = excluded.connection_limit, application = excluded.application, mapping = excluded.mapping,
       changed_at = clock_timestamp(), changed_by = excluded.changed_by
RETURNING CASE WHEN c.xmax = 0 THEN 'registered' ELSE 'changed' END
