-- The comment of a role ($1), and whether it is the mark (see credential_role.c) of a project ($2) in a database that is gone, or
-- has another name now: no other one has it, or anything of that role.
SELECT m.comment,
       coalesce(starts_with(m.comment, m.head)
                AND NOT EXISTS (SELECT FROM pg_database b WHERE substr(m.comment, length(m.head) + 1) = quote_literal(b.datname::text))
                AND NOT EXISTS (SELECT FROM pg_shdepend d
                                 WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = m.oid
                                   AND d.dbid NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))),
                false)
  FROM (SELECT r.oid, shobj_description(r.oid, 'pg_authid') AS comment,
               'slipway: credential of project ' || quote_literal($2) || ' in database ' AS head
          FROM pg_roles r
         WHERE r.rolname = $1) m
