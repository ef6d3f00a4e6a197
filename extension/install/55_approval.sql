-- Approval by somebody other than who uploaded it. What is required and what is
-- approved stands in the history.

CREATE FUNCTION slipway.require_approval(required boolean, reason text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_require_approval' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.require_approval(boolean, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.require_approval(boolean, text, text) IS 'from now on, what runs in the project must have been approved by somebody other than who uploaded it; or (false) not any more; leaves an entry in the history; needs admin';

CREATE FUNCTION slipway.needs_approval(project text DEFAULT 'default') RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_needs_approval' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway.needs_approval(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.needs_approval(text) IS 'does the project require approvals? Needs reader';

CREATE FUNCTION slipway.approve(migration text, direction text DEFAULT 'up', script_hash text DEFAULT NULL, comment text DEFAULT NULL, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_approve' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.approve(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.approve(text, text, text, text, text) IS 'approves the script of a migration or hook for a direction (up, down, verify), given by its hash in hex (NULL: that of the newest manifest); returns the hash; leaves an entry in the history; needs approver, and nobody can approve what he has uploaded';

CREATE FUNCTION slipway.withdraw_approval(migration text, reason text, direction text DEFAULT 'up', script_hash text DEFAULT NULL, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_withdraw_approval' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.withdraw_approval(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.withdraw_approval(text, text, text, text, text) IS 'takes all approvals of a script back, whoever gave them; returns its hash; leaves an entry in the history; needs approver';

CREATE FUNCTION slipway._pending_approval(project text,
    OUT migration text, OUT direction text, OUT script_hash text, OUT uploaded_by text, OUT uploaded_at timestamptz)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_pending_approval' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway._pending_approval(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway._pending_approval(text) IS 'scripts of what is pending in the newest manifest, and of its hooks, that are not approved where that is required';
