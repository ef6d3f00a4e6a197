-- Behind "own": the rights that a preset ($3) gives a role ($1) there, on what there is, and on what the
-- project's owner will make. What belongs to an extension is optional: nothing is granted on it, but default privileges
-- may have given it.
WITH preset AS (
SELECT v.kind, unnest(v.privileges) AS privilege
  FROM (VALUES ('read-only', 'SCHEMA', '{USAGE}'::text[]),
               ('read-only', 'TABLE', '{SELECT}'),
               ('read-only', 'SEQUENCE', '{SELECT}'),
               ('read-write', 'SCHEMA', '{USAGE}'),
               ('read-write', 'TABLE', '{SELECT,INSERT,UPDATE,DELETE}'),
               ('read-write', 'SEQUENCE', '{SELECT,USAGE}'),
               ('read-write', 'ROUTINE', '{EXECUTE}')) v(preset, kind, privileges)
 WHERE v.preset = $3
UNION ALL
SELECT k.kind, a.privilege_type
  FROM (VALUES ('SCHEMA', 'n'), ('TABLE', 'r'), ('SEQUENCE', 's'), ('ROUTINE', 'f')) k(kind, type)
 CROSS JOIN LATERAL aclexplode(acldefault(k.type::"char", 10)) a
 WHERE $3 = 'owner' AND a.grantee = 10),
place AS (
SELECT 'SCHEMA' AS kind, quote_ident(o.nspname) AS object, o.nspowner AS owner, false AS optional
  FROM own o
UNION ALL
SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%I.%I', o.nspname, c.relname), c.relowner,
       EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  FROM own o JOIN pg_class c ON c.relnamespace = o.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT 'ROUTINE', CASE p.prokind WHEN 'p' THEN format('%I.%I(%s)', o.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
                                 ELSE p.oid::regprocedure::text END, p.proowner,
       EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  FROM own o JOIN pg_proc p ON p.pronamespace = o.oid)
SELECT 'DATABASE' AS kind, quote_ident(current_database()) AS object, 'CONNECT' AS privilege, false AS optional
  FROM pg_database b
 WHERE b.datname = current_database() AND pg_get_userbyid(b.datdba) <> $1
UNION ALL
SELECT l.kind, l.object, e.privilege, l.optional
  FROM place l JOIN preset e ON e.kind = l.kind
 WHERE pg_get_userbyid(l.owner) <> $1
UNION ALL
SELECT k.many, format('FOR ROLE %I IN SCHEMA %I', o.creator, o.nspname), e.privilege, false
  FROM own o
 CROSS JOIN (VALUES ('TABLE', 'TABLES'), ('SEQUENCE', 'SEQUENCES'), ('ROUTINE', 'FUNCTIONS')) k(one, many)
  JOIN preset e ON e.kind = k.one
 WHERE o.creator <> $1
