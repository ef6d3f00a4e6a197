-- Roles still to be made that no rule of pg_hba.conf lets log in by a password. A name that begins with a slash is a regular
-- expression from 16 on.
WITH rule AS (
SELECT h.database, h.user_name FROM pg_hba_file_rules h
 WHERE h.error IS NULL AND h.auth_method IN ('scram-sha-256', 'md5', 'password')),
version AS (
SELECT current_setting('server_version_num')::integer >= 160000 AS has_expressions)
SELECT 'authentication', c.project, format('no rule of pg_hba.conf lets role %I log in to database %I with a password', c.role, current_database())
  FROM slipway.credential c
 CROSS JOIN version v
 WHERE c.made_at IS NULL
   AND NOT EXISTS (
       SELECT FROM rule r
        WHERE EXISTS (SELECT FROM unnest(r.database) d
                       WHERE d IN ('all', current_database()) OR d = 'sameuser' AND c.role = current_database()
                          OR v.has_expressions AND CASE WHEN d LIKE '/%' THEN current_database() ~ substr(d, 2) END)
          AND EXISTS (SELECT FROM unnest(r.user_name) u
                       WHERE u IN ('all', c.role)
                          OR v.has_expressions AND CASE WHEN u LIKE '/%' THEN c.role ~ substr(u, 2) END))
 ORDER BY 2
