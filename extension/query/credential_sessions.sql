-- Behind "own": sessions of a role ($1) that serve a project ($2), and how that is known; $4 is the pattern
-- of their application_name, NULL: the name of the project. What another session has as its search_path
-- nobody can see, but what it has locked.
SELECT a.pid, a.usename::text AS role, a.application_name, a.client_addr, a.backend_start AS since, a.state,
       CASE WHEN n.named THEN 'application_name' ELSE 'lock' END AS evidence
  FROM pg_stat_activity a
 CROSS JOIN LATERAL (
       SELECT CASE WHEN $4 IS NULL THEN a.application_name = $2 ELSE a.application_name LIKE $4 END AS named) n
 WHERE a.datname = current_database() AND a.usename = $1 AND a.pid <> pg_backend_pid()
   AND (n.named
        OR EXISTS (SELECT FROM pg_locks l
                     JOIN pg_class c ON c.oid = l.relation
                     JOIN own o ON o.oid = c.relnamespace
                    WHERE l.pid = a.pid AND l.locktype = 'relation'
                      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))
