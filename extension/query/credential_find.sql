SELECT role, preset, status, previous_role, application, mapping::text, reference, before::text, mapped::text,
       connection_limit::bigint, adopted::integer::bigint, (generated_at IS NOT NULL)::integer::bigint,
       (made_at IS NOT NULL)::integer::bigint, (updated_at IS NOT NULL)::integer::bigint
  FROM slipway.credential
 WHERE project = $1
