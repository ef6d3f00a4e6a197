/*
 * approval.c
 *	  What somebody other than who uploaded it has to approve before it runs.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "approval.h"
#include "caller_session.h"
#include "error_code.h"
#include "lookup.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"
#include "variable.h"

bool
slipway_approval_required(const char *project)
{
	SlipwayLookup history;
	bool		required = false;
	bool		known = false;

	/* the entries that are about no migration, the newest first */
	slipway_lookup_open_by(&history, "history", "history_migration_idx");
	slipway_lookup_key_text(&history, "project", project);
	slipway_lookup_key_null(&history, "migration");
	while (!known && slipway_lookup_previous(&history))
	{
		char	   *action = slipway_lookup_text(&history, "action");

		required = strcmp(action, SLIPWAY_ACTION_REQUIRE) == 0;
		known = required || strcmp(action, SLIPWAY_ACTION_WAIVE) == 0;
		pfree(action);
	}
	slipway_lookup_close(&history);
	return required;
}

List *
slipway_approval_add(List *approvals, const char *migration, const char *direction, const uint8 *script,
					 const char **teller)
{
	SlipwayApproval *approval = palloc0(sizeof(SlipwayApproval));

	approval->migration = migration;
	approval->direction = direction;
	approval->script = script;
	approval->teller = teller;
	return lappend(approvals, approval);
}

static void
add_arguments(SlipwayArgs *args, List *approvals)
{
	int			n = list_length(approvals);
	Datum	   *migrations = palloc(Max(n, 1) * sizeof(Datum));
	Datum	   *directions = palloc(Max(n, 1) * sizeof(Datum));
	const uint8 **scripts = palloc(Max(n, 1) * sizeof(uint8 *));

	for (int i = 0; i < n; i++)
	{
		const SlipwayApproval *approval = list_nth(approvals, i);

		migrations[i] = CStringGetTextDatum(approval->migration);
		directions[i] = CStringGetTextDatum(approval->direction);
		scripts[i] = approval->script;
	}
	slipway_arg_array(args, migrations, NULL, n, TEXTOID);
	slipway_arg_array(args, directions, NULL, n, TEXTOID);
	slipway_arg_hashes(args, scripts, n);
}

void
slipway_approval_read(const char *project, List *approvals, const char *runner)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_APPROVAL, 5,
	{TEXTOID, TEXTARRAYOID, TEXTARRAYOID, BYTEAARRAYOID, TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	uint64		rows;

	if (approvals == NIL)
		return;
	slipway_arg_text(&args, project);
	add_arguments(&args, approvals);
	slipway_arg_text(&args, runner);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		SlipwayApproval *approval = list_nth(approvals, (int) i);
		MemoryContext spi = MemoryContextSwitchTo(caller);
		bool		isnull;

		approval->approved_by = slipway_row_text(i, 1);
		approval->body_by = slipway_row_text(i, 2);
		approval->uploaded_by = slipway_row_text(i, 3);
		approval->uploaded_at = slipway_row_datum(i, 4, &isnull);
		if (approval->teller)
			*approval->teller = approval->approved_by;
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
}

List *
slipway_approval_list(const SlipwayPlan *plan, int nsteps, bool with_verify, bool with_down)
{
	List	   *approvals = NIL;
	List	   *hooks = NIL;

	for (int i = 0; i < nsteps; i++)
	{
		const SlipwayStep *step = &plan->steps[i];
		SlipwayMember *member = step->member;

		if (!slipway_step_pending(step))
			continue;
		approvals = slipway_approval_add(approvals, step->name, SLIPWAY_DIRECTION_UP, member->up, &member->approved_by);
		if (with_verify && member->has_verify)
			approvals = slipway_approval_add(approvals, step->name, SLIPWAY_PART_VERIFY, member->verify, NULL);
		if (with_down && member->has_down)
			approvals = slipway_approval_add(approvals, step->name, SLIPWAY_PART_DOWN, member->down, NULL);
	}
	for (int i = 0; i < SLIPWAY_HOOKS && approvals != NIL; i++)
	{
		SlipwayMember *hook = plan->manifest->hooks[i];

		if (hook)
			hooks = slipway_approval_add(hooks, hook->name, SLIPWAY_DIRECTION_UP, hook->up, &hook->approved_by);
	}
	return list_concat(hooks, approvals);
}

bool
slipway_approval_applies(const SlipwayRun *run)
{
	bool		undone = strcmp(run->action, "rehearse") == 0 || strcmp(run->action, "verify") == 0;

	return (!undone || run->project->owner) && slipway_approval_required(run->project->name);
}

/* Who may upload could have written the script. */
static SlipwayPlain
why_plain(const SlipwayRun *run)
{
	if (run->approval)
		return SLIPWAY_PLAIN_APPROVAL;
	return slipway_caller_session_borrows(run) && !slipway_privilege_has(SLIPWAY_UPLOADER, run->project->name) ?
		SLIPWAY_PLAIN_RIGHTS : SLIPWAY_PLAIN_NOT;
}

void
slipway_approval_begin(SlipwayRun *run)
{
	run->approval = slipway_approval_applies(run);
	slipway_variables_require_plain(why_plain(run));
	/* It may be required since the run has begun to wait for its turn. */
	if (run->approval)
		slipway_caller_session_check(run);
}

/* A line about a script that is not approved. */
static void
add_refused(StringInfo list, const SlipwayApproval *approval)
{
	const char *uploader = approval->uploaded_by ? approval->uploaded_by : approval->body_by;

	appendStringInfo(list, "%sNot approved: \"%s\", %s script %s", list->len > 0 ? "\n" : "", approval->migration,
					 approval->direction, slipway_hash_hex(approval->script));
	if (uploader)
		appendStringInfo(list, ", uploaded by %s", uploader);
	appendStringInfoChar(list, '.');
}

void
slipway_approval_check(const SlipwayRun *run, List *approvals)
{
	const SlipwayApproval *first = NULL;
	StringInfoData list;
	ListCell   *cell;
	int			more = 0;

	if (!run->approval || approvals == NIL)
		return;
	slipway_approval_read(run->project->name, approvals, run->actor->session_role);
	initStringInfo(&list);
	foreach(cell, approvals)
	{
		const SlipwayApproval *approval = lfirst(cell);

		if (approval->approved_by)
			continue;
		if (first == NULL)
			first = approval;
		else
			more++;
		add_refused(&list, approval);
	}
	if (first == NULL)
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_NOT_APPROVED),
			 more == 0 ? errmsg("the %s script of \"%s\" is not approved", first->direction, first->migration)
			 : errmsg("the %s script of \"%s\" and %d more are not approved", first->direction, first->migration, more),
			 errdetail("%s", list.data),
			 errhint("Somebody other than who uploaded it approves it with slipway.approve(); nothing was run.")));
}

void
slipway_approval_check_plan(const SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	if (run->approval)
		slipway_approval_check(run, slipway_approval_list(plan, nsteps, run->options->verify, false));
}

void
slipway_approval_check_descent(const SlipwayRun *run, SlipwayDescent *descent)
{
	List	   *approvals = NIL;

	for (int i = 0; i < descent->n; i++)
		approvals = slipway_approval_add(approvals, descent->steps[i].name, SLIPWAY_PART_DOWN,
										 descent->steps[i].script, &descent->steps[i].approved_by);
	slipway_approval_check(run, approvals);
}
