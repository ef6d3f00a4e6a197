/*
 * settle_unit.c
 *	  slipway.settle_unit(): somebody says what became of a statement.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "actor.h"
#include "error_code.h"
#include "history.h"
#include "journal.h"
#include "lock.h"
#include "privilege.h"
#include "project.h"
#include "spi.h"

static char *
required_text(FunctionCallInfo fcinfo, int arg, const char *what)
{
	char	   *value = PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (value == NULL || *value == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", what)));
	return value;
}

static SlipwayOpenUnit
find_unit(const SlipwayProject *project, const char *migration)
{
	SlipwayJournal *journal = slipway_journal_load(project->name, migration);

	if (journal->open.entry == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("migration \"%s\" of project \"%s\" has no statement whose outcome is open",
						migration, project->name),
				 errhint("See slipway.journal.")));
	return journal->open;
}

/* What was decided, by whom and why, is part of the record. */
static void
record(const SlipwayProject *project, const char *migration, const SlipwayOpenUnit *unit, bool done,
	   const char *reason)
{
	SlipwayEvent event = {0};
	ErrorData	note = {0};

	note.sqlerrcode = SLIPWAY_UNKNOWN_OUTCOME;
	note.message = psprintf("statement %d is taken as %s", unit->statement,
							done ? "executed" : "not executed");
	event.project = project;
	event.actor = slipway_actor_current(project->owner, NULL);
	event.migration = migration;
	event.action = "settle";
	event.outcome = "succeeded";
	event.script_hash = unit->script;
	event.started_at = event.finished_at = GetCurrentTimestamp();
	event.error = &note;
	event.reason = reason;
	slipway_history_append(&event);
}

PG_FUNCTION_INFO_V1(slipway_settle_unit);

Datum
slipway_settle_unit(PG_FUNCTION_ARGS)
{
	char	   *migration = required_text(fcinfo, 0, "the name of the migration");
	char	   *reason = required_text(fcinfo, 2, "a reason");
	SlipwayProject *project = slipway_project_load(required_text(fcinfo, 3, "project"));
	SlipwayOpenUnit unit;
	bool		done;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("say whether the statement was executed: true or false")));
	done = PG_GETARG_BOOL(1);
	slipway_privilege_require(SLIPWAY_ADMIN, project->name);
	if (!slipway_lock_keep_out(project))
		ereport(ERROR,
				(errcode(SLIPWAY_LOCKED),
				 errmsg("a run of project \"%s\" goes on", project->name),
				 errhint("It finds out by itself what it can. Wait for its end.")));
	unit = find_unit(project, migration);
	slipway_spi_begin();
	slipway_journal_end(project, unit.entry, done ? "done" : "undone", NULL);
	record(project, migration, &unit, done, reason);
	slipway_spi_end();
	PG_RETURN_VOID();
}
