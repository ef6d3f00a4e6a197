-- Who holds the public lock ($1, $2) or, if nobody does, the inner one
-- ($3, $4) of a project, apart from this session. Its query is shown to whom
-- ($5) pg_stat_activity would show it. A prepared transaction has no process.
SELECT coalesce(l.pid, 0)::bigint,
       CASE WHEN l.pid IS NULL THEN 'a prepared transaction, see pg_prepared_xacts' ELSE
       format('pid %s (role %s, application %s, since %s: %s)', l.pid, coalesce(a.usename, '?'),
              coalesce(nullif(a.application_name, ''), '?'),
              coalesce(to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS'), '?'),
              CASE WHEN pg_has_role($5::oid, a.usesysid, 'USAGE') OR pg_has_role($5::oid, 'pg_read_all_stats', 'USAGE')
                   THEN coalesce(nullif(left(a.query, 60), ''), '?') ELSE '<insufficient privilege>' END) END
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND ((l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid = $1::oid AND l.objid = $2::oid)
        OR (l.locktype = 'object' AND l.objsubid = 1 AND l.classid = $3::oid AND l.objid = $4::oid))
 ORDER BY l.locktype
 LIMIT 1
