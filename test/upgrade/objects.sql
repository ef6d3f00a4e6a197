-- Everything that is in schema slipway, a line for each thing: of two databases, where
-- the extension was created in one and upgraded in the other, they are the same.
SET search_path = pg_catalog;
WITH relation AS (SELECT c.* FROM pg_class c WHERE c.relnamespace = 'slipway'::regnamespace),
     routine AS (SELECT p.* FROM pg_proc p WHERE p.pronamespace = 'slipway'::regnamespace)
SELECT line FROM (
SELECT format('schema %s %s %s', nspname, nspowner::regrole, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(nspacl) a))
  FROM pg_namespace WHERE nspname = 'slipway'
UNION ALL
SELECT format('relation %s %s owner=%s identity=%s acl=%s options=%s comment=%s', relkind, relname, relowner::regrole, relreplident,
              (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(relacl) a), reloptions, obj_description(oid, 'pg_class'))
  FROM relation WHERE relkind IN ('r', 'v', 'S')
UNION ALL
SELECT format('column %s.%s %s %s %s default=%s compression=%s acl=%s comment=%s', r.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid), a.attcompression, a.attacl, col_description(r.oid, a.attnum))
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum WHERE r.relkind IN ('r', 'v')
UNION ALL
SELECT format('constraint %s.%s %s', r.relname, c.conname, pg_get_constraintdef(c.oid)) FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid
UNION ALL
SELECT format('index %s identity=%s', pg_get_indexdef(i.indexrelid), i.indisreplident) FROM relation r JOIN pg_index i ON i.indrelid = r.oid WHERE r.relkind = 'r'
UNION ALL
SELECT format('trigger %s %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT format('view %s %s', relname, pg_get_viewdef(oid)) FROM relation WHERE relkind = 'v'
UNION ALL
SELECT format('routine %s owner=%s %s%s%s%s symbol=%s library=%s config=%s acl=%s result=%s defaults=%s comment=%s', oid::regprocedure, proowner::regrole, prokind, provolatile,
              proisstrict, prosecdef, prosrc, probin, proconfig, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(proacl) a),
              pg_get_function_result(oid), pg_get_function_arguments(oid), obj_description(oid, 'pg_proc'))
  FROM routine
UNION ALL
SELECT format('member %s', pg_describe_object(d.classid, d.objid, d.objsubid)) FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
 WHERE e.extname = 'pg_slipway' AND d.deptype = 'e'
UNION ALL
SELECT format('dumped %s %s', c.oid::regclass, e.extcondition[n]) FROM pg_extension e, unnest(e.extconfig) WITH ORDINALITY u(oid, n) JOIN pg_class c ON c.oid = u.oid
 WHERE e.extname = 'pg_slipway'
UNION ALL
SELECT format('extension %s', extversion) FROM pg_extension WHERE extname = 'pg_slipway') l(line)
 ORDER BY line COLLATE "C";
