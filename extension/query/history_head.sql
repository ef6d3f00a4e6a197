SELECT entry, encode(entry_hash, 'hex')
  FROM slipway.history
 WHERE project = $1
 ORDER BY entry DESC
 LIMIT 1
