-- Doing. Procedures that commit carry neither SET nor SECURITY DEFINER, which
-- would make their CALL atomic; their bodies guard themselves.

CREATE PROCEDURE slipway.migrate(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_migrate' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.migrate(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.migrate(text, jsonb) IS 'applies what is pending, each migration in a transaction of its own together with its record; top level only; needs deployer';

CREATE FUNCTION slipway.settle_unit(migration text, done boolean, reason text, project text DEFAULT 'default') RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_settle_unit' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.settle_unit(text, boolean, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.settle_unit(text, boolean, text, text) IS 'says whether a statement that commits by itself was executed, after a crash that left that unknown; leaves an entry in the history; needs admin';

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
