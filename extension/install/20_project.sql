-- Projects and who may do what in them.

CREATE FUNCTION slipway.version() RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION slipway.version() FROM PUBLIC;
COMMENT ON FUNCTION slipway.version() IS 'version of the installed library, MAJOR.MINOR.PATCH';

CREATE FUNCTION slipway.lock_key(project text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'slipway_lock_key' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION slipway.lock_key(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.lock_key(text) IS 'key of the advisory lock that a run of the project holds; hold it to freeze deploys';

CREATE FUNCTION slipway.create_project(name text, schemas text[] DEFAULT NULL, owner text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_create_project' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.create_project(text, text[], text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.create_project(text, text[], text) IS 'registers a project, or sets search_path and owner role of an existing one; needs admin of all projects';

CREATE FUNCTION slipway.grant_role(role text, kind text, project text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_grant_role' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.grant_role(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.grant_role(text, text, text) IS 'lets a role act as reader, uploader, approver, deployer or admin of a project (NULL: of all); needs admin of the same';

CREATE FUNCTION slipway.revoke_role(role text, kind text, project text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_revoke_role' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.revoke_role(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.revoke_role(text, text, text) IS 'takes back what grant_role() gave; needs admin of the same';

CREATE FUNCTION slipway.set_owner(role text) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_set_owner' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.set_owner(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.set_owner(text) IS 'gives the tracking tables to a role, as which all bookkeeping is then done; needs a superuser';

CREATE FUNCTION slipway._may(kind text, project text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_may' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway._may(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway._may(text, text) IS 'does the current user have this kind of right in the project?';
