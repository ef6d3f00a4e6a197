-- Roles still to be made that no rule of pg_hba.conf lets log in by a password.
SELECT 'authentication', c.project, format('no rule of pg_hba.conf lets role %I log in to database %I with a password', c.role, current_database())
  FROM slipway.credential c
 WHERE c.made_at IS NULL
   AND NOT EXISTS (
       SELECT FROM pg_hba_file_rules h
        WHERE h.error IS NULL AND h.auth_method IN ('scram-sha-256', 'md5', 'password')
          AND (h.database && ARRAY['all', current_database()::text] OR 'sameuser' = ANY (h.database) AND c.role = current_database())
          AND h.user_name && ARRAY['all', c.role])
 ORDER BY 2
