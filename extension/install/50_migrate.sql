-- Doing. Procedures that commit carry neither SET nor SECURITY DEFINER, which
-- would make their CALL atomic; their bodies guard themselves.

CREATE PROCEDURE slipway.migrate(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_migrate' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.migrate(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.migrate(text, jsonb) IS 'applies what is pending, each migration in a transaction of its own together with its record; top level only; needs deployer';

CREATE PROCEDURE slipway.verify(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_verify' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.verify(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.verify(text, jsonb) IS 'runs the verify scripts of what is applied, each in a transaction that is rolled back, and raises SW025 if any has failed; top level only; needs deployer';

CREATE PROCEDURE slipway.rollback(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_rollback' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.rollback(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.rollback(text, jsonb) IS 'runs the down scripts of what option steps, to or all names, last applied first, or the one of option script; top level only; needs deployer';

CREATE PROCEDURE slipway.redo(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_redo' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.redo(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.redo(text, jsonb) IS 'rolls the migration that was applied last back, and applies it again; top level only; needs deployer';

CREATE PROCEDURE slipway.rehearse(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_rehearse' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.rehearse(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.rehearse(text, jsonb) IS 'runs what is pending in one transaction, tells what each statement locks, rewrites and reads, and rolls all of it back; top level only; needs deployer';

CREATE FUNCTION slipway.set_variables(variables text, key text DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_set_variables' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.set_variables(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.set_variables(text, text) IS 'keeps values of variables, a JSON object of strings, in the memory of the session for its next migrate(), which with a key must have the same as option variables_key; returns the key by which migrate() in another session of the same role finds them. To be called by the function call protocol, which leaves them in no log';

CREATE FUNCTION slipway.settle_unit(migration text, done boolean, reason text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_settle_unit' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.settle_unit(text, boolean, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.settle_unit(text, boolean, text, text) IS 'says whether a statement that commits by itself was executed, after a crash that left that unknown; leaves an entry in the history; needs admin';

CREATE FUNCTION slipway.accept_checksum(migration text, reason text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_accept_checksum' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.accept_checksum(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.accept_checksum(text, text, text) IS 'takes the script that the newest manifest has for an applied migration, which has changed, as the one that was applied; leaves an entry in the history; needs admin';

CREATE FUNCTION slipway.forget_failed(migration text, reason text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_forget_failed' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.forget_failed(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.forget_failed(text, text, text) IS 'a migration whose last try failed is pending again, and one that stopped part way begins at its first statement; leaves an entry in the history; needs admin';

CREATE FUNCTION slipway.mark_applied(migration text, reason text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_mark_applied' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.mark_applied(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.mark_applied(text, text, text) IS 'takes a pending migration as applied without running it; leaves an entry in the history; needs admin';

CREATE FUNCTION slipway.baseline(migration text, reason text DEFAULT NULL, project text DEFAULT 'default') RETURNS integer
    AS 'MODULE_PATHNAME', 'slipway_baseline' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.baseline(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.baseline(text, text, text) IS 'takes all versioned migrations of the newest manifest up to this one as applied without running them, in a project where none is; leaves an entry in the history for each, and returns how many; needs admin';

CREATE FUNCTION slipway.migrate_detached(project text DEFAULT 'default', options jsonb DEFAULT '{}') RETURNS bigint
    AS 'MODULE_PATHNAME', 'slipway_migrate_detached' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.migrate_detached(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.migrate_detached(text, jsonb) IS 'has a background worker do what migrate() does, which goes on when the session ends; returns its number in view detached; needs deployer';

CREATE FUNCTION slipway._is_alive(pid integer, started_at timestamptz) RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_is_alive' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway._is_alive(integer, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION slipway._is_alive(integer, timestamptz) IS 'is there a backend of that pid in this database that started at that moment?';

CREATE FUNCTION slipway.cancel(project text DEFAULT 'default') RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_cancel' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.cancel(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.cancel(text) IS 'cancels the run that goes on in the project, whoever began it, or detached deploys that have no run yet; false if there is none; needs deployer';
