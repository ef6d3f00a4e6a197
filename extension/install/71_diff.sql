-- Snapshots that are stored, and what has changed since.

-- Whether a run has changed something since, and stored nothing, is told by what runs leave behind in
-- any case; so it costs nothing to switch snapshots off.
CREATE VIEW slipway.saved_snapshot WITH (security_barrier) AS
SELECT s.project, s.name, s.number, s.run, s.taken_at, s.taken_by, s.objects, s.fingerprint,
       s.server_version_num, s.ignore,
       s.name IS NULL AND (
         EXISTS (SELECT FROM slipway.history h
                  WHERE h.project = s.project AND h.entry > s.entry
                    AND h.outcome = 'succeeded' AND h.action IN ('apply', 'rollback', 'hook'))
         OR EXISTS (SELECT FROM slipway.journal j
                     WHERE j.project = s.project AND j.entry > s.journal_entry)) AS outdated
  FROM slipway.project p
  JOIN slipway.schema_snapshot s ON s.project = p.name
 WHERE slipway._may('reader', p.name);
REVOKE ALL ON slipway.saved_snapshot FROM PUBLIC;
COMMENT ON VIEW slipway.saved_snapshot IS 'snapshots of the schema that are stored: that of the last run, whose name is NULL, and those of save_snapshot(); outdated: a run has changed something since and stored none';

CREATE FUNCTION slipway.save_snapshot(name text DEFAULT NULL, project text DEFAULT 'default', ignore text[] DEFAULT NULL) RETURNS bytea
    AS 'MODULE_PATHNAME', 'slipway_save_snapshot' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.save_snapshot(text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION slipway.save_snapshot(text, text, text[]) IS 'stores a snapshot of the schema as it is now under a name, in the place of what that had; without a name, in the place of that of the last run, which accepts what has changed since; returns its fingerprint; needs deployer';

CREATE FUNCTION slipway.drop_snapshot(name text, project text DEFAULT 'default') RETURNS boolean
    AS 'MODULE_PATHNAME', 'slipway_drop_snapshot' LANGUAGE C;
REVOKE ALL ON FUNCTION slipway.drop_snapshot(text, text) FROM PUBLIC;
COMMENT ON FUNCTION slipway.drop_snapshot(text, text) IS 'removes a snapshot, with NULL that of the last run; false if there is none; needs deployer';

CREATE FUNCTION slipway.diff(project text DEFAULT 'default', against text DEFAULT NULL, ignore text[] DEFAULT NULL,
    OUT kind text, OUT identity text, OUT change text, OUT before text, OUT after text)
    RETURNS SETOF record AS 'MODULE_PATHNAME', 'slipway_diff' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION slipway.diff(text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION slipway.diff(text, text, text[]) IS 'what differs between a snapshot (NULL: that of the last run) and the schema as it is now: objects that were added, dropped or changed, with their definitions; ignore NULL: as setting slipway.ignore says; needs reader';

CREATE FUNCTION slipway.drift(project text DEFAULT 'default', ignore text[] DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'slipway_drift' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION slipway.drift(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION slipway.drift(text, text[]) IS 'how many objects differ from what the last run has left; NULL where that is not known; needs reader';
