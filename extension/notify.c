/*
 * notify.c
 *	  NOTIFY for those who want to hear of runs.
 *
 * A transaction that notifies takes a lock of the whole cluster when it commits, so this is
 * only done where somebody asked for it, and twice a run, not for each migration.
 */
#include "postgres.h"

#include "commands/async.h"
#include "utils/json.h"

#include "notify.h"
#include "settings.h"

static void
add_text(StringInfo json, const char *key, const char *value)
{
	appendStringInfo(json, ",\"%s\":", key);
	escape_json(json, value);
}

void
slipway_notify_run(const SlipwayRun *run, const char *outcome, int pending)
{
	StringInfoData json;

	if (*slipway_notify == '\0')
		return;
	initStringInfo(&json);
	appendStringInfo(&json, "{\"event\":\"%s\"", outcome ? "run_finished" : "run_started");
	add_text(&json, "project", run->project->name);
	appendStringInfo(&json, ",\"run\":" INT64_FORMAT, run->number);
	add_text(&json, "action", run->action);
	if (outcome)
		add_text(&json, "outcome", outcome);
	else
		appendStringInfo(&json, ",\"pending\":%d", pending);
	appendStringInfoChar(&json, '}');
	/* The names of projects are short enough for the server's limit. */
	Async_Notify(slipway_notify, json.data);
	pfree(json.data);
}
