-- Doing. Procedures that commit carry neither SET nor SECURITY DEFINER, which
-- would make their CALL atomic; their bodies guard themselves.

CREATE PROCEDURE slipway.migrate(project text DEFAULT 'default', options jsonb DEFAULT '{}')
    AS 'MODULE_PATHNAME', 'slipway_migrate' LANGUAGE C;
REVOKE ALL ON PROCEDURE slipway.migrate(text, jsonb) FROM PUBLIC;
COMMENT ON PROCEDURE slipway.migrate(text, jsonb) IS 'applies what is pending, each migration in a transaction of its own together with its record; top level only; needs deployer';
