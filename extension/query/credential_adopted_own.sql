-- Behind "own_now": with it the schemas in which an adopted role got rights ($4) when they were the project's own.
SELECT o.oid, o.nspname, o.nspowner, o.creator
  FROM own_now o
UNION
SELECT n.oid, n.nspname, n.nspowner, (s.value ->> 'creator')::name
  FROM jsonb_array_elements($4::jsonb -> 'schemas') s
  JOIN pg_namespace n ON n.nspname = s.value ->> 'schema'
