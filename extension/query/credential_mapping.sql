-- What is wrong with a mapping ($1) to a table ($2, NULL: there is none), the name of the table in full, and its owner.
-- Triggers run as who writes. So they must be of that owner's tables: behind a view, or in a partition, may be those of somebody else.
WITH RECURSIVE part AS (
SELECT $2::oid AS oid
 UNION
SELECT i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid),
given AS (
SELECT m.key, m.value
  FROM jsonb_each(CASE jsonb_typeof($1::jsonb) WHEN 'object' THEN $1::jsonb ELSE '{}' END) m),
named AS (
SELECT $2 AS oid)
SELECT CASE WHEN jsonb_typeof($1::jsonb) <> 'object' THEN 'It is no object.'
            WHEN w.key IS NOT NULL THEN format('It has no use for "%s".', w.key)
            WHEN n.oid IS NULL THEN format('There is no table "%s".', coalesce($1::jsonb ->> 'table', ''))
            WHEN r.relkind NOT IN ('r', 'p', 'f') THEN format('%I is no table.', r.relname)
            WHEN o.relname IS NOT NULL THEN format('%I, a part of table %I, belongs to another role.', o.relname, r.relname)
            WHEN $1::jsonb ->> 'project' IS NULL THEN 'It does not say in which column ("project") the name of the project is.'
            WHEN c.missing IS NOT NULL THEN format('Table %I has no column "%s".', r.relname, c.missing)
            WHEN c.columns IS NULL THEN 'It names no column to be written: "role", "status" or "reference".'
            WHEN c.twice THEN 'It names a column twice.' END,
       CASE WHEN r.oid IS NOT NULL THEN format('%I.%I', s.nspname, r.relname) END, r.relowner
  FROM named n
  LEFT JOIN pg_class r ON r.oid = n.oid
  LEFT JOIN pg_namespace s ON s.oid = r.relnamespace
  LEFT JOIN LATERAL (
       SELECT h.relname FROM part p JOIN pg_class h ON h.oid = p.oid
        WHERE h.relowner <> r.relowner
        ORDER BY h.relname LIMIT 1) o ON true
  LEFT JOIN LATERAL (
       SELECT g.key FROM given g
        WHERE g.key NOT IN ('table', 'project', 'role', 'status', 'reference', 'statuses')
           OR jsonb_typeof(g.value) <> CASE g.key WHEN 'statuses' THEN 'object' ELSE 'string' END
        ORDER BY g.key LIMIT 1) w ON true
 CROSS JOIN LATERAL (
       SELECT min(g.value ->> 0) FILTER (WHERE a.attname IS NULL) AS missing,
              jsonb_object_agg(g.key, g.value) FILTER (WHERE g.key <> 'project') AS columns,
              count(DISTINCT g.value) < count(*) AS twice
         FROM given g
         LEFT JOIN pg_attribute a ON a.attrelid = n.oid AND a.attnum > 0 AND NOT a.attisdropped
                                 AND a.attname = g.value ->> 0
        WHERE g.key IN ('project', 'role', 'status', 'reference')) c
