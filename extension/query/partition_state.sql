-- No row: it is detached. NULL: that has not begun.
SELECT CASE WHEN h.inhdetachpending
            THEN format('ALTER TABLE %I.%I DETACH PARTITION %I.%I FINALIZE',
                        pn.nspname, p.relname, cn.nspname, c.relname) END
  FROM pg_inherits h
  JOIN pg_class p ON p.oid = h.inhparent
  JOIN pg_namespace pn ON pn.oid = p.relnamespace
  JOIN pg_class c ON c.oid = h.inhrelid
  JOIN pg_namespace cn ON cn.oid = c.relnamespace
 WHERE h.inhparent = split_part($1, ',', 1)::oid AND h.inhrelid = split_part($1, ',', 2)::oid
