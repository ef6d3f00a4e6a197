-- What a deploy brings: script bodies and manifests.

CREATE FUNCTION slipway.add_script(body text, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_add_script' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.add_script(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_script(text, text) IS 'stores a script body, once; returns its hash in hex; needs uploader';

CREATE FUNCTION slipway.add_scripts(bodies text[], project text DEFAULT 'default') RETURNS text[]
    AS 'MODULE_PATHNAME', 'slipway_add_scripts' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.add_scripts(text[], text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_scripts(text[], text) IS 'add_script() for many bodies; returns their hashes in the same order; needs uploader';

CREATE FUNCTION slipway.add_script_part(part bytea, "offset" bigint, last boolean, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_add_script_part' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.add_script_part(bytea, bigint, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_script_part(bytea, bigint, boolean, text) IS 'add_script() for a large body that comes in parts, in UTF-8, within one transaction; offset counts the bytes of the parts before; the last one returns the hash; needs uploader';

CREATE FUNCTION slipway.find_base(project text DEFAULT 'default',
    OUT manifest text, OUT size integer, OUT settled boolean, OUT uploader boolean, OUT head text) RETURNS record
    AS 'MODULE_PATHNAME', 'slipway_find_base' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.find_base(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.find_base(text) IS 'what a deploy asks first: hash, in hex, and number of members of the manifest that was applied whole last; is it settled, that is the newest, and nothing happened since; may the caller upload; hash of the newest history entry; needs reader';

CREATE FUNCTION slipway.find_manifest(manifest text, project text DEFAULT 'default',
    OUT stored boolean, OUT settled boolean, OUT head text, OUT missing text[]) RETURNS record
    AS 'MODULE_PATHNAME', 'slipway_find_manifest' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.find_manifest(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.find_manifest(text, text) IS 'is a manifest, given by its hash in hex, stored; is it settled, that is applied whole and nothing happened since; which of its scripts does the server lack; needs reader, and makes it the newest for an uploader';

CREATE FUNCTION slipway.add_manifest(manifest text, project text DEFAULT 'default') RETURNS SETOF text
    AS 'MODULE_PATHNAME', 'slipway_add_manifest' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.add_manifest(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_manifest(text, text) IS 'stores a manifest, once, and makes it the newest of the project; returns the hashes, in hex, of its scripts that the server lacks; needs uploader';

CREATE FUNCTION slipway.extend_manifest(base text, members text, project text DEFAULT 'default') RETURNS SETOF text
    AS 'MODULE_PATHNAME', 'slipway_extend_manifest' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.extend_manifest(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.extend_manifest(text, text, text) IS 'add_manifest() for a manifest that begins as another one, given by its hash in hex, that was applied whole: only the lines of the members that follow are given; needs uploader';

CREATE FUNCTION slipway.add_migration(name text, up text, down text DEFAULT NULL, verify text DEFAULT NULL, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_add_migration' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.add_migration(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.add_migration(text, text, text, text, text) IS 'adds a migration to the newest manifest of the project, or replaces the pending one of that name, which makes a new manifest; returns its hash in hex; needs uploader';
