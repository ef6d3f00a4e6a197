-- Of an index, of a table with its partitions, of a schema, or of the database; with those of toast tables.
  WITH wanted AS (SELECT $1 AS oid UNION SELECT t.relid FROM pg_partition_tree($1) t)
SELECT string_agg(i.indexrelid::text, ',')
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid
  LEFT JOIN pg_class m ON m.reltoastrelid = c.oid
 WHERE i.indisvalid
   AND CASE WHEN $1 IS NOT NULL
            THEN i.indexrelid IN (SELECT oid FROM wanted) OR coalesce(m.oid, c.oid) IN (SELECT oid FROM wanted)
            WHEN $2 IS NOT NULL
            THEN coalesce(m.relnamespace, c.relnamespace) = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = $2)
            ELSE i.indrelid >= 16384
       END
