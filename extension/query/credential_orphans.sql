-- The mark of a role is its comment: see credential_role.c. One that was made in a database which is gone nobody else finds; but
-- if another database has something of it, that is the same one under another name.
SELECT o.kind, o.role, o.project, o.detail
  FROM (SELECT 'role' AS kind, r.rolname::text AS role,
               (SELECT p.name FROM slipway.project p WHERE d.description = m.head || quote_literal(p.name) || m.tail) AS project,
               CASE WHEN h.here THEN 'it was made here, and no project claims it'
                    ELSE 'it was made in a database that is gone' END AS detail
          FROM (SELECT 'slipway: credential of project ' AS head, ' in database ' || quote_literal(current_database()) AS tail) m
          JOIN pg_shdescription d ON d.classoid = 'pg_authid'::regclass AND starts_with(d.description, m.head)
          JOIN pg_roles r ON r.oid = d.objoid
         CROSS JOIN LATERAL (SELECT right(d.description, length(m.tail)) = m.tail AS here) h
         WHERE NOT EXISTS (SELECT FROM slipway.credential c WHERE c.role = r.rolname AND c.made_at IS NOT NULL)
           AND (h.here
                OR NOT EXISTS (SELECT FROM pg_database b
                                CROSS JOIN LATERAL (SELECT ' in database ' || quote_literal(b.datname::text) AS tail) t
                                WHERE right(d.description, length(t.tail)) = t.tail)
                   AND NOT EXISTS (SELECT FROM pg_shdepend s
                                    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
                                      AND s.dbid NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))))
        UNION ALL
        SELECT 'secret', c.role, c.project, c.reference
          FROM slipway.credential c
         WHERE c.reference IS NOT NULL AND c.made_at IS NULL AND c.status IN ('rolled_back', 'failed')
        UNION ALL
        SELECT 'lost', c.role, c.project, 'the role is gone'
          FROM slipway.credential c
         WHERE c.made_at IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = c.role)) o
 WHERE true
