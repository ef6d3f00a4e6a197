-- Views. They read the tables as their owner and show a role the projects
-- in which it may read.

CREATE VIEW slipway.status WITH (security_barrier) AS
SELECT p.name AS project, s.*
  FROM slipway.project p, LATERAL slipway._status(p.name) s
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.status FROM PUBLIC;
COMMENT ON VIEW slipway.status IS 'state of every migration of each project: applied, pending, failed, changed, missing, future, out of order or rolled back in part';

CREATE VIEW slipway.registered_project WITH (security_barrier) AS
SELECT p.name AS project, p.schemas, p.owner, p.created_at, p.created_by
  FROM slipway.project p
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.registered_project FROM PUBLIC;
COMMENT ON VIEW slipway.registered_project IS 'the projects that the current user may read';

CREATE VIEW slipway.pending_approval WITH (security_barrier) AS
SELECT p.name AS project, a.*
  FROM slipway.project p, LATERAL slipway._pending_approval(p.name) a
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.pending_approval FROM PUBLIC;
COMMENT ON VIEW slipway.pending_approval IS 'scripts that somebody has to approve: of what is pending in the newest manifest of each project that requires it, and of its hooks';

CREATE VIEW slipway.log WITH (security_barrier) AS
SELECT h.*, h.finished_at - h.started_at AS duration, r.labels,
       CASE WHEN e.ended THEN r.stopped_unit END AS stopped_unit,
       CASE WHEN e.ended THEN r.units END AS units
  FROM slipway.project p
  JOIN slipway.history h ON h.project = p.name
 CROSS JOIN LATERAL (
       SELECT h.outcome = 'failed' AND NOT (h.action = 'hook' AND h.migration = 'after_error') AS ended) e
  LEFT JOIN slipway.run r ON r.project = h.project AND r.number = h.run
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.log FROM PUBLIC;
COMMENT ON VIEW slipway.log IS 'the history of the projects that the current user may read, with the unit at which a migration stopped part way';

CREATE VIEW slipway._applied AS
SELECT project, migration, entry, run, script_hash, started_at, finished_at, session_role
  FROM (SELECT DISTINCT ON (project, migration) *
          FROM slipway.history
         WHERE outcome = 'succeeded'
           AND action IN ('apply', 'rollback', 'baseline', 'mark_applied', 'accept_checksum')
         ORDER BY project, migration, entry DESC) last
 WHERE action <> 'rollback';
REVOKE ALL ON slipway._applied FROM PUBLIC;
COMMENT ON VIEW slipway._applied IS 'the event that made each applied migration so';

CREATE VIEW slipway.schema_migrations WITH (security_barrier) AS
SELECT a.migration AS name, a.migration || '.sql' AS script, a.finished_at AS applied_at, a.project
  FROM slipway.project p JOIN slipway._applied a ON a.project = p.name
 WHERE slipway._may('reader', p.name)
   AND NOT EXISTS (
       SELECT FROM slipway.journal j
        WHERE j.project = a.project AND j.migration = a.migration AND j.closed_by IS NULL
          AND j.action = 'rollback' AND j.outcome <> 'undone');
REVOKE ALL ON slipway.schema_migrations FROM PUBLIC;
COMMENT ON VIEW slipway.schema_migrations IS 'one row per migration that is applied, and not rolled back in part';

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

CREATE FUNCTION slipway._wait(pid integer, OUT waits_for text, OUT blockers jsonb)
    RETURNS record AS 'MODULE_PATHNAME', 'slipway_wait' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway._wait(integer) FROM PUBLIC;
COMMENT ON FUNCTION slipway._wait(integer) IS 'the lock that a backend waits for, and who is in its way, as far as pg_stat_activity would show it; NULL if it does not wait';

-- Its operators are those of now: text would be read under the search_path of whoever looks at a view.
CREATE FUNCTION slipway._work(pid integer, OUT phase text, OUT percent integer)
    RETURNS SETOF record LANGUAGE sql STABLE STRICT BEGIN ATOMIC
SELECT w.phase, CASE WHEN w.total > 0 THEN least(100 * w.done / w.total, 100)::integer END
  FROM (SELECT i.pid, i.phase,
               CASE WHEN i.blocks_total > 0 THEN i.blocks_done
                    WHEN i.tuples_total > 0 THEN i.tuples_done ELSE i.lockers_done END AS done,
               CASE WHEN i.blocks_total > 0 THEN i.blocks_total
                    WHEN i.tuples_total > 0 THEN i.tuples_total ELSE i.lockers_total END AS total
          FROM pg_catalog.pg_stat_progress_create_index i
        UNION ALL
        SELECT v.pid, v.phase,
               CASE v.phase WHEN 'vacuuming heap' THEN v.heap_blks_vacuumed ELSE v.heap_blks_scanned END,
               v.heap_blks_total
          FROM pg_catalog.pg_stat_progress_vacuum v
        UNION ALL
        SELECT c.pid, c.phase, c.heap_blks_scanned, c.heap_blks_total
          FROM pg_catalog.pg_stat_progress_cluster c
        UNION ALL
        SELECT a.pid, a.phase, a.sample_blks_scanned, a.sample_blks_total
          FROM pg_catalog.pg_stat_progress_analyze a
        UNION ALL
        SELECT y.pid, pg_catalog.format('%s rows copied', y.tuples_processed), y.bytes_processed, y.bytes_total
          FROM pg_catalog.pg_stat_progress_copy y) w
 WHERE w.pid = _work.pid;
END;
REVOKE ALL ON FUNCTION slipway._work(integer) FROM PUBLIC;
COMMENT ON FUNCTION slipway._work(integer) IS 'the phase that a long command of a backend is in, and how much of that phase is done; as far as pg_stat_progress_... would show it';

