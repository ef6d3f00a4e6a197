SELECT coalesce((SELECT number FROM slipway.schema_snapshot WHERE project = $1 AND name = $2),
                (SELECT max(number) + 1 FROM slipway.schema_snapshot WHERE project = $1), 1)
