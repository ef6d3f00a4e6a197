SELECT kind, identity, schema, parent, definition
  FROM slipway.schema_object
 WHERE project = $1 AND snapshot = $2 AND hash = ANY ($3)
 ORDER BY kind COLLATE "C", identity COLLATE "C"
