SELECT jsonb_build_object('login', rolcanlogin, 'connection_limit', rolconnlimit, 'password', $2,
                          'rights', $3::jsonb)::text
  FROM pg_roles
 WHERE rolname = $1
