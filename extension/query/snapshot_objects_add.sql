INSERT INTO slipway.schema_object (project, snapshot, hash, kind, identity, schema, parent, definition)
SELECT $1, $2, o.hash, o.kind, o.identity, o.schema, o.parent, o.definition
  FROM unnest($3, $4, $5, $6, $7, $8) o(hash, kind, identity, schema, parent, definition)
