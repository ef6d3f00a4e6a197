-- What a deploy brings: script bodies and manifests.

CREATE FUNCTION slipway.add_script(body text, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_add_script' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.add_script(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_script(text, text) IS 'stores a script body, once; returns its hash in hex; needs uploader';

CREATE FUNCTION slipway.add_manifest(manifest text, project text DEFAULT 'default') RETURNS SETOF text
    AS 'MODULE_PATHNAME', 'slipway_add_manifest' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.add_manifest(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_manifest(text, text) IS 'stores a manifest, once, and makes it the newest of the project; returns the hashes, in hex, of its scripts that the server lacks; needs uploader';

CREATE FUNCTION slipway.add_migration(name text, up text, down text DEFAULT NULL, verify text DEFAULT NULL, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_add_migration' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.add_migration(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_migration(text, text, text, text, text) IS 'adds a migration to the newest manifest of the project, or replaces the pending one of that name, which makes a new manifest; returns its hash in hex; needs uploader';
