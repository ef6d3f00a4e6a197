-- Behind "own": all that is there and may have an access list. Of a role ($1) that many projects share pg_shdepend knows
-- far more than what is in these schemas.
SELECT g.classid, g.objid, g.objsubid, r.oid AS role
  FROM pg_roles r
 CROSS JOIN (
       SELECT 'pg_namespace'::regclass AS classid, o.oid AS objid, 0 AS objsubid FROM own o
       UNION ALL
       SELECT 'pg_class'::regclass, c.oid, 0 FROM own o JOIN pg_class c ON c.relnamespace = o.oid WHERE c.relacl IS NOT NULL
       UNION ALL
       SELECT 'pg_class'::regclass, c.oid, a.attnum
         FROM own o JOIN pg_class c ON c.relnamespace = o.oid JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attacl IS NOT NULL
       UNION ALL
       SELECT 'pg_proc'::regclass, p.oid, 0 FROM own o JOIN pg_proc p ON p.pronamespace = o.oid WHERE p.proacl IS NOT NULL
       UNION ALL
       SELECT 'pg_type'::regclass, t.oid, 0 FROM own o JOIN pg_type t ON t.typnamespace = o.oid WHERE t.typacl IS NOT NULL) g
 WHERE r.rolname = $1
