-- Behind "actual" and "intended". That PUBLIC may connect is as good.
SELECT coalesce(i.kind, a.kind) AS kind, coalesce(i.object, a.object) AS object,
       coalesce(i.privilege, a.privilege) AS privilege,
       CASE WHEN i.kind IS NULL THEN 'superfluous'
            WHEN a.kind IS NOT NULL THEN 'granted'
            WHEN i.kind = 'DATABASE' AND EXISTS (
                 SELECT FROM pg_database b, aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))) p
                  WHERE b.datname = current_database() AND p.grantee = 0 AND p.privilege_type = 'CONNECT') THEN 'granted'
            ELSE 'missing' END AS state
  FROM intended i FULL JOIN actual a ON a.kind = i.kind AND a.object = i.object AND a.privilege = i.privilege
 WHERE i.optional IS NOT TRUE OR a.kind IS NOT NULL
UNION ALL
SELECT i.kind, i.object, i.privilege || ' WITH GRANT OPTION', 'superfluous'
  FROM intended i JOIN actual a ON a.kind = i.kind AND a.object = i.object AND a.privilege = i.privilege
 WHERE a.grantable
UNION ALL
SELECT 'ROLE', quote_ident(g.rolname), 'MEMBER', 'superfluous'
  FROM pg_roles r
  JOIN pg_auth_members m ON m.member = r.oid
  JOIN pg_roles g ON g.oid = m.roleid
 WHERE r.rolname = $1
UNION ALL
SELECT 'ROLE', quote_ident(r.rolname), v.attribute, 'superfluous'
  FROM pg_roles r
 CROSS JOIN LATERAL (VALUES ('SUPERUSER', r.rolsuper), ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb),
                            ('REPLICATION', r.rolreplication), ('BYPASSRLS', r.rolbypassrls)) v(attribute, has)
 WHERE r.rolname = $1 AND v.has
UNION ALL
SELECT 'DATABASE', quote_ident(b.datname), 'rights or objects in it', 'superfluous'
  FROM pg_database b
 WHERE b.datname <> current_database()
   AND EXISTS (SELECT FROM pg_roles r JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
                WHERE r.rolname = $1 AND d.dbid = b.oid)
 ORDER BY 1, 2, 4, 3
