-- Doing. Procedures that commit carry neither SET nor SECURITY DEFINER, which
-- would make their CALL atomic; their bodies guard themselves.

CREATE PROCEDURE slipway.migrate(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_migrate' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.migrate(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.migrate(text, jsonb) IS 'applies what is pending, each migration in a transaction of its own together with its record; top level only; needs deployer';

CREATE FUNCTION slipway.cancel(project text DEFAULT 'default') RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_cancel' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.cancel(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.cancel(text) IS 'cancels the run that goes on in the project, whoever began it; false if there is none; needs deployer';
