-- A moment stays as it is as long as what it tells of stays done.
UPDATE slipway.credential
   SET status = $2, reference = $3, adopted = $4, before = $5::jsonb, mapped = $6::jsonb,
       generated_at = CASE WHEN $7 THEN coalesce(generated_at, clock_timestamp()) END,
       made_at = CASE WHEN $8 THEN coalesce(made_at, clock_timestamp()) END,
       updated_at = CASE WHEN $9 THEN coalesce(updated_at, clock_timestamp()) END,
       validated_at = CASE WHEN $10 THEN clock_timestamp() WHEN $9 THEN validated_at END,
       changed_at = clock_timestamp(), changed_by = $11
 WHERE project = $1
