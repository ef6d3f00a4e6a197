-- Behind "actual" and "ours": what else went with rights that were taken back, of all that the role had just before ($5):
-- REVOKE on a table takes those on its columns, too.
SELECT h.kind, h.object, h.privilege, CASE WHEN h.grantable THEN 'grantable' ELSE 'missing' END
  FROM jsonb_to_recordset($5::jsonb) h(kind text, object text, privilege text, grantable boolean)
 WHERE NOT EXISTS (SELECT FROM ours o WHERE o.kind = h.kind AND o.object = h.object AND o.privilege = h.privilege)
   AND NOT EXISTS (SELECT FROM actual a
                    WHERE a.kind = h.kind AND a.object = h.object AND a.privilege = h.privilege AND a.grantable >= h.grantable)
 ORDER BY 1, 2, 4, 3
