-- Metrics: one row per sample, in the words of Prometheus. The client prints
-- them ("slipway metrics"); deploy/prometheus has queries for an exporter. Those
-- ask for one name each: no part of the union has a LIMIT of its own, with which
-- the planner would not leave out the others.
--
-- When an interrupted run ended nobody knows: the next one has noticed it.

CREATE VIEW slipway.metric WITH (security_barrier) AS
SELECT d.name, d.type, d.help, p.name AS project, m.labels, m.value
  FROM slipway.project p
 CROSS JOIN LATERAL (
       SELECT 'slipway_runs_total', pg_catalog.jsonb_build_object('action', r.action, 'outcome', r.outcome),
              count(*)::double precision
         FROM slipway.run r
        WHERE r.project = p.name AND r.outcome <> 'running'
        GROUP BY r.action, r.outcome
       UNION ALL
       SELECT t.name, pg_catalog.jsonb_build_object('action', t.action), t.value
         FROM (SELECT r.action,
                      sum(extract(epoch FROM r.finished_at - r.started_at))
                          FILTER (WHERE r.outcome <> 'interrupted') AS seconds,
                      sum(r.retries) AS retries, sum(r.lock_waits) AS waits,
                      sum(r.lock_wait_ms) / 1000.0 AS waited
                 FROM slipway.run r
                WHERE r.project = p.name AND r.outcome <> 'running'
                GROUP BY r.action) s
        CROSS JOIN LATERAL (VALUES
              ('slipway_run_seconds_total', s.action, coalesce(s.seconds, 0)::double precision),
              ('slipway_retries_total', s.action, coalesce(s.retries, 0)),
              ('slipway_lock_waits_total', s.action, coalesce(s.waits, 0)),
              ('slipway_lock_wait_seconds_total', s.action, coalesce(s.waited, 0))) t(name, action, value)
       UNION ALL
       SELECT t.name, '{}', t.value
         FROM (SELECT extract(epoch FROM g.started_at) AS started, g.outcome FROM slipway.progress g
                WHERE g.project = p.name) g
        CROSS JOIN LATERAL (VALUES
              ('slipway_last_run_running', (coalesce(g.outcome, '') = 'running')::integer),
              ('slipway_last_run_interrupted', (coalesce(g.outcome, '') = 'interrupted')::integer),
              ('slipway_last_run_start_timestamp_seconds', g.started)) t(name, value)
        WHERE t.value IS NOT NULL
       UNION ALL
       SELECT t.name, '{}', t.value
         FROM (SELECT r.started_at, r.finished_at, r.outcome
                 FROM slipway.run r
                WHERE r.project = p.name AND r.outcome <> 'running'
                ORDER BY r.number DESC LIMIT 1) l
        CROSS JOIN LATERAL (VALUES
              ('slipway_last_run_end_timestamp_seconds', extract(epoch FROM l.finished_at)),
              ('slipway_last_run_duration_seconds',
               CASE WHEN l.outcome <> 'interrupted' THEN extract(epoch FROM l.finished_at - l.started_at) END)) t(name, value)
        WHERE t.value IS NOT NULL
       UNION ALL
       SELECT 'slipway_last_run_failed', '{}',
              coalesce((SELECT (r.outcome <> 'succeeded')::integer
                          FROM slipway.run r
                         WHERE r.project = p.name AND r.outcome <> 'running'
                         ORDER BY r.number DESC LIMIT 1), 0)
       UNION ALL
       SELECT 'slipway_last_success_timestamp_seconds', '{}', extract(epoch FROM max(r.finished_at))
         FROM slipway.run r
        WHERE r.project = p.name AND r.outcome = 'succeeded'
       HAVING max(r.finished_at) IS NOT NULL
       UNION ALL
       SELECT 'slipway_migrations', pg_catalog.jsonb_build_object('state', k.state),
              count(s.state)::double precision
         FROM (VALUES ('applied'), ('pending'), ('failed'), ('changed'), ('missing'), ('future'), ('out of order'),
                      ('rolled back in part')) k(state)
         LEFT JOIN slipway._status(p.name) s ON s.state = k.state
        GROUP BY k.state
       UNION ALL
       SELECT 'slipway_history_entries', '{}', coalesce(max(h.entry), 0)::double precision
         FROM slipway.history h
        WHERE h.project = p.name
       UNION ALL
       SELECT 'slipway_history_head_info',
              pg_catalog.jsonb_build_object('hash', pg_catalog.encode(e.entry_hash, 'hex')), 1
         FROM (SELECT h.entry_hash FROM slipway.history h
                WHERE h.project = p.name
                ORDER BY h.entry DESC LIMIT 1) e) m(name, labels, value)
  JOIN (VALUES
       ('slipway_runs_total', 'counter', 'Runs that have ended, by what they did and how they ended.'),
       ('slipway_run_seconds_total', 'counter', 'Time that those runs took.'),
       ('slipway_retries_total', 'counter', 'New tries after lock timeouts, deadlocks and serialization failures.'),
       ('slipway_lock_waits_total', 'counter', 'Long waits of scripts for locks.'),
       ('slipway_lock_wait_seconds_total', 'counter', 'Time that those waits took.'),
       ('slipway_last_run_running', 'gauge', '1 while a run goes on.'),
       ('slipway_last_run_interrupted', 'gauge', '1 if the process of the last run is gone and has not written its end.'),
       ('slipway_last_run_start_timestamp_seconds', 'gauge', 'When the last run began.'),
       ('slipway_last_run_end_timestamp_seconds', 'gauge', 'When the last run that has ended did so.'),
       ('slipway_last_run_duration_seconds', 'gauge', 'How long that run took.'),
       ('slipway_last_run_failed', 'gauge', '1 if that run did not succeed.'),
       ('slipway_last_success_timestamp_seconds', 'gauge', 'When a run succeeded last.'),
       ('slipway_migrations', 'gauge', 'Migrations of the newest manifest and of the history, by state.'),
       ('slipway_history_entries', 'gauge', 'Entries of the history.'),
       ('slipway_history_head_info', 'gauge', 'Always 1; the hash of the last entry is its label.'))
       d(name, type, help) ON d.name = m.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.metric FROM PUBLIC;
COMMENT ON VIEW slipway.metric IS 'what is worth watching in each project that the current user may read, as samples of Prometheus';

-- By itself, because it reads the whole schema.
CREATE VIEW slipway.metric_drift WITH (security_barrier) AS
SELECT 'slipway_drift_objects' AS name, 'gauge' AS type,
       'Objects that are not as the last run has left them.' AS help,
       d.project, '{}'::jsonb AS labels, d.objects::double precision AS value
  FROM (SELECT p.project, slipway.drift(p.project) AS objects
          FROM slipway.registered_project p OFFSET 0) d
 WHERE d.objects IS NOT NULL;
REVOKE ALL ON slipway.metric_drift FROM PUBLIC;
COMMENT ON VIEW slipway.metric_drift IS 'the same of drift, which takes longer to find out; no row where no snapshot tells';
