DELETE FROM slipway.schema_object WHERE project = $1 AND snapshot = $2 AND hash = ANY ($3)
