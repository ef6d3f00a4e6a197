-- Behind "intended": rights that an adopted role did not have before ($4).
SELECT i.kind, i.object, i.privilege
  FROM intended i
EXCEPT
SELECT b.kind, b.object, b.privilege
  FROM jsonb_to_recordset($4::jsonb -> 'rights') b(kind text, object text, privilege text)
