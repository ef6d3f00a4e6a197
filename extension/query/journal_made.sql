-- By OID and name: the journal may have come from another cluster.
SELECT c.oid, format('%I.%I', n.nspname, c.relname), i.indisvalid, i.indrelid
  FROM slipway.journal_made m
  JOIN pg_class c ON c.oid = m.object AND c.relname = m.name
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_index i ON i.indexrelid = c.oid
 WHERE m.project = $1 AND m.entry = $2
