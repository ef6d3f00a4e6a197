/*
 * exec_transactional.c
 *	  Runs scripts that commit together with their records.
 *
 * Mostly that is one migration. Each of several begins with the session as it was
 * before them all. Their records come last, as they hold a lock that other
 * writers of the history wait for.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "body.h"
#include "detached_notice.h"
#include "exec_block.h"
#include "exec_transactional.h"
#include "exec_verify.h"
#include "guard.h"
#include "leftover.h"
#include "message.h"
#include "settings.h"
#include "spi.h"
#include "transaction.h"

static void
run_body(SlipwayRun *run, SlipwayTask *task, const char *body, SlipwayPlace *place)
{
	const SlipwayOutline *outline = task->outline;
	SlipwayBlock block = {
		.statements = outline->statements, .n = outline->nstatements,
		.options = outline->nunits > 0 ? outline->units[0].options : NIL,
	};

	slipway_run_show(run, task);
	slipway_place_push(place, task->name, body, false);
	place->part = task->part;
	slipway_place_expand(place, outline->expansion);
	slipway_terms_set(run, &outline->directives, place);
	slipway_exec_block_run(run, place, &block);
	if (slipway_verify_wanted(run, task))
		slipway_exec_verify_task(run, place, task);
	slipway_leftover_before_commit();
}

/* In mode all nothing is applied before the end: so that people see how far the run is. */
static void
report_begin(const SlipwayRun *run, const SlipwayTask *task)
{
	StringInfoData json;

	if (run->options->mode != SLIPWAY_MODE_ALL || strcmp(task->action, SLIPWAY_ACTION_APPLY) != 0)
		return;
	slipway_event_begin(&json, "begin");
	slipway_event_text(&json, "migration", task->name);
	slipway_event_send(&json, "%s: begins", task->name);
}

/* The same for those who look at view progress, who do not see what the transaction has done. */
static void
mark_progress(const SlipwayTask *task, int *begun)
{
	if (strcmp(task->action, SLIPWAY_ACTION_APPLY) == 0 && (*begun)++ > 0)
		slipway_lock_mark(*begun - 1);
}

/* One behind another in the transaction. */
static void
run_next(SlipwayRun *run, SlipwayTask *task, SlipwayPlace *place)
{
	char	   *body = task->outline->body;

	slipway_place_pop(place);
	slipway_leftover_between();
	report_begin(run, task);
	if (body == NULL)
		body = slipway_body_load(task->script);
	run_body(run, task, body, place);
	if (body != task->outline->body)
		slipway_body_free(body);
}

static void
run_all(SlipwayRun *run, SlipwayTask *const *tasks, int n, bool last, const char *body,
		SlipwayPlace *place, volatile SlipwayResult *result)
{
	int			begun = 0;

	slipway_exec_block_begin();
	for (int i = 0; i < n; i++)
	{
		result->task = tasks[i];
		mark_progress(tasks[i], &begun);
		tasks[i]->started_at = GetCurrentTimestamp();
		if (i == 0)
			run_body(run, tasks[i], body, place);
		else
			run_next(run, tasks[i], place);
		tasks[i]->finished_at = GetCurrentTimestamp();
	}
	slipway_spi_begin();
	for (int i = 0; i < n; i++)
		slipway_run_record(run, tasks[i], tasks[i]->started_at, tasks[i]->finished_at);
	if (last)
		slipway_run_end(run, "succeeded");
	slipway_spi_end();
	slipway_exec_block_commit(run, last);
	slipway_place_pop(place);
}

SlipwayResult
slipway_exec_transactional(SlipwayRun *run, SlipwayTask *const *tasks, int n, bool last,
						   const char *body)
{
	volatile SlipwayResult result = {.task = tasks[0], .started_at = GetCurrentTimestamp()};
	SlipwayPlace place = {0};

	PG_TRY();
	{
		run_all(run, tasks, n, last, body, &place, &result);
	}
	PG_CATCH();
	{
		slipway_result_catch((SlipwayResult *) &result, run, &place);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->step_context);
	slipway_settings_hide();
	slipway_guard_off();
	if (result.error)
	{
		slipway_transaction_recover();
		slipway_lock_let_go(&run->lock);
	}
	slipway_leftover_afterwards();
	return result;
}
