SELECT number, run, fingerprint, server_version_num, ignore, outdated
  FROM slipway.saved_snapshot
 WHERE project = $1 AND name IS NOT DISTINCT FROM $2
