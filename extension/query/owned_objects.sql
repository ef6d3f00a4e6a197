SELECT pg_catalog.format('%s %s', i.type, i.identity)
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid AND e.extname OPERATOR(pg_catalog.=) 'pg_slipway',
       LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
 WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
   AND d.deptype OPERATOR(pg_catalog.=) 'e'
   AND i.type OPERATOR(pg_catalog.=) ANY (ARRAY['table', 'view', 'function', 'procedure'])
UNION ALL
SELECT 'SCHEMA slipway'
