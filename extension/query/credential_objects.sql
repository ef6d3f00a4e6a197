-- Behind "listed": what a role ($1) owns here, policies that name it, and rights that others have from it; of other databases,
-- and of what belongs to none, what is known from here.
SELECT current_database()::text, i.type, i.identity
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype IN ('o', 'r')
 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE r.rolname = $1
   AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT current_database()::text, 'right',
       format('%s ON %s %s TO %s', a.privilege_type || l.tail, l.kind, l.object,
              CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
  FROM listed l CROSS JOIN LATERAL aclexplode(l.acl) a
 WHERE a.grantor = l.role AND a.grantee <> l.role
UNION ALL
SELECT '*', i.type, i.identity
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype IN ('o', 'r') AND d.dbid = 0
 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE r.rolname = $1
UNION ALL
SELECT b.datname::text, k.kind, count(*)::text
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
  JOIN (VALUES ('o', 'objects'), ('r', 'objects'), ('a', 'rights'), ('i', 'rights')) k(type, kind) ON k.type = d.deptype::text
  JOIN pg_database b ON b.oid = d.dbid AND b.datname <> current_database()
 WHERE r.rolname = $1
 GROUP BY b.datname, k.kind
 ORDER BY 1, 2, 3
