-- How often a second a table is used: scans of it and its indexes; rows that were inserted only
-- if the statistics go back far enough not to be about a load of all of it.
SELECT ((coalesce(t.seq_scan, 0) + coalesce(t.idx_scan, 0)
         + CASE WHEN s.age > 86400 THEN coalesce(t.n_tup_ins, 0) ELSE 0 END) / s.age)::float8
  FROM pg_stat_all_tables t,
       (SELECT greatest(extract(epoch FROM now() - coalesce(d.stats_reset, pg_postmaster_start_time())), 60) AS age
          FROM pg_stat_database d WHERE d.datname = current_database()) s
 WHERE t.relid = $1
