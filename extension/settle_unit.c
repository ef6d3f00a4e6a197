/*
 * settle_unit.c
 *	  slipway.settle_unit(): somebody says what became of a statement.
 */
#include "postgres.h"

#include "decision.h"
#include "error_code.h"
#include "journal.h"
#include "spi.h"

static SlipwayOpenUnit
find_unit(const SlipwayProject *project, const char *migration)
{
	SlipwayJournal *journal = slipway_journal_load(project->name, migration);

	if (journal->open.entry == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
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
	SlipwayEvent event = slipway_decision_event(project, migration, "settle", reason);
	ErrorData	note = {0};

	note.sqlerrcode = SLIPWAY_UNKNOWN_OUTCOME;
	note.message = psprintf("statement %d is taken as %s", unit->statement,
							done ? "executed" : "not executed");
	event.script_hash = unit->script;
	event.error = &note;
	slipway_history_append(&event);
}

PG_FUNCTION_INFO_V1(slipway_settle_unit);

Datum
slipway_settle_unit(PG_FUNCTION_ARGS)
{
	char	   *migration = slipway_decision_argument(fcinfo, 0, "the name of the migration");
	char	   *reason = slipway_decision_argument(fcinfo, 2, "a reason");
	char	   *name = slipway_decision_argument(fcinfo, 3, "project");
	SlipwayProject *project;
	SlipwayOpenUnit unit;
	bool		done;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("say whether the statement was executed: true or false")));
	done = PG_GETARG_BOOL(1);
	project = slipway_decision_begin("slipway.settle_unit()", name);
	unit = find_unit(project, migration);
	slipway_spi_begin();
	slipway_journal_end(project, unit.entry, done ? "done" : "undone", NULL);
	record(project, migration, &unit, done, reason);
	slipway_spi_end();
	PG_RETURN_VOID();
}
