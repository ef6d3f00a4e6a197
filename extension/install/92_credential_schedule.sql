-- Maintenance windows of credentials: when how many projects are to be moved. Who carries them out is told by the client.

CREATE TABLE slipway.credential_schedule (
    name         text PRIMARY KEY,
    cron         text NOT NULL,
    plain_cron   text NOT NULL,
    calendar     text[] NOT NULL,
    time_zone    text NOT NULL,
    size         integer NOT NULL,
    parallel     integer NOT NULL,
    max_duration interval,
    max_failures integer,
    dry_run      boolean NOT NULL,
    email        text,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by   text NOT NULL DEFAULT session_user,
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by   text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE slipway.credential_schedule IS 'when batches of projects are to get roles of their own';
COMMENT ON COLUMN slipway.credential_schedule.plain_cron IS 'cron, with numbers only';
COMMENT ON COLUMN slipway.credential_schedule.calendar IS 'the same as systemd has it, OnCalendar=, one or two';
COMMENT ON COLUMN slipway.credential_schedule.size IS 'how many projects at a time; parallel: by how many workers';
COMMENT ON COLUMN slipway.credential_schedule.max_duration IS 'no project is begun after it; NULL: there is no end';
COMMENT ON COLUMN slipway.credential_schedule.max_failures IS 'as that of a batch';
COMMENT ON COLUMN slipway.credential_schedule.dry_run IS 'only says what would be done';
COMMENT ON COLUMN slipway.credential_schedule.email IS 'to whom the report is sent; addresses with commas between them';

SELECT pg_catalog.pg_extension_config_dump('slipway.credential_schedule', '');

CREATE FUNCTION slipway.set_schedule(name text, cron text, time_zone text DEFAULT 'UTC', size integer DEFAULT 50, parallel integer DEFAULT 1,
    max_duration interval DEFAULT NULL, max_failures integer DEFAULT NULL, dry_run boolean DEFAULT false, email text DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'slipway_set_schedule' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.set_schedule(text, text, text, integer, integer, interval, integer, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.set_schedule(text, text, text, integer, integer, interval, integer, boolean, text) IS 'says when batches of credentials are to be made, and how large; returns "created", "changed" or "unchanged"; needs admin of all projects';

CREATE FUNCTION slipway.drop_schedule(name text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_drop_schedule' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.drop_schedule(text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.drop_schedule(text) IS 'forgets a schedule; false if there is none of that name; needs admin of all projects';

CREATE FUNCTION slipway.schedule_times(cron text, time_zone text DEFAULT 'UTC', count integer DEFAULT 5, after timestamptz DEFAULT now()) RETURNS SETOF timestamptz
    AS 'MODULE_PATHNAME', 'slipway_schedule_times' LANGUAGE C STABLE STRICT;
REVOKE ALL ON FUNCTION slipway.schedule_times(text, text, integer, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION slipway.schedule_times(text, text, integer, timestamptz) IS 'the next times of a schedule as cron writes it';

-- '' is no project: those of all projects may read it.
CREATE VIEW slipway.schedule WITH (security_barrier) AS
SELECT s.*
  FROM slipway.credential_schedule s
 WHERE slipway._may('reader', '');
REVOKE ALL ON slipway.schedule FROM PUBLIC;
COMMENT ON VIEW slipway.schedule IS 'schedules of batches, for those who may read all projects';
