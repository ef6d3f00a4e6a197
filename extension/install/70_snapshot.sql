-- The schema of the database as rows.

CREATE FUNCTION slipway.snapshot(project text DEFAULT 'default', ignore text[] DEFAULT NULL,
    OUT kind text, OUT identity text, OUT schema text, OUT definition text, OUT hash bytea)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_snapshot' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION slipway.snapshot(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION slipway.snapshot(text, text[]) IS 'every object of the schema that the project covers, with its definition and the hash of both, in the order of kind and identity; ignore: patterns of what to leave out (NULL: those of setting slipway.ignore); needs reader';

CREATE FUNCTION slipway.fingerprint(project text DEFAULT 'default', ignore text[] DEFAULT NULL) RETURNS bytea
    AS 'MODULE_PATHNAME', 'slipway_fingerprint' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION slipway.fingerprint(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION slipway.fingerprint(text, text[]) IS 'SHA-256 over all that slipway.snapshot() gives, and the major version of the server; needs reader';
