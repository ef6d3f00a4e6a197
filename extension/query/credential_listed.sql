-- Behind "given": the access lists of those objects, which are named as GRANT names them. A procedure with the modes of its
-- arguments: without, those of another one with OUT arguments could be meant as well.
SELECT g.role, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
       format('%I.%I', n.nspname, c.relname) AS object, c.relacl AS acl, '' AS tail
  FROM given g
  JOIN pg_class c ON g.classid = 'pg_class'::regclass AND c.oid = g.objid AND g.objsubid = 0
  JOIN pg_namespace n ON n.oid = c.relnamespace
UNION ALL
SELECT g.role, 'TABLE', format('%I.%I', n.nspname, c.relname), a.attacl, format(' (%I)', a.attname)
  FROM given g
  JOIN pg_class c ON g.classid = 'pg_class'::regclass AND c.oid = g.objid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = g.objsubid AND g.objsubid <> 0
UNION ALL
SELECT g.role, 'SCHEMA', quote_ident(n.nspname), n.nspacl, ''
  FROM given g JOIN pg_namespace n ON g.classid = 'pg_namespace'::regclass AND n.oid = g.objid
UNION ALL
SELECT g.role, 'ROUTINE', CASE p.prokind WHEN 'p' THEN format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
                                   ELSE p.oid::regprocedure::text END, p.proacl, ''
  FROM given g
  JOIN pg_proc p ON g.classid = 'pg_proc'::regclass AND p.oid = g.objid
  JOIN pg_namespace n ON n.oid = p.pronamespace
UNION ALL
SELECT g.role, 'TYPE', format('%I.%I', n.nspname, t.typname), t.typacl, ''
  FROM given g
  JOIN pg_type t ON g.classid = 'pg_type'::regclass AND t.oid = g.objid
  JOIN pg_namespace n ON n.oid = t.typnamespace
UNION ALL
SELECT g.role, 'LANGUAGE', quote_ident(l.lanname), l.lanacl, ''
  FROM given g JOIN pg_language l ON g.classid = 'pg_language'::regclass AND l.oid = g.objid
UNION ALL
SELECT g.role, 'FOREIGN DATA WRAPPER', quote_ident(f.fdwname), f.fdwacl, ''
  FROM given g JOIN pg_foreign_data_wrapper f ON g.classid = 'pg_foreign_data_wrapper'::regclass AND f.oid = g.objid
UNION ALL
SELECT g.role, 'FOREIGN SERVER', quote_ident(s.srvname), s.srvacl, ''
  FROM given g JOIN pg_foreign_server s ON g.classid = 'pg_foreign_server'::regclass AND s.oid = g.objid
UNION ALL
SELECT g.role, 'LARGE OBJECT', l.oid::text, l.lomacl, ''
  FROM given g JOIN pg_largeobject_metadata l ON g.classid = 'pg_largeobject'::regclass AND l.oid = g.objid
UNION ALL
SELECT g.role, 'DATABASE', quote_ident(b.datname), b.datacl, ''
  FROM given g JOIN pg_database b ON g.classid = 'pg_database'::regclass AND b.oid = g.objid
UNION ALL
SELECT g.role, 'TABLESPACE', quote_ident(t.spcname), t.spcacl, ''
  FROM given g JOIN pg_tablespace t ON g.classid = 'pg_tablespace'::regclass AND t.oid = g.objid
UNION ALL
SELECT g.role, 'PARAMETER', quote_ident(p.parname), p.paracl, ''
  FROM given g JOIN pg_parameter_acl p ON g.classid = 'pg_parameter_acl'::regclass AND p.oid = g.objid
UNION ALL
SELECT g.role, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                    WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
       format('FOR ROLE %I%s', pg_get_userbyid(d.defaclrole), ' IN SCHEMA ' || quote_ident(n.nspname)), d.defaclacl, ''
  FROM given g
  JOIN pg_default_acl d ON g.classid = 'pg_default_acl'::regclass AND d.oid = g.objid
  LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
