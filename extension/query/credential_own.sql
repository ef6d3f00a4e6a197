-- The schemas of a project ($2) that no other project has too. Nobody ever makes anything as pg_database_owner, to whom
-- public belongs.
SELECT n.oid, n.nspname, n.nspowner,
       coalesce(p.owner, pg_get_userbyid(CASE n.nspowner WHEN 'pg_database_owner'::regrole
                                              THEN (SELECT b.datdba FROM pg_database b WHERE b.datname = current_database())
                                              ELSE n.nspowner END)) AS creator
  FROM slipway.project p
  JOIN pg_namespace n ON n.nspname = ANY (p.schemas)
 WHERE p.name = $2 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'slipway')
   AND NOT EXISTS (SELECT FROM slipway.project o WHERE o.name <> p.name AND n.nspname = ANY (o.schemas))
