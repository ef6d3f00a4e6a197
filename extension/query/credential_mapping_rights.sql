-- The first column of a mapping ($1) to a table ($2) that a role ($3) may not read, or write where it is to be written.
SELECT m.value
  FROM jsonb_each_text($1::jsonb - 'table' - 'statuses') m
 WHERE NOT has_column_privilege($3, $2, m.value, 'SELECT')
    OR m.key <> 'project' AND NOT has_column_privilege($3, $2, m.value, 'UPDATE')
 ORDER BY m.key
 LIMIT 1
