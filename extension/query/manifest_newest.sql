UPDATE slipway.project
   SET newest = $2
 WHERE name = $1 AND newest IS DISTINCT FROM $2
