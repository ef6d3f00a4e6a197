-- Behind "own", "actual" (there), "intended" and "session", of the previous role ($1): who uses the project now, what binds it to
-- that role, and how large it is. Each of the three that is so makes it riskier.
SELECT CASE r.points WHEN 0 THEN 'low' WHEN 1 THEN 'medium' ELSE 'high' END AS risk,
       f.sessions, f.seen_at, f.custom_grants, f.policies, f.owned, f.size_bytes, f.writes
  FROM (SELECT (SELECT count(*) FROM session) AS sessions,
               greatest((SELECT now() FROM session LIMIT 1),
                        (SELECT max(u.last_seen_at) FROM slipway.credential_usage u
                          WHERE u.project = $2 AND u.role = $1)) AS seen_at,
               (SELECT count(*) FROM actual a
                 WHERE NOT EXISTS (SELECT FROM intended i
                                    WHERE i.kind = a.kind AND i.object = a.object AND i.privilege = a.privilege
                                      AND NOT a.grantable)) AS custom_grants,
               (SELECT count(*) FROM own o JOIN pg_class c ON c.relnamespace = o.oid JOIN pg_policy y ON y.polrelid = c.oid
                 WHERE (SELECT oid FROM pg_roles WHERE rolname = $1) = ANY (y.polroles)) AS policies,
               (SELECT count(*) FROM own o JOIN pg_class c ON c.relnamespace = o.oid
                 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND pg_get_userbyid(c.relowner) = $1)
               + (SELECT count(*) FROM own o JOIN pg_proc p ON p.pronamespace = o.oid
                   WHERE pg_get_userbyid(p.proowner) = $1) AS owned,
               (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM own o JOIN pg_class c ON c.relnamespace = o.oid
                 WHERE c.relkind IN ('r', 'm')) AS size_bytes,
               (SELECT coalesce(sum(pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
                                    + pg_stat_get_tuples_deleted(c.oid)), 0)::bigint
                  FROM own o JOIN pg_class c ON c.relnamespace = o.oid
                 WHERE c.relkind IN ('r', 'm', 'p')) AS writes) f
 CROSS JOIN LATERAL (
       SELECT coalesce(f.seen_at > now() - interval '1 day', false)::integer
              + (f.custom_grants + f.policies + f.owned > 0)::integer
              + (f.size_bytes > 10::bigint * 1024 * 1024 * 1024)::integer AS points) r
