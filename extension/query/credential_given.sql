-- What a role ($1) was given, or has given, a right on, in this database and of what belongs to none: pg_shdepend knows.
SELECT d.classid, d.objid, d.objsubid, r.oid AS role
  FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'a'
 WHERE r.rolname = $1 AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
