-- Attached? And if detaching it has begun, what is left to do. No row: one of the two is gone, or this is another cluster.
SELECT h.inhrelid IS NOT NULL,
       CASE WHEN h.inhdetachpending
            THEN format('ALTER TABLE %I.%I DETACH PARTITION %I.%I FINALIZE',
                        pn.nspname, p.relname, cn.nspname, c.relname) END
  FROM pg_class p
  JOIN pg_namespace pn ON pn.oid = p.relnamespace
  JOIN pg_class c ON c.oid = split_part($1, ',', 2)::oid
  JOIN pg_namespace cn ON cn.oid = c.relnamespace
  LEFT JOIN pg_inherits h ON h.inhparent = p.oid AND h.inhrelid = c.oid
 WHERE p.oid = split_part($1, ',', 1)::oid
