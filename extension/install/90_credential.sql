-- Credentials: a role of its own for each project, in the place of one that many share.

CREATE TABLE slipway.credential (
    project          text PRIMARY KEY REFERENCES slipway.project,
    role             text NOT NULL UNIQUE,
    preset           text NOT NULL,
    status           text NOT NULL,
    previous_role    text,
    connection_limit integer NOT NULL,
    application      text,
    mapping          jsonb,
    reference        text,
    adopted          boolean NOT NULL DEFAULT false,
    before           jsonb,
    mapped           jsonb,
    registered_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    registered_by    text NOT NULL DEFAULT session_user,
    generated_at     timestamptz,
    made_at          timestamptz,
    updated_at       timestamptz,
    validated_at     timestamptz,
    changed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by       text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE slipway.credential IS 'the role as which the application of a project logs in, and how far it is made; never its password, nor a hash of it';
COMMENT ON COLUMN slipway.credential.preset IS 'its rights in the schemas of the project: read-only, read-write or owner';
COMMENT ON COLUMN slipway.credential.status IS 'missing, generated, created, active, failed or rolled_back; what is done of it say generated_at, made_at and updated_at';
COMMENT ON COLUMN slipway.credential.previous_role IS 'the role that the application has used so far, which other projects may share';
COMMENT ON COLUMN slipway.credential.application IS 'pattern, as for LIKE, of the application_name of its sessions; NULL: the name of the project';
COMMENT ON COLUMN slipway.credential.mapping IS 'a table of the user''s own that is told: "table", "project" (column with the name of the project), and columns "role", "status", "reference"; "statuses": other words for ours';
COMMENT ON COLUMN slipway.credential.reference IS 'where the password is kept, in the words of the secret store';
COMMENT ON COLUMN slipway.credential.adopted IS 'the role was there before, and stays';
COMMENT ON COLUMN slipway.credential.before IS 'what an adopted role was before, to be put back';
COMMENT ON COLUMN slipway.credential.mapped IS 'what stood in the user''s own table before, to be put back';
COMMENT ON COLUMN slipway.credential.made_at IS 'when the role got its rights';
COMMENT ON COLUMN slipway.credential.updated_at IS 'when it became what the application uses';

CREATE TABLE slipway.credential_usage (
    project          text NOT NULL REFERENCES slipway.project,
    role             text NOT NULL,
    application_name text NOT NULL,
    evidence         text NOT NULL,
    first_seen_at    timestamptz NOT NULL,
    last_seen_at     timestamptz NOT NULL,
    looks            bigint NOT NULL,
    sessions         bigint NOT NULL,
    PRIMARY KEY (project, role, application_name, evidence)
);
COMMENT ON TABLE slipway.credential_usage IS 'what slipway.record_usage() has seen: sessions of previous roles that serve a project';
COMMENT ON COLUMN slipway.credential_usage.evidence IS 'how the session is known to serve the project: application_name or lock';
COMMENT ON COLUMN slipway.credential_usage.looks IS 'how often some were seen; sessions: the most at a time';

SELECT pg_catalog.pg_extension_config_dump('slipway.credential', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.credential_usage', '');

CREATE FUNCTION slipway.register_credential(project text, role text DEFAULT NULL, preset text DEFAULT 'read-write',
    previous_role text DEFAULT NULL, connection_limit integer DEFAULT -1, application text DEFAULT NULL, mapping jsonb DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_register_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.register_credential(text, text, text, text, integer, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.register_credential(text, text, text, text, integer, text, jsonb) IS 'says which role (NULL: by the name of the project) a project is to have, or changes that as long as it is not made; returns what was said of it, "registered", "changed" or "unchanged"; needs admin';

CREATE FUNCTION slipway.register_credentials(query text, options jsonb DEFAULT '{}',
    OUT project text, OUT role text, OUT outcome text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_register_credentials' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.register_credentials(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION slipway.register_credentials(text, jsonb) IS 'register_credential() for each row of a query, which runs with the caller''s rights; options: "columns" (names of those that are not project, role, preset, previous_role, connection_limit, application or schemas), "prefix" of roles, values for columns that the query lacks, and "mapping"; a project that does not exist is made if there is a column for its schemas; needs admin';

CREATE FUNCTION slipway.generate_credential(reference text, project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_generate_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.generate_credential(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.generate_credential(text, text) IS 'says where the password of the role is kept; returns the status; needs admin';

-- The verifier comes first, and by the function call protocol (PQfn): whatever stands in a statement
-- or its parameters the server may write into its log.
CREATE FUNCTION slipway.create_credential(verifier text, project text DEFAULT 'default', adopt boolean DEFAULT false) RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_create_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.create_credential(text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION slipway.create_credential(text, text, boolean) IS 'makes the role of a project, with a password given as its SCRAM-SHA-256 verifier, and gives it its rights; adopt: takes one that exists; what exists already stays; returns the status; needs admin and CREATEROLE';

-- Roles of applications have no right on schema slipway, and need none for this.
CREATE FUNCTION pg_catalog.slipway_change_password(verifier text) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_change_password' LANGUAGE C;
COMMENT ON FUNCTION pg_catalog.slipway_change_password(text) IS 'gives the role that has logged in and calls it the password of a SCRAM-SHA-256 verifier, as ALTER ROLE does. To be called by the function call protocol (PQfn()), which leaves it in no log';

CREATE FUNCTION slipway.update_credential(project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_update_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.update_credential(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.update_credential(text) IS 'says that the application is to use the role from now on, also in the user''s own table; returns the status; needs admin';

CREATE FUNCTION slipway.validate_credential(project text DEFAULT 'default', reason text DEFAULT NULL) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'slipway_validate_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.validate_credential(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.validate_credential(text, text) IS 'records that all is well; raises SW044 with what check_credential() finds; needs admin';

CREATE FUNCTION slipway.rollback_credential(project text DEFAULT 'default', "to" text DEFAULT 'missing', reason text DEFAULT NULL,
    owned text DEFAULT 'refuse', heir text DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_rollback_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.rollback_credential(text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.rollback_credential(text, text, text, text, text) IS 'undoes steps, back to created, generated or missing; owned: what to do with objects that the role owns: refuse, drop, or reassign to heir; returns the status; needs admin and CREATEROLE';

CREATE FUNCTION slipway.clear_credential(project text DEFAULT 'default') RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_clear_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.clear_credential(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.clear_credential(text) IS 'says that the password is kept nowhere any more, after a rollback; returns the status; needs admin';

CREATE FUNCTION slipway.fail_credential(step text, message text, project text DEFAULT 'default', sqlstate text DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_fail_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.fail_credential(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.fail_credential(text, text, text, text) IS 'records that a step (generate, create, update, validate or rollback) has failed, and why; returns the status; needs admin';

CREATE FUNCTION slipway.credential_rights(project text DEFAULT 'default',
    OUT kind text, OUT object text, OUT privilege text, OUT state text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_credential_rights' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_rights(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_rights(text) IS 'rights of the role of a project: granted, missing, superfluous; or public, those of PUBLIC in the schemas of other projects; needs reader';

CREATE FUNCTION slipway.credential_statements(project text DEFAULT 'default') RETURNS SETOF text
    AS 'MODULE_PATHNAME', 'slipway_credential_statements' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_statements(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_statements(text) IS 'what create_credential() would do now, as statements; needs reader';

CREATE FUNCTION slipway.credential_objects(project text DEFAULT 'default',
    OUT database text, OUT kind text, OUT object text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_credential_objects' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_objects(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_objects(text) IS 'what the role of a project owns; of other databases only how much; needs reader';

CREATE FUNCTION slipway.credential_sessions(project text DEFAULT 'default',
    OUT pid integer, OUT role text, OUT application_name text, OUT client_addr inet, OUT since timestamptz, OUT state text, OUT evidence text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_credential_sessions' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_sessions(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_sessions(text) IS 'sessions of the previous role that serve a project: its application_name says so, or it has a lock in one of its schemas; needs reader';

CREATE FUNCTION slipway.record_usage(project text DEFAULT 'default') RETURNS bigint
    AS 'MODULE_PATHNAME', 'slipway_record_usage' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.record_usage(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.record_usage(text) IS 'notes in slipway.credential_usage which of those sessions there are; returns their number; needs admin';

CREATE FUNCTION slipway.check_credential(project text DEFAULT 'default',
    OUT finding text, OUT object text, OUT detail text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_check_credential' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.check_credential(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.check_credential(text) IS 'what is not as it should be with the role of a project: its state, its rights, sessions that still use the previous role; needs reader';

CREATE FUNCTION slipway.credential_risk(project text DEFAULT 'default',
    OUT risk text, OUT sessions bigint, OUT seen_at timestamptz, OUT custom_grants bigint, OUT policies bigint, OUT owned bigint,
    OUT size_bytes bigint, OUT writes bigint)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_credential_risk' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_risk(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_risk(text) IS 'how risky it is to move a project to a role of its own: low, medium or high, and the figures: sessions of the previous role and when some were seen last, rights of it that the preset does not give, policies that name it, objects it owns; size of the project''s tables, and rows written since statistics began; needs reader';

CREATE FUNCTION slipway.check_credentials(OUT finding text, OUT project text, OUT detail text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_check_credentials' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.check_credentials() FROM PUBLIC;
COMMENT ON FUNCTION slipway.check_credentials() IS 'what stands in the way of making the roles that are missing: rights of the caller, names, limits, password policy; needs admin of all projects';

CREATE FUNCTION slipway.credential_estimate(OUT roles bigint, OUT step text, OUT measured bigint, OUT seconds double precision,
    OUT connections_max bigint, OUT connections_used bigint, OUT connections_planned bigint)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_credential_estimate' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_estimate() FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_estimate() IS 'how many roles are to be made; for each step how many were measured, and their mean; connections that there can be, that there are, and that the limits of the roles allow; needs admin of all projects';

CREATE FUNCTION slipway.credential_orphans(OUT kind text, OUT role text, OUT project text, OUT detail text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_credential_orphans' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.credential_orphans() FROM PUBLIC;
COMMENT ON FUNCTION slipway.credential_orphans() IS 'roles that were made here and that no project claims, secrets that no role uses, and projects whose role is gone; needs admin of all projects';

CREATE FUNCTION slipway.drop_orphan(role text, owned text DEFAULT 'refuse', heir text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_drop_orphan' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.drop_orphan(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.drop_orphan(text, text, text) IS 'drops such a role; owned and heir as for rollback_credential(); needs admin of all projects and CREATEROLE';

-- Every project, also those that nobody has thought of yet.
CREATE VIEW slipway.project_credential WITH (security_barrier) AS
SELECT p.name AS project, coalesce(c.status, 'missing') AS status, c.role, c.preset, c.previous_role, c.connection_limit,
       c.application, c.mapping, c.reference, c.adopted, p.created_at, c.registered_at, c.registered_by, c.generated_at, c.made_at,
       c.updated_at, c.validated_at, c.changed_at, c.changed_by
  FROM slipway.project p
  LEFT JOIN slipway.credential c ON c.project = p.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.project_credential FROM PUBLIC;
COMMENT ON VIEW slipway.project_credential IS 'the projects that the current user may read, and their roles; those that were never registered are missing';

CREATE VIEW slipway.role_usage WITH (security_barrier) AS
SELECT u.*
  FROM slipway.project p
  JOIN slipway.credential_usage u ON u.project = p.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.role_usage FROM PUBLIC;
COMMENT ON VIEW slipway.role_usage IS 'what slipway.record_usage() has seen in those projects';
