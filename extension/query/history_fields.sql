-- The fields of a history entry in the order and form of chain.h. UTC by an interval: its name is whatever the session's
-- time zone calls so, in server 18 and with TimeZone = 'UTC+5'.
SELECT project, entry::text, run::text, migration, action, outcome,
       encode(script_hash, 'hex'), encode(manifest_hash, 'hex'),
       to_char(started_at AT TIME ZONE INTERVAL '0', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       to_char(finished_at AT TIME ZONE INTERVAL '0', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       session_role, effective_role, host(client_addr), application_name, client_version,
       sqlstate, message, detail, hint, context,
       "position"::text, line_number::text, column_number::text, reason, variables::text,
       direction, approved_by,
       encode(prev_hash, 'hex'), encode(entry_hash, 'hex')
  FROM slipway.history
 WHERE project = $1
 ORDER BY history.entry
