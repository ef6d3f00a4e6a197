-- Tables, and columns of others, that go with an object (catalog $1, $2): by CASCADE ($3), or as parts of it.
WITH RECURSIVE goes (classid, objid, objsubid) AS (
       SELECT $1::oid, $2::oid, 0
        UNION
       SELECT d.classid, d.objid, d.objsubid
         FROM goes g
         JOIN pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
          AND (g.objsubid = 0 OR d.refobjsubid = g.objsubid)
        WHERE $3 OR d.deptype <> 'n')
SELECT DISTINCT c.oid, a.attname::text, n.nspname, c.relname, a.attnum
  FROM goes g
  JOIN pg_class c ON c.oid = g.objid AND g.classid = 'pg_class'::regclass
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = g.objsubid AND g.objsubid > 0
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND (g.objsubid = 0 OR NOT EXISTS (
        SELECT FROM goes w WHERE w.classid = g.classid AND w.objid = g.objid AND w.objsubid = 0))
 ORDER BY n.nspname, c.relname, a.attnum NULLS FIRST
