-- Behind "own" and "actual": what a role ($1) is before it is adopted, unless that is known ($3), and in which schemas it
-- gets rights now or got some before. $4: it has a password.
SELECT (coalesce($3::jsonb,
                 jsonb_build_object('login', r.rolcanlogin, 'connection_limit', r.rolconnlimit, 'password', $4,
                                    'rights', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM actual a)))
        || jsonb_build_object('schemas',
                              (SELECT coalesce(jsonb_agg(DISTINCT s.schema), '[]')
                                 FROM (SELECT jsonb_build_object('schema', o.nspname, 'creator', o.creator) AS schema FROM own o
                                       UNION ALL
                                       SELECT e.value FROM jsonb_array_elements($3::jsonb -> 'schemas') e) s)))::text
  FROM pg_roles r
 WHERE r.rolname = $1
