-- The tracking tables. Each holds only what pg_dump can carry to another
-- cluster: names instead of OIDs, and no row made by the install script.

CREATE TABLE slipway.project (
    name        text PRIMARY KEY,
    schemas     text[],
    owner       text,
    newest      bytea,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by  text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE slipway.project IS 'a line of migrations with its own history, lock, search_path and, optionally, owner role';
COMMENT ON COLUMN slipway.project.schemas IS 'search_path of its scripts; NULL: that of the caller';
COMMENT ON COLUMN slipway.project.owner IS 'role its scripts run as; NULL: the caller';
COMMENT ON COLUMN slipway.project.newest IS 'hash of the manifest that was uploaded last';

CREATE TABLE slipway.script (
    hash        bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    body        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by  text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE slipway.script IS 'immutable script bodies, each stored once by its hash';
COMMENT ON COLUMN slipway.script.hash IS 'SHA-256 over the UTF-8 text without byte order mark and with CRLF as LF';

CREATE TABLE slipway.migration (
    project     text NOT NULL REFERENCES slipway.project,
    id          bigint NOT NULL,
    name        text NOT NULL,
    kind        text NOT NULL DEFAULT 'versioned' CHECK (kind IN ('versioned', 'repeatable', 'hook')),
    up_hash     bytea NOT NULL,
    down_hash   bytea,
    verify_hash bytea,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by  text NOT NULL DEFAULT session_user,
    PRIMARY KEY (project, id),
    CONSTRAINT migration_key UNIQUE NULLS NOT DISTINCT (project, name, kind, up_hash, down_hash, verify_hash)
);
COMMENT ON TABLE slipway.migration IS 'members of manifests; a manifest names them by id, so that a release adds rows only for what is new in it';

CREATE TABLE slipway.manifest (
    project     text NOT NULL REFERENCES slipway.project,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    name_order  text NOT NULL CHECK (name_order IN ('auto', 'name', 'number')),
    members     bigint[] NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by  text NOT NULL DEFAULT session_user,
    PRIMARY KEY (project, hash)
);
-- Large values are stored and loaded several times faster than by pglz. Not
-- every server is built with it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_settings
                WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        ALTER TABLE slipway.script ALTER COLUMN body SET COMPRESSION lz4;
        ALTER TABLE slipway.manifest ALTER COLUMN members SET COMPRESSION lz4;
    END IF;
END;
$$;
COMMENT ON COLUMN slipway.migration.created_by IS 'who has uploaded it first, under this name and with these scripts';
COMMENT ON TABLE slipway.manifest IS 'immutable ordered lists of migrations, each keyed by its hash';
COMMENT ON COLUMN slipway.manifest.name_order IS 'how its names are ordered; auto: by bytes, and numeric prefixes agree';

-- run and history have no foreign key to project: it would be checked by a
-- query for every migration, and a record must outlive what it is about. A
-- check of outcome or a generated column would be compiled for each row again,
-- which takes longer than to write it.

CREATE TABLE slipway.run (
    project            text NOT NULL,
    number             bigint NOT NULL,
    action             text NOT NULL,
    manifest_hash      bytea NOT NULL,
    outcome            text NOT NULL,
    started_at         timestamptz NOT NULL,
    finished_at        timestamptz,
    session_role       text NOT NULL,
    effective_role     text NOT NULL,
    client_addr        inet,
    application_name   text,
    client_version     text,
    backend_pid        integer NOT NULL,
    pending            integer NOT NULL,
    tasks              text[] NOT NULL,
    labels             jsonb NOT NULL,
    settled_entry      bigint,
    detached           bigint,
    stopped_unit       integer,
    units              integer,
    retries            integer,
    lock_waits         integer,
    lock_wait_ms       bigint,
    PRIMARY KEY (project, number)
);
COMMENT ON TABLE slipway.run IS 'one row per execution of a plan that had something to do';
COMMENT ON COLUMN slipway.run.pending IS 'how many migrations it set out to apply, or to roll back';
COMMENT ON COLUMN slipway.run.tasks IS 'their names, in order';
COMMENT ON COLUMN slipway.run.labels IS 'what the deploy was told to note of itself: release, commit, ticket';
COMMENT ON COLUMN slipway.run.settled_entry IS 'last entry of the history, if the run left its manifest applied whole: as long as no entry follows, there is nothing to do for that manifest';
COMMENT ON COLUMN slipway.run.outcome IS 'running, succeeded, failed or interrupted; running while nobody holds the lock of the project means that its backend died; the next run says so in the history';

COMMENT ON COLUMN slipway.run.detached IS 'number of the detached deploy whose worker made the run, NULL: a session';
COMMENT ON COLUMN slipway.run.stopped_unit IS 'of a migration that stopped part way: the unit at which it did, of so many units';
COMMENT ON COLUMN slipway.run.retries IS 'new tries after lock timeouts, deadlocks and serialization failures; NULL: the run did not write its end';
COMMENT ON COLUMN slipway.run.lock_waits IS 'waits of its scripts for locks that took longer than half of lock_timeout, deadlock_timeout or a second, whichever is shortest';
COMMENT ON COLUMN slipway.run.lock_wait_ms IS 'how long those took together';

CREATE TABLE slipway.detached_run (
    project            text NOT NULL,
    number             bigint NOT NULL,
    outcome            text NOT NULL,
    started_at         timestamptz NOT NULL,
    finished_at        timestamptz,
    session_role       text NOT NULL,
    client_addr        inet,
    application_name   text,
    backend_pid        integer NOT NULL,
    backend_started_at timestamptz NOT NULL,
    sqlstate           text,
    message            text,
    detail             text,
    hint               text,
    context            text,
    stopped_unit       integer,
    units              integer,
    PRIMARY KEY (project, number)
);
COMMENT ON TABLE slipway.detached_run IS 'calls of migrate_detached(): what became of each, also of one that ended before it had a run to record; see view detached';
COMMENT ON COLUMN slipway.detached_run.outcome IS 'running, succeeded or failed; running without the backend of that pid and start means that it died';
COMMENT ON COLUMN slipway.detached_run.stopped_unit IS 'of a migration that stopped part way: the unit at which it did, of so many units';

CREATE TABLE slipway.detached_notice (
    project            text NOT NULL,
    detached           bigint NOT NULL,
    number             bigint NOT NULL,
    entry              bigint NOT NULL,
    severity           text,
    sqlstate           text,
    message            text,
    detail             text,
    hint               text,
    PRIMARY KEY (project, detached, number)
);
COMMENT ON TABLE slipway.detached_notice IS 'what a client would have been told during detached deploys: notices and warnings of scripts; see view notice';
COMMENT ON COLUMN slipway.detached_notice.entry IS 'entry of the history that it came before, which may not be there yet';

CREATE TABLE slipway.history (
    project          text NOT NULL,
    entry            bigint NOT NULL,
    run              bigint,
    migration        text,
    action           text NOT NULL,
    outcome          text NOT NULL,
    script_hash      bytea,
    manifest_hash    bytea,
    started_at       timestamptz NOT NULL,
    finished_at      timestamptz NOT NULL,
    session_role     text NOT NULL,
    effective_role   text NOT NULL,
    client_addr      inet,
    application_name text,
    client_version   text,
    sqlstate         text,
    message          text,
    detail           text,
    hint             text,
    context          text,
    "position"       integer,
    line_number      integer,
    column_number    integer,
    reason           text,
    variables        jsonb,
    direction        text,
    approved_by      text,
    prev_hash        bytea,
    entry_hash       bytea NOT NULL,
    PRIMARY KEY (project, entry)
);
CREATE INDEX history_migration_idx ON slipway.history (project, migration, entry);
COMMENT ON TABLE slipway.history IS 'append-only record of what runs did, one hash chain per project';
COMMENT ON COLUMN slipway.history.outcome IS 'succeeded, failed or interrupted';
COMMENT ON COLUMN slipway.history.entry IS '1, 2, 3, ... without gaps in each project';
COMMENT ON COLUMN slipway.history.action IS 'apply, rollback, hook, baseline, accept_checksum, forget_failed, mark_applied, settle, approve, withdraw_approval, require_approval or waive_approval; credential_... for a step of the credential';
COMMENT ON COLUMN slipway.history.reason IS 'why, in the words of who did it by hand';
COMMENT ON COLUMN slipway.history.variables IS 'values that stood for the variables of the script, *** for secret ones; of a credential, what it is';
COMMENT ON COLUMN slipway.history.direction IS 'of an approval: which script of the migration, up, down or verify';
COMMENT ON COLUMN slipway.history.approved_by IS 'who has approved the script that ran, where the project requires that';
COMMENT ON COLUMN slipway.history."position" IS 'of an error, in characters of the script from 1';
COMMENT ON COLUMN slipway.history.entry_hash IS 'SHA-256 over the canonical form of the row and prev_hash';

CREATE TABLE slipway.journal (
    project         text NOT NULL,
    entry           bigint NOT NULL,
    migration       text NOT NULL,
    action          text NOT NULL,
    script_hash     bytea NOT NULL,
    run             bigint NOT NULL,
    unit            integer NOT NULL,
    first_statement integer NOT NULL,
    last_statement  integer NOT NULL,
    line_number     integer NOT NULL,
    statements_hash bytea NOT NULL,
    outcome         text NOT NULL,
    facts           text,
    settings        text[] NOT NULL,
    others          text[] NOT NULL,
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    closed_by       bigint,
    PRIMARY KEY (project, entry)
);
CREATE INDEX journal_open_idx ON slipway.journal (project, migration, entry) WHERE closed_by IS NULL;
COMMENT ON TABLE slipway.journal IS 'units of stepwise migrations: what is done of one that is not';
COMMENT ON COLUMN slipway.journal.statements_hash IS 'over the statements of the script up to the last one of the unit: each hash is SHA-256 over that of the statement before, in hex, and the text';
COMMENT ON COLUMN slipway.journal.outcome IS 'done; of a statement that commits by itself also started, failed, or undone, when that was found out later';
COMMENT ON COLUMN slipway.journal.facts IS 'what was there before, to find out later whether the statement was executed: OIDs, and the name of an index';
COMMENT ON COLUMN slipway.journal.settings IS 'what the script has SET so far and a later unit has to begin with: names and values by turns';
COMMENT ON COLUMN slipway.journal.others IS 'names of the other migrations that the same script rolls back';
COMMENT ON COLUMN slipway.journal.closed_by IS 'entry of the history that says the migration is applied; NULL: it is done in part';

-- Written in the middle of the server's work on a statement: without index,
-- constraint or default.
CREATE TABLE slipway.journal_made (
    project text,
    entry   bigint,
    object  oid,
    name    text
);
COMMENT ON TABLE slipway.journal_made IS 'indexes that a statement which commits by itself has made, from the moment when they exist: if it does not end well they are INVALID, and dropped';

CREATE TABLE slipway.role_grant (
    role        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('reader', 'uploader', 'approver', 'deployer', 'admin')),
    project     text REFERENCES slipway.project,
    granted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    granted_by  text NOT NULL DEFAULT session_user,
    UNIQUE NULLS NOT DISTINCT (role, kind, project)
);
-- Without a primary key it needs one to be published with all tables: else no row
-- could be deleted any more.
ALTER TABLE slipway.role_grant REPLICA IDENTITY FULL;
COMMENT ON TABLE slipway.role_grant IS 'who may do what; NULL project: in every project. Written by slipway.grant_role()';

CREATE TABLE slipway.schema_snapshot (
    project            text NOT NULL,
    number             bigint NOT NULL,
    name               text,
    run                bigint,
    entry              bigint NOT NULL,
    journal_entry      bigint NOT NULL,
    fingerprint        bytea NOT NULL,
    server_version_num integer NOT NULL,
    ignore             text[] NOT NULL,
    objects            bigint NOT NULL,
    taken_at           timestamptz NOT NULL,
    taken_by           text NOT NULL,
    PRIMARY KEY (project, number),
    CONSTRAINT schema_snapshot_key UNIQUE NULLS NOT DISTINCT (project, name)
);
COMMENT ON TABLE slipway.schema_snapshot IS 'states of the schema that later ones are compared with: that which the last run has left, and those with a name; see view saved_snapshot';
COMMENT ON COLUMN slipway.schema_snapshot.name IS 'NULL: that of the last run, which has number 0';
COMMENT ON COLUMN slipway.schema_snapshot.run IS 'the last run before it was taken';
COMMENT ON COLUMN slipway.schema_snapshot.entry IS 'last entry of the history when it was taken; journal_entry: of the journal';
COMMENT ON COLUMN slipway.schema_snapshot.ignore IS 'what it leaves out';

-- A row that stays as it was is not written again by the next run: it is known by
-- its hash.
CREATE TABLE slipway.schema_object (
    project            text NOT NULL,
    snapshot           bigint NOT NULL,
    hash               bytea NOT NULL,
    kind               text NOT NULL,
    identity           text NOT NULL,
    schema             text,
    parent             text,
    definition         text NOT NULL,
    PRIMARY KEY (project, snapshot, hash)
);
COMMENT ON TABLE slipway.schema_object IS 'the objects of snapshots, as slipway.snapshot() returns them';
COMMENT ON COLUMN slipway.schema_object.snapshot IS 'number of the snapshot';
COMMENT ON COLUMN slipway.schema_object.parent IS 'identity of the relation that it belongs to, and is ignored with';

SELECT pg_catalog.pg_extension_config_dump('slipway.project', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.script', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.migration', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.manifest', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.run', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.detached_run', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.detached_notice', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.history', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.journal', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.journal_made', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.role_grant', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.schema_snapshot', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.schema_object', '');

-- Rows that are evidence cannot be changed, by their owner neither. A
-- superuser can still remove the trigger: verify_history() is for that.
CREATE FUNCTION slipway._refuse_change() RETURNS trigger
    AS 'MODULE_PATHNAME', 'slipway_refuse_change' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway._refuse_change() FROM PUBLIC;
COMMENT ON FUNCTION slipway._refuse_change() IS 'trigger: raises SW017, for tables that only grow';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON slipway.history
    FOR EACH STATEMENT EXECUTE FUNCTION slipway._refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON slipway.script
    FOR EACH STATEMENT EXECUTE FUNCTION slipway._refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON slipway.manifest
    FOR EACH STATEMENT EXECUTE FUNCTION slipway._refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON slipway.migration
    FOR EACH STATEMENT EXECUTE FUNCTION slipway._refuse_change();
ALTER TABLE slipway.history ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE slipway.script ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE slipway.manifest ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE slipway.migration ENABLE ALWAYS TRIGGER append_only;
