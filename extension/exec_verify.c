/*
 * exec_verify.c
 *	  Runs the verify script of a migration, and takes back whatever it did.
 *
 * It has failed if it raises any error. What it wrote, set and locked goes with its
 * subtransaction, so that it may insert rows to see a constraint refuse them; with a
 * migration, that one has fired its deferred triggers before.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "body.h"
#include "error_code.h"
#include "exec_block.h"
#include "exec_verify.h"
#include "message.h"
#include "missing.h"

void
slipway_verify_check(const char *migration, const SlipwayOutline *outline)
{
	SlipwayPlace place;

	if (outline->stepwise_reason == NULL)
		return;
	slipway_place_push(&place, migration, NULL, true);
	place.part = SLIPWAY_PART_VERIFY;
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("a verify script cannot be more than one transaction: %s", outline->stepwise_reason),
			 errhint("Whatever it does is rolled back.")));
}

SlipwayOutline *
slipway_verify_outline(const char *migration, const uint8 *script, bool fixed_role, char **body)
{
	SlipwayOutline *outline;
	SlipwayPlace place;

	*body = slipway_body_load(script);
	slipway_place_push(&place, migration, NULL, true);
	place.part = SLIPWAY_PART_VERIFY;
	if (*body == NULL)
		slipway_missing_raise(migration, SLIPWAY_PART_VERIFY, script);
	slipway_place_pop(&place);
	outline = slipway_outline(migration, SLIPWAY_PART_VERIFY, *body, fixed_role, SLIPWAY_BODY_ROOM);
	slipway_verify_check(migration, outline);
	return outline;
}

bool
slipway_verify_wanted(const SlipwayRun *run, const SlipwayTask *task)
{
	return run->options->verify && task->member && task->member->has_verify &&
		strcmp(task->action, SLIPWAY_ACTION_APPLY) == 0;
}

void
slipway_exec_verify(SlipwayRun *run, const char *migration, const uint8 *script)
{
	const SlipwayTerms terms = run->terms;	/* of the migration, which is to be committed */
	SlipwayPlace place;
	char	   *body;
	SlipwayOutline *outline = slipway_verify_outline(migration, script, OidIsValid(run->owner), &body);
	SlipwayBlock block = {
		.statements = outline->statements, .n = outline->nstatements,
		.options = outline->nunits > 0 ? outline->units[0].options : NIL,
	};

	slipway_place_push(&place, migration, body, false);
	place.part = SLIPWAY_PART_VERIFY;
	slipway_place_expand(&place, outline->expansion);
	slipway_terms_set(run, &outline->directives, &place);
	slipway_exec_block_undone(run, &place, &block);
	run->terms = terms;
	slipway_place_pop(&place);
}

/* Whoever reads the error of a deploy is to know that the migration itself went well. */
static void
exec_in_migration(SlipwayRun *run, const SlipwayTask *task)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		slipway_exec_verify(run, task->name, task->member->verify);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		error->message = psprintf("verification failed: %s", error->message);
		ReThrowError(error);
	}
	PG_END_TRY();
}

void
slipway_exec_verify_task(SlipwayRun *run, SlipwayPlace *place, SlipwayTask *task)
{
	TimestampTz started_at = GetCurrentTimestamp();

	slipway_place_pop(place);
	exec_in_migration(run, task);
	slipway_place_resume(place);
	task->verified = true;
	task->verified_ms = (GetCurrentTimestamp() - started_at) / 1000.0;
}

void
slipway_exec_verify_report(const SlipwayTask *task)
{
	StringInfoData json;

	if (!task->verified)
		return;
	slipway_event_begin(&json, "verify");
	slipway_event_text(&json, "migration", task->name);
	slipway_event_text(&json, "outcome", "succeeded");
	slipway_event_text(&json, "script_hash", slipway_hash_hex(task->member->verify));
	slipway_event_ms(&json, "duration_ms", task->verified_ms);
	slipway_event_send(&json, "%s: verified in %.1f ms", task->name, task->verified_ms);
}