-- A run is, or was when it failed, at the first of its tasks that it has not done. Those that
-- are to be committed together with it are told by a lock. One
-- that goes on holds the public lock or the inner one at any time; one whose row says so
-- without them has lost its backend. A standby does not know the processes of its
-- primary: there it is what the row says.
CREATE VIEW slipway.progress WITH (security_barrier) AS
SELECT p.name AS project, r.number AS run, r.action,
       CASE WHEN r.outcome = 'running' AND l.pid IS NULL AND NOT pg_catalog.pg_is_in_recovery()
            THEN 'interrupted' ELSE r.outcome END AS outcome,
       r.started_at, r.finished_at, r.session_role AS role, r.application_name, r.client_addr,
       done.n AS applied,
       r.pending, now_at.migration,
       (SELECT max(j.unit) FROM slipway.journal j
         WHERE j.project = p.name AND j.migration = now_at.migration
           AND j.closed_by IS NULL AND j.outcome = 'done') AS units_done,
       CASE WHEN r.outcome = 'running' THEN coalesce(last.finished_at, r.started_at) END AS migration_started_at,
       l.pid, a.wait_event_type, a.wait_event, a.query_start AS statement_started_at, a.query AS statement,
       k.phase, k.percent, w.waits_for, w.blockers
  FROM slipway.project p
  LEFT JOIN LATERAL (SELECT * FROM slipway.run WHERE project = p.name ORDER BY number DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (
       SELECT h.finished_at FROM slipway.history h
        WHERE h.project = r.project AND h.run = r.number
        ORDER BY h.entry DESC LIMIT 1) last ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS n
         FROM slipway.history h
        WHERE h.project = r.project AND h.run = r.number
          AND h.outcome = 'succeeded' AND h.action IN ('apply', 'rollback')) done ON true
  LEFT JOIN LATERAL (
       SELECT k.pid
         FROM pg_catalog.pg_locks k
        WHERE r.outcome = 'running' AND k.pid = r.backend_pid AND k.granted AND k.objsubid = 1
          AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          AND k.objid = (slipway.lock_key(p.name) & 4294967295)::oid
          AND (k.locktype = 'object' AND k.classid = 'slipway.history'::pg_catalog.regclass
               OR k.locktype = 'advisory' AND k.classid = ((slipway.lock_key(p.name) >> 32) & 4294967295)::oid)
        LIMIT 1) l ON true
  LEFT JOIN LATERAL (
       SELECT max(k.objid::bigint) AS n
         FROM pg_catalog.pg_locks k
        WHERE k.pid = l.pid AND k.locktype = 'object' AND k.objsubid = 5
          AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          AND k.classid = 'slipway.history'::pg_catalog.regclass) uncommitted ON true
  LEFT JOIN LATERAL (
       SELECT CASE WHEN r.outcome = 'failed'
                   THEN coalesce((SELECT h.migration FROM slipway.history h
                                   WHERE h.project = r.project AND h.run = r.number AND h.outcome = 'failed'
                                     AND h.action IN ('apply', 'rollback') LIMIT 1), r.tasks[done.n + 1])
                   WHEN r.outcome <> 'succeeded'
                   THEN r.tasks[(done.n + coalesce(uncommitted.n, 0) + 1)::integer] END AS migration) now_at ON true
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN LATERAL (SELECT * FROM slipway._work(l.pid) LIMIT 1) k ON true
  LEFT JOIN LATERAL slipway._wait(l.pid) w ON true
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.progress FROM PUBLIC;
COMMENT ON VIEW slipway.progress IS 'the run that goes on in each project, else its last one; columns are NULL where nothing ever ran';

-- A worker may make no run, or several, if it lost the lock in between. Of those
-- of its primary a standby knows no more than the row, as above.
CREATE VIEW slipway.detached WITH (security_barrier) AS
SELECT p.name AS project, d.number,
       CASE WHEN d.outcome = 'running' AND NOT a.alive AND NOT pg_catalog.pg_is_in_recovery()
            THEN 'interrupted' ELSE d.outcome END AS outcome,
       d.started_at, d.finished_at, d.session_role AS role, d.application_name, d.client_addr,
       CASE WHEN a.alive THEN d.backend_pid END AS pid, r.runs,
       (SELECT count(*) FROM slipway.history h
         WHERE h.project = p.name AND h.run = ANY (r.runs) AND h.outcome = 'succeeded'
           AND h.action IN ('apply', 'rollback')) AS applied,
       d.sqlstate, d.message, d.detail, d.hint, d.context, d.stopped_unit, d.units
  FROM slipway.project p
  JOIN slipway.detached_run d ON d.project = p.name
 CROSS JOIN LATERAL (
       SELECT d.outcome = 'running' AND slipway._is_alive(d.backend_pid, d.backend_started_at) AS alive) a
  LEFT JOIN LATERAL (
       SELECT array_agg(number ORDER BY number) AS runs
         FROM slipway.run WHERE project = p.name AND detached = d.number) r ON true
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.detached FROM PUBLIC;
COMMENT ON VIEW slipway.detached IS 'calls of migrate_detached(): running, succeeded, failed, or interrupted, when the worker died; with the runs each made, and the error it ended with';

CREATE VIEW slipway.notice WITH (security_barrier) AS
SELECT n.*
  FROM slipway.project p JOIN slipway.detached_notice n ON n.project = p.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.notice FROM PUBLIC;
COMMENT ON VIEW slipway.notice IS 'notices and warnings of the scripts of detached deploys, as far as they are committed or rolled back';
