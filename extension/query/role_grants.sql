-- Roles that hold a kind of right ($2) in a project ($1, NULL: in all);
-- $3: any kind will do.
SELECT g.role
  FROM slipway.role_grant g
 WHERE (g.project IS NULL OR g.project = $1)
   AND ($3 OR g.kind IN ($2, 'admin'))
