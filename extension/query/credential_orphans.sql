-- The mark of a role is its comment: see credential_role.c.
SELECT o.kind, o.role, o.project, o.detail
  FROM (SELECT 'role' AS kind, r.rolname::text AS role,
               (SELECT p.name FROM slipway.project p WHERE d.description = m.head || quote_literal(p.name) || m.tail) AS project,
               'it was made here, and no project claims it' AS detail
          FROM (SELECT 'slipway: credential of project ' AS head, ' in database ' || quote_literal(current_database()) AS tail) m
          JOIN pg_shdescription d ON d.classoid = 'pg_authid'::regclass
                                 AND starts_with(d.description, m.head) AND right(d.description, length(m.tail)) = m.tail
          JOIN pg_roles r ON r.oid = d.objoid
         WHERE NOT EXISTS (SELECT FROM slipway.credential c WHERE c.role = r.rolname AND c.made_at IS NOT NULL)
        UNION ALL
        SELECT 'secret', c.role, c.project, c.reference
          FROM slipway.credential c
         WHERE c.reference IS NOT NULL AND c.made_at IS NULL AND c.status IN ('rolled_back', 'failed')
        UNION ALL
        SELECT 'lost', c.role, c.project, 'the role is gone'
          FROM slipway.credential c
         WHERE c.made_at IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = c.role)) o
 WHERE true
