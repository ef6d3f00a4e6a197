/*
 * rollback_plan.c
 *	  slipway.rollback_plan() and slipway.rollback_losses(): what a rollback would do.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "actor.h"
#include "approval.h"
#include "body.h"
#include "descent.h"
#include "load_manifest.h"
#include "losses.h"
#include "privilege.h"
#include "secret.h"
#include "variable.h"

/* What was asked for. */
typedef struct Question
{
	SlipwayProject *project;
	SlipwayDescent *descent;
} Question;

static Question
read_question(FunctionCallInfo fcinfo, SlipwayRight right)
{
	Question	question;
	SlipwayOptions *options;
	SlipwayManifest *manifest;
	char	   *project;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project and options must not be null")));
	project = text_to_cstring(PG_GETARG_TEXT_PP(0));
	slipway_privilege_require(right, project);
	options = slipway_options_parse(PG_GETARG_JSONB_P(1), "rollback");
	slipway_variables_take(options->variables, false, options->variables_key);
	question.project = slipway_project_load(project);
	slipway_project_offer_search_path(question.project, options->search_path);
	manifest = slipway_manifest_find(project, options->manifest);
	question.descent = slipway_descent_make(question.project, manifest, options);
	slipway_descent_check(question.descent, question.project);
	return question;
}

static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_step(FunctionCallInfo fcinfo, int position, const SlipwayDescentStep *step, const SlipwayOutline *outline,
		 bool approval)
{
	const char *reason = outline->stepwise_reason;
	Datum		values[] = {
		Int32GetDatum(position), CStringGetTextDatum(step->name),
		CStringGetTextDatum(slipway_hash_hex(step->script)),
		CStringGetTextDatum(reason ? "stepwise" : "transactional"), Int32GetDatum(outline->nunits),
		reason ? CStringGetTextDatum(reason) : (Datum) 0,
		CStringGetTextDatum(step->approved_by ? "given" : "missing")
	};
	bool		nulls[lengthof(values)] = {false};

	nulls[5] = reason == NULL;
	nulls[6] = !approval;
	put_row(fcinfo, values, nulls);
}

/* Notes who has approved the scripts; false where nobody needs to. */
static bool
read_approvals(const Question *question)
{
	SlipwayDescent *descent = question->descent;
	List	   *approvals = NIL;

	if (!slipway_approval_required(question->project->name))
		return false;
	for (int i = 0; i < descent->n; i++)
		approvals = slipway_approval_add(approvals, descent->steps[i].name, SLIPWAY_PART_DOWN,
										 descent->steps[i].script, &descent->steps[i].approved_by);
	slipway_approval_read(question->project->name, approvals, slipway_actor_name());
	return true;
}

PG_FUNCTION_INFO_V1(slipway_rollback_plan);

Datum
slipway_rollback_plan(PG_FUNCTION_ARGS)
{
	Question	question = read_question(fcinfo, SLIPWAY_READER);
	SlipwayDescent *descent = question.descent;
	bool		approval = read_approvals(&question);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < descent->n; i++)
		put_step(fcinfo, i + 1, &descent->steps[i],
				 descent->steps[descent->one_script ? 0 : i].outline, approval);
	return (Datum) 0;
}

static void
put_loss(FunctionCallInfo fcinfo, int position, const SlipwayDescentStep *step, const SlipwayLoss *loss)
{
	Datum		values[] = {
		Int32GetDatum(position), CStringGetTextDatum(step->name), CStringGetTextDatum(loss->action),
		CStringGetTextDatum(slipway_secret_hide(loss->relation, false)),
		loss->column ? CStringGetTextDatum(slipway_secret_hide(loss->column, false)) : (Datum) 0,
		Int64GetDatum((int64) loss->rows), BoolGetDatum(loss->exact)
	};
	bool		nulls[lengthof(values)] = {false};

	nulls[4] = loss->column == NULL;
	nulls[5] = nulls[6] = loss->rows < 0;
	put_row(fcinfo, values, nulls);
}

PG_FUNCTION_INFO_V1(slipway_rollback_losses);

Datum
slipway_rollback_losses(PG_FUNCTION_ARGS)
{
	Question	question = read_question(fcinfo, SLIPWAY_DEPLOYER);
	MemoryContext context;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "slipway losses", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < question.descent->n; i++)
	{
		const SlipwayDescentStep *step = &question.descent->steps[i];
		MemoryContext caller;
		char	   *body;

		if (step->outline == NULL)
			continue;
		caller = MemoryContextSwitchTo(context);
		body = slipway_body_load(step->script);
		foreach(cell, slipway_losses_find(question.project, slipway_outline_text(step->outline, body),
										  step->outline))
			put_loss(fcinfo, i + 1, step, lfirst(cell));
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	return (Datum) 0;
}
