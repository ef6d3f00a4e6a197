SELECT r.roles, s.step, s.measured, s.seconds, n.most, n.used, n.planned
  FROM (SELECT (SELECT count(*) FROM slipway.project p
                 WHERE NOT EXISTS (SELECT FROM slipway.credential c WHERE c.project = p.name AND c.made_at IS NOT NULL)) AS roles) r
 CROSS JOIN (
       SELECT (current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
               - coalesce(current_setting('reserved_connections', true), '0')::integer)::bigint AS most,
              (SELECT count(*) FROM pg_stat_activity a WHERE a.datname IS NOT NULL) AS used,
              (SELECT coalesce(sum(c.connection_limit) FILTER (WHERE c.connection_limit > 0), 0)::bigint
                 FROM slipway.credential c) AS planned) n
 CROSS JOIN (
       SELECT k.step, m.measured, m.seconds
         FROM (VALUES (1, 'generate'), (2, 'create'), (3, 'update'), (4, 'validate')) k(n, step)
        CROSS JOIN LATERAL (
              SELECT count(*) AS measured, avg(extract(epoch FROM h.finished_at - h.started_at))::double precision AS seconds
                FROM slipway.history h
               WHERE h.action = 'credential_' || k.step AND h.outcome = 'succeeded') m
       UNION ALL
       SELECT 'all', count(*), avg(extract(epoch FROM i.finished_at - i.claimed_at))::double precision
         FROM slipway.credential_item i
        WHERE i.outcome = 'succeeded') s
