-- Behind "listed": the same with those who have granted it, and can take it back.
SELECT DISTINCT l.kind, l.object, a.privilege_type || l.tail AS privilege, pg_get_userbyid(a.grantor)::text AS grantor
  FROM listed l CROSS JOIN LATERAL aclexplode(l.acl) a
 WHERE a.grantee = l.role
