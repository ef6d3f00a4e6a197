-- Behind "session".
INSERT INTO slipway.credential_usage AS u (project, role, application_name, evidence, first_seen_at, last_seen_at, looks, sessions)
SELECT $2, s.role, coalesce(s.application_name, ''), s.evidence, now(), now(), 1, count(*)
  FROM session s
 GROUP BY s.role, coalesce(s.application_name, ''), s.evidence
ON CONFLICT (project, role, application_name, evidence) DO UPDATE
   SET last_seen_at = excluded.last_seen_at, looks = u.looks + 1, sessions = greatest(u.sessions, excluded.sessions)
RETURNING (SELECT count(*) FROM session s WHERE s.application_name = u.application_name AND s.evidence = u.evidence)
