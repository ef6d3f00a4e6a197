SELECT DISTINCT name
  FROM slipway.migration
 WHERE project = $1 AND kind = 'repeatable'
