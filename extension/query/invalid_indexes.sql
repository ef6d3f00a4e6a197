SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND c.relname ~ '_ccold[0-9]*$'
   AND i.indexrelid = ANY (string_to_array($1, ',')::oid[])
