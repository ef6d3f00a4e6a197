-- Whose session holds the inner lock ($1, $2) of a project.
SELECT pid::bigint
  FROM pg_locks
 WHERE granted AND locktype = 'object' AND objsubid = 1
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND classid = $1::oid AND objid = $2::oid
