-- What a role owns here, and policies that name it; of other databases, and of what belongs to none, what is known from here.
SELECT current_database()::text, i.type, i.identity
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype IN ('o', 'r')
 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE r.rolname = $1
   AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT '*', i.type, i.identity
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype IN ('o', 'r') AND d.dbid = 0
 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE r.rolname = $1
UNION ALL
SELECT b.datname::text, 'objects', count(*)::text
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype IN ('o', 'r')
  JOIN pg_database b ON b.oid = d.dbid AND b.datname <> current_database()
 WHERE r.rolname = $1
 GROUP BY b.datname
 ORDER BY 1, 2, 3
