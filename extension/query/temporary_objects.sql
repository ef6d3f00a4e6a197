SELECT classid, objid
  FROM pg_depend
 WHERE refclassid = 'pg_namespace'::regclass AND refobjid = $1 AND deptype = 'n'
