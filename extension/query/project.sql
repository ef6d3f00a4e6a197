SELECT (SELECT string_agg(quote_ident(s), ', ' ORDER BY n)
          FROM unnest(p.schemas) WITH ORDINALITY u(s, n)), p.owner
  FROM slipway.project p
 WHERE p.name = $1
