-- The caller holds the lock of the project's newest manifest, so that nobody
-- else adds the same.
INSERT INTO slipway.migration (project, name, kind, up_hash, down_hash, verify_hash, id, created_by)
SELECT $1, g.name, g.kind, g.up, g.down, g.verify, g.id, $8
  FROM unnest($2, $3, $4, $5, $6, $7) g(name, kind, up, down, verify, id)
