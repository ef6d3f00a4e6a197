-- What slipway is made of: rows of catalogs, without what statistics and VACUUM write there.
SELECT md5(string_agg(row::text, E'\n' ORDER BY row::text COLLATE "C"))
  FROM (SELECT ROW (c.oid, relname, relnamespace, relowner, relkind, relpersistence, relhasindex, relhasrules, relhastriggers,
                    relrowsecurity, relforcerowsecurity, relispartition, relacl, reloptions)
          FROM pg_class c WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (a.attrelid, a.attnum, attname, atttypid, atttypmod, attnotnull, atthasdef, attidentity, attisdropped, attacl)
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (t.*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (r.*) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (p.*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (i.indexrelid, indrelid, indisunique, indisprimary, indisvalid, indisready, indislive)
          FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (d.*) FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (i.*) FROM pg_inherits i JOIN pg_class c ON c.oid IN (i.inhrelid, i.inhparent) WHERE c.relnamespace = $1
        UNION ALL SELECT ROW (c.*) FROM pg_constraint c WHERE c.connamespace = $1
        UNION ALL SELECT ROW (p.*) FROM pg_proc p WHERE p.pronamespace = $1
        UNION ALL SELECT ROW (t.oid, typname, typowner, typtype, typacl) FROM pg_type t WHERE t.typnamespace = $1
        UNION ALL SELECT ROW (n.*) FROM pg_namespace n WHERE n.oid = $1
        UNION ALL SELECT ROW (e.*) FROM pg_extension e WHERE e.oid = $2
        UNION ALL SELECT ROW (d.*) FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = $2) part (row)
