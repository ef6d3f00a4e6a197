-- Looking: what would be done, what is wrong, what was done. Functions that
-- take the text of a manifest compare a folder that was never uploaded.

CREATE FUNCTION slipway.plan(project text DEFAULT 'default', manifest text DEFAULT NULL, allow_out_of_order boolean DEFAULT NULL,
    variables jsonb DEFAULT NULL,
    OUT "position" integer, OUT migration text, OUT script_hash text, OUT kind text, OUT units integer, OUT reason text, OUT approval text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_plan' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION slipway.plan(text, text, boolean, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.plan(text, text, boolean, jsonb) IS 'the steps that migrate would take with a manifest, given by its hash in hex (NULL: the newest); allow_out_of_order NULL: as setting slipway.out_of_order says; needs reader';

CREATE FUNCTION slipway.validate(project text DEFAULT 'default', manifest text DEFAULT NULL, allow_out_of_order boolean DEFAULT NULL,
    variables jsonb DEFAULT NULL,
    OUT migration text, OUT sqlstate text, OUT message text, OUT detail text, OUT hint text, OUT line_number integer, OUT column_number integer)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_validate' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION slipway.validate(text, text, boolean, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.validate(text, text, boolean, jsonb) IS 'one row for each reason why migrate would refuse to start, and for what is wrong with the down and verify scripts of what is pending; needs reader';

CREATE FUNCTION slipway.rollback_plan(project text DEFAULT 'default', options jsonb DEFAULT '{}',
    OUT "position" integer, OUT migration text, OUT script_hash text, OUT kind text, OUT units integer, OUT reason text, OUT approval text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_rollback_plan' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION slipway.rollback_plan(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.rollback_plan(text, jsonb) IS 'what rollback would take back with these options, and with which scripts; raises what rollback would; needs reader';

CREATE FUNCTION slipway.rollback_losses(project text DEFAULT 'default', options jsonb DEFAULT '{}',
    OUT "position" integer, OUT migration text, OUT action text, OUT relation text, OUT column_name text, OUT rows bigint, OUT exact boolean)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_rollback_losses' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION slipway.rollback_losses(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.rollback_losses(text, jsonb) IS 'tables and columns that statements of its scripts would drop or empty, with the rows of the table, counted (exact) or as the planner has it; needs deployer';

CREATE FUNCTION slipway.compare(manifest text, project text DEFAULT 'default',
    OUT "position" integer, OUT migration text, OUT state text, OUT script_hash text, OUT applied_hash text,
    OUT applied_at timestamptz, OUT duration interval, OUT applied_by text, OUT run bigint, OUT units_done integer, OUT kind text, OUT approval text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_compare' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway.compare(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.compare(text, text) IS 'state of every migration of a manifest, given by its text, and of the history; units_done of those that have stopped part way; kind: versioned or repeatable; approval: given or missing, of what is pending where it is required; stores nothing; needs reader';

CREATE FUNCTION slipway.check_script(name text, body text, project text DEFAULT 'default', variables jsonb DEFAULT '{}', part text DEFAULT 'up',
    OUT kind text, OUT units integer, OUT reason text, OUT sqlstate text, OUT message text, OUT detail text, OUT hint text,
    OUT line_number integer, OUT column_number integer, OUT requires text[])
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_check_script' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway.check_script(text, text, text, jsonb, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.check_script(text, text, text, jsonb, text) IS 'how a script (part: up, down or verify) would be cut into units, and what it requires, or why it would be refused (then kind is NULL); stores nothing; needs reader';

CREATE FUNCTION slipway._status(project text,
    OUT "position" integer, OUT migration text, OUT state text, OUT script_hash text, OUT applied_hash text,
    OUT applied_at timestamptz, OUT duration interval, OUT applied_by text, OUT run bigint, OUT units_done integer, OUT kind text, OUT approval text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_status' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway._status(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway._status(text) IS 'compare() with the newest manifest of the project';

CREATE FUNCTION slipway.require(migration text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_require' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway.require(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.require(text, text) IS 'raises SW011 unless the migration is applied; for the start-up of an application; needs reader';

CREATE FUNCTION slipway.verify_history(project text DEFAULT 'default', OUT entry bigint, OUT problem text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_verify_history' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway.verify_history(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.verify_history(text) IS 'one row for each entry of the history that was changed, removed or moved; needs reader';
