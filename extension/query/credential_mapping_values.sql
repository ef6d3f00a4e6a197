-- What a mapping ($1) writes: columns and values, as a row in JSON. $2 to $4: role, status and reference.
SELECT jsonb_object_agg($1::jsonb ->> v.key,
                        CASE v.key WHEN 'status' THEN coalesce($1::jsonb -> 'statuses' ->> v.value, v.value) ELSE v.value END)::text
  FROM (VALUES ('role', $2), ('status', $3), ('reference', $4)) v(key, value)
 WHERE $1::jsonb ? v.key
