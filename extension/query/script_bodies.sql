-- Those of at most $2 bytes, with their places in $1.
SELECT u.n, s.body
  FROM unnest($1) WITH ORDINALITY u(hash, n)
  JOIN slipway.script s ON s.hash = u.hash
 WHERE octet_length(s.body) <= $2
