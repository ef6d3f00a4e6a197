-- Views. They read the tables as their owner and show a role the projects
-- in which it may read.

CREATE VIEW slipway.status WITH (security_barrier) AS
SELECT p.name AS project, s.*
  FROM slipway.project p, LATERAL slipway._status(p.name) s
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.status FROM PUBLIC;
COMMENT ON VIEW slipway.status IS 'state of every migration of each project: applied, pending, failed, changed, missing, future or out of order';

CREATE VIEW slipway.log WITH (security_barrier) AS
SELECT h.*, h.finished_at - h.started_at AS duration
  FROM slipway.project p JOIN slipway.history h ON h.project = p.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.log FROM PUBLIC;
COMMENT ON VIEW slipway.log IS 'the history of the projects that the current user may read';

CREATE VIEW slipway._applied AS
SELECT project, migration, entry, run, script_hash, started_at, finished_at, session_role
  FROM (SELECT DISTINCT ON (project, migration) *
          FROM slipway.history
         WHERE outcome = 'succeeded' AND migration IS NOT NULL
         ORDER BY project, migration, entry DESC) last
 WHERE action = 'apply';
REVOKE ALL ON slipway._applied FROM PUBLIC;
COMMENT ON VIEW slipway._applied IS 'the event that made each applied migration so';

CREATE VIEW slipway.schema_migrations WITH (security_barrier) AS
SELECT a.migration AS name, a.migration || '.sql' AS script, a.finished_at AS applied_at, a.project
  FROM slipway.project p JOIN slipway._applied a ON a.project = p.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.schema_migrations FROM PUBLIC;
COMMENT ON VIEW slipway.schema_migrations IS 'one row per applied migration';

CREATE VIEW slipway.lock_holder WITH (security_barrier) AS
SELECT p.name AS project, l.pid, a.usename AS role, a.application_name, a.client_addr,
       a.state, a.query_start AS since, a.query
  FROM slipway.project p
  JOIN pg_catalog.pg_locks l
    ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.classid = ((slipway.lock_key(p.name) >> 32) & 4294967295)::oid
   AND l.objid = (slipway.lock_key(p.name) & 4294967295)::oid
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.lock_holder FROM PUBLIC;
COMMENT ON VIEW slipway.lock_holder IS 'who holds the lock of a project: a run, or somebody who froze deploys';
