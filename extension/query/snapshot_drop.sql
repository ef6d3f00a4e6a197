WITH gone AS (
    DELETE FROM slipway.schema_snapshot WHERE project = $1 AND name IS NOT DISTINCT FROM $2 RETURNING number),
objects AS (
    DELETE FROM slipway.schema_object o USING gone WHERE o.project = $1 AND o.snapshot = gone.number)
SELECT FROM gone
