-- Behind "listed": every right that the role was given.
SELECT l.kind, l.object, a.privilege_type || l.tail AS privilege, bool_or(a.is_grantable) AS grantable
  FROM listed l CROSS JOIN LATERAL aclexplode(l.acl) a
 WHERE a.grantee = l.role
 GROUP BY l.kind, l.object, a.privilege_type, l.tail
