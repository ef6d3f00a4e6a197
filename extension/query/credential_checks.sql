-- What stands in the way of the roles that are still to be made, by a caller ($1).
WITH open AS (
SELECT c.* FROM slipway.credential c WHERE c.made_at IS NULL),
own AS (
SELECT c.project, p.owner, n.nspname, n.nspowner
  FROM open c
  JOIN slipway.project p ON p.name = c.project
  JOIN pg_namespace n ON n.nspname = ANY (p.schemas)
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'slipway')
   AND NOT EXISTS (SELECT FROM slipway.project o WHERE o.name <> p.name AND n.nspname = ANY (o.schemas)))
SELECT f.finding, f.project, f.detail
  FROM (SELECT 'rights' AS finding, NULL AS project, format('role %I has no CREATEROLE', r.rolname) AS detail
          FROM pg_roles r
         WHERE r.rolname = $1 AND NOT r.rolsuper AND NOT r.rolcreaterole
        UNION ALL
        SELECT 'rights', NULL, format('role %I is not the owner of database %I, which PUBLIC may not connect to', $1, b.datname)
          FROM pg_database b
         WHERE b.datname = current_database() AND NOT pg_has_role($1, b.datdba, 'USAGE')
           AND NOT EXISTS (SELECT FROM aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))) a
                            WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')
        UNION ALL
        SELECT 'rights', o.project, format('role %I may not grant rights in schema %I, which belongs to %I', $1, o.nspname, pg_get_userbyid(o.nspowner))
          FROM own o
         WHERE NOT pg_has_role($1, o.nspowner, 'USAGE')
        UNION ALL
        SELECT DISTINCT 'rights', o.project, format('role %I may not change default privileges of %I, the owner of the project', $1, r.rolname)
          FROM own o
          JOIN pg_roles r ON r.rolname = o.owner
         WHERE NOT pg_has_role($1, r.oid, 'USAGE')
        UNION ALL
        SELECT 'owner', p.name, format('role %I, the owner of the project, does not exist', p.owner)
          FROM open c
          JOIN slipway.project p ON p.name = c.project
         WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = p.owner) AND p.owner IS NOT NULL
        UNION ALL
        SELECT 'name', c.project, format('role %I exists already', c.role)
          FROM open c
          JOIN pg_roles r ON r.rolname = c.role
         WHERE shobj_description(r.oid, 'pg_authid') IS DISTINCT FROM
               format('slipway: credential of project %L in database %L', c.project, current_database())
        UNION ALL
        SELECT 'schemas', c.project, 'the project has no schema that is its own'
          FROM open c
         WHERE NOT EXISTS (SELECT FROM own o WHERE o.project = c.project)
        UNION ALL
        SELECT 'previous role', c.project, format('role %I does not exist', c.previous_role)
          FROM open c
         WHERE c.previous_role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = c.previous_role)
        UNION ALL
        SELECT 'not registered', p.name, 'it has no credential'
          FROM slipway.project p
         WHERE NOT EXISTS (SELECT FROM slipway.credential c WHERE c.project = p.name)
        UNION ALL
        SELECT 'limits', NULL, format('the limits of the roles allow %s connections, the server has %s', l.planned, l.most)
          FROM (SELECT sum(c.connection_limit) FILTER (WHERE c.connection_limit > 0) AS planned,
                       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
                       - coalesce(current_setting('reserved_connections', true), '0')::integer AS most
                  FROM slipway.credential c) l
         WHERE l.planned > l.most) f
 ORDER BY f.finding, f.project, f.detail
