-- Ways for PUBLIC into what projects other than that one ($1) have: USAGE of a schema leads to all that PUBLIC may there; without
-- it a sequence is reached by its OID all the same.
WITH other AS (
SELECT n.oid, n.nspname, n.nspacl
  FROM (SELECT DISTINCT s.name FROM slipway.project o CROSS JOIN unnest(o.schemas) s(name) WHERE o.name <> $1) t
  JOIN pg_namespace n ON n.nspname::text = t.name
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM slipway.project p WHERE p.name = $1 AND t.name = ANY (p.schemas)))
SELECT 'SCHEMA', quote_ident(o.nspname), a.privilege_type, 'public'
  FROM other o CROSS JOIN LATERAL aclexplode(o.nspacl) a
 WHERE a.grantee = 0
UNION
SELECT 'SEQUENCE', format('%I.%I', o.nspname, c.relname), a.privilege_type, 'public'
  FROM other o
  JOIN pg_class c ON c.relnamespace = o.oid
 CROSS JOIN LATERAL aclexplode(c.relacl) a
 WHERE CASE c.relkind WHEN 'S' THEN has_sequence_privilege('public', c.oid, 'SELECT, UPDATE, USAGE') END AND a.grantee = 0
 ORDER BY 1, 2, 3
