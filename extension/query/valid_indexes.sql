-- Of an index, of a table with its toast table, of a schema, or of the database.
SELECT string_agg(i.indexrelid::text, ',')
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid
 WHERE i.indisvalid
   AND CASE WHEN $1 IS NOT NULL
            THEN $1 IN (i.indexrelid, i.indrelid)
                 OR i.indrelid = (SELECT t.reltoastrelid FROM pg_class t WHERE t.oid = $1)
                 OR i.indrelid IN (SELECT relid FROM pg_partition_tree($1))
            WHEN $2 IS NOT NULL
            THEN c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = $2)
            ELSE i.indrelid >= 16384
       END
