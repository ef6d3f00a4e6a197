-- How often a second a table is used, with its partitions: scans of it and its indexes; rows that were
-- inserted only if the statistics go back far enough not to be about a load of all of it. They outlive a
-- restart: if nobody has reset those of the database, they are as old as those of the server that nobody has.
SELECT (sum(pg_stat_get_numscans(t.relid)
            + (SELECT coalesce(sum(pg_stat_get_numscans(i.indexrelid)), 0) FROM pg_index i WHERE i.indrelid = t.relid)
            + CASE WHEN s.age > 86400 THEN pg_stat_get_tuples_inserted(t.relid) ELSE 0 END) / min(s.age))::float8
  FROM (SELECT $1 AS relid UNION SELECT relid FROM pg_partition_tree($1)) t,
       (SELECT greatest(extract(epoch FROM now() - coalesce(d.stats_reset,
                                                            (SELECT least(a.stats_reset, b.stats_reset)
                                                               FROM pg_stat_archiver a, pg_stat_bgwriter b),
                                                            pg_postmaster_start_time())), 300) AS age
          FROM pg_stat_database d WHERE d.datname = current_database()) s
