-- Is it there still (true), or another one of its name (false)? No row: neither.
SELECT c.oid = split_part($1, ' ', 1)::oid
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = split_part($1, ' ', 1)::oid
    OR format('%I.%I', n.nspname, c.relname) = substr($1, strpos($1, ' ') + 1)
 ORDER BY 1 DESC
