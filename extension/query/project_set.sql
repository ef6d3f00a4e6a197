-- NULL leaves as it is; an empty list or name resets.
INSERT INTO slipway.project AS p (name, schemas, owner, created_by)
VALUES ($1, NULLIF($2, '{}'), NULLIF($3, ''), $4)
ON CONFLICT (name) DO UPDATE
   SET schemas = NULLIF(COALESCE($2, p.schemas), '{}'),
       owner = NULLIF(COALESCE($3, p.owner), '')
