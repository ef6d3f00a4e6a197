-- Batches of credentials: which projects, and how far each has come.

CREATE TABLE slipway.credential_batch (
    number       bigint PRIMARY KEY,
    name         text UNIQUE,
    options      jsonb NOT NULL,
    max_failures integer,
    forgiven     bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by   text NOT NULL DEFAULT session_user,
    stopped_at   timestamptz,
    stopped_by   text,
    stop_reason  text
);
COMMENT ON TABLE slipway.credential_batch IS 'batches of projects that are to get roles of their own';
COMMENT ON COLUMN slipway.credential_batch.options IS 'what those who work on it are told, in their own words';
COMMENT ON COLUMN slipway.credential_batch.max_failures IS 'no item is given out any more after so many have failed; NULL: all are';
COMMENT ON COLUMN slipway.credential_batch.forgiven IS 'failures from before resume_batch(), which do not count for that';
COMMENT ON COLUMN slipway.credential_batch.stopped_at IS 'since when no item is given out; resume_batch() goes on';

CREATE TABLE slipway.credential_item (
    batch              bigint NOT NULL REFERENCES slipway.credential_batch,
    number             integer NOT NULL,
    project            text NOT NULL REFERENCES slipway.project,
    outcome            text NOT NULL,
    attempt            integer NOT NULL DEFAULT 0,
    claimed_at         timestamptz,
    claimed_by         text,
    backend_pid        integer,
    backend_started_at timestamptz,
    finished_at        timestamptz,
    message            text,
    PRIMARY KEY (batch, number),
    UNIQUE (batch, project)
);
COMMENT ON TABLE slipway.credential_item IS 'the projects of each batch';
COMMENT ON COLUMN slipway.credential_item.outcome IS 'waiting, running, succeeded, failed, rolled_back or skipped; running without the backend of that pid and start: it is given out again';
COMMENT ON COLUMN slipway.credential_item.attempt IS 'how often it was given out; only the last one may say how it went';

SELECT pg_catalog.pg_extension_config_dump('slipway.credential_batch', '');
SELECT pg_catalog.pg_extension_config_dump('slipway.credential_item', '');

CREATE FUNCTION slipway.create_batch(projects text[], name text DEFAULT NULL, options jsonb DEFAULT '{}', max_failures integer DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'slipway_create_batch' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.create_batch(text[], text, jsonb, integer) FROM PUBLIC;
COMMENT ON FUNCTION slipway.create_batch(text[], text, jsonb, integer) IS 'makes a batch of projects, in that order; returns its number; needs admin of each';

CREATE FUNCTION slipway.claim_item(batch bigint, OUT item integer, OUT project text, OUT attempt integer)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_claim_item' LANGUAGE C STRICT ROWS 1;
REVOKE ALL ON FUNCTION slipway.claim_item(bigint) FROM PUBLIC;
COMMENT ON FUNCTION slipway.claim_item(bigint) IS 'gives out the next item of a batch, to one caller only: one that is waiting, or whose worker has died; no row if there is none, or the batch is stopped; needs admin of its project';

CREATE FUNCTION slipway.finish_item(batch bigint, item integer, attempt integer, outcome text, message text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'slipway_finish_item' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.finish_item(bigint, integer, integer, text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.finish_item(bigint, integer, integer, text, text) IS 'says how it went: succeeded, failed, rolled_back or skipped; SW045 if the item was given out again since; needs admin of its project';

CREATE FUNCTION slipway.stop_batch(batch bigint, reason text DEFAULT NULL) RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_stop_batch' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.stop_batch(bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.stop_batch(bigint, text) IS 'gives out no item any more; false if it does not anyway; needs admin of each project';

CREATE FUNCTION slipway.resume_batch(batch bigint, retry_failed boolean DEFAULT false, force boolean DEFAULT false) RETURNS bigint
    AS 'MODULE_PATHNAME', 'slipway_resume_batch' LANGUAGE C STRICT;
REVOKE ALL ON FUNCTION slipway.resume_batch(bigint, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION slipway.resume_batch(bigint, boolean, boolean) IS 'lets items be given out again: those whose worker has died, with force also those of others, as behind a pooler it cannot be told, and with retry_failed those that failed or were rolled back; returns how many are waiting; needs admin of each project';

CREATE VIEW slipway.batch_item WITH (security_barrier) AS
SELECT i.batch, i.number AS item, i.project,
       CASE WHEN i.outcome = 'running' AND NOT slipway._is_alive(i.backend_pid, i.backend_started_at) AND NOT pg_catalog.pg_is_in_recovery()
            THEN 'interrupted'
            ELSE i.outcome END AS outcome,
       i.attempt, i.claimed_at, i.claimed_by, i.backend_pid AS pid, i.finished_at, i.finished_at - i.claimed_at AS duration, i.message
  FROM slipway.credential_item i
 WHERE slipway._may('reader', i.project);
REVOKE ALL ON slipway.batch_item FROM PUBLIC;
COMMENT ON VIEW slipway.batch_item IS 'items of batches, of the projects that the current user may read; interrupted: its worker has died';

CREATE VIEW slipway.batch WITH (security_barrier) AS
SELECT b.number AS batch, b.name, b.options, b.max_failures, b.created_at, b.created_by, b.stopped_at, b.stopped_by, b.stop_reason,
       i.items, i.waiting, i.running, i.interrupted, i.succeeded, i.failed, i.rolled_back, i.skipped, i.started_at, i.finished_at,
       CASE WHEN b.max_failures IS NOT NULL
            THEN greatest(b.max_failures + b.forgiven - (SELECT count(*) FROM slipway.credential_item f
                                                          WHERE f.batch = b.number AND f.outcome IN ('failed', 'rolled_back')), 0)
             END AS failures_left
  FROM slipway.credential_batch b
 CROSS JOIN LATERAL (
       SELECT count(*) AS items, count(*) FILTER (WHERE v.outcome = 'waiting') AS waiting,
              count(*) FILTER (WHERE v.outcome = 'running') AS running, count(*) FILTER (WHERE v.outcome = 'interrupted') AS interrupted,
              count(*) FILTER (WHERE v.outcome = 'succeeded') AS succeeded, count(*) FILTER (WHERE v.outcome = 'failed') AS failed,
              count(*) FILTER (WHERE v.outcome = 'rolled_back') AS rolled_back, count(*) FILTER (WHERE v.outcome = 'skipped') AS skipped,
              min(v.claimed_at) AS started_at, max(v.finished_at) AS finished_at
         FROM slipway.batch_item v WHERE v.batch = b.number) i
 WHERE i.items > 0;
REVOKE ALL ON slipway.batch FROM PUBLIC;
COMMENT ON VIEW slipway.batch IS 'batches, as far as the current user may read their projects';
