/*
 * report.c
 *	  Functions that look: plan, validate, compare, check_script, require.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "approval.h"
#include "error_code.h"
#include "hash.h"
#include "load_manifest.h"
#include "normal_form.h"
#include "plan.h"
#include "privilege.h"
#include "settings.h"
#include "task.h"
#include "validate.h"
#include "variable.h"

/* A row under construction; columns are added from the left. */
typedef struct ReportRow
{
	Datum		values[12];
	bool		nulls[12];
	int			n;
} ReportRow;

static void
add_datum(ReportRow *row, Datum value, bool isnull)
{
	Assert(row->n < lengthof(row->values));
	row->values[row->n] = value;
	row->nulls[row->n] = isnull;
	row->n++;
}

static void
add_text(ReportRow *row, const char *value)
{
	add_datum(row, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

/* 0 is shown as NULL: all our numbers count from 1. */
static void
add_int(ReportRow *row, int value)
{
	add_datum(row, Int32GetDatum(value), value == 0);
}

static void
put_row(FunctionCallInfo fcinfo, ReportRow *row)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	Assert(row->n == result->setDesc->natts);
	tuplestore_putvalues(result->setResult, result->setDesc, row->values, row->nulls);
}

static char *
optional_text(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

static char *
required_text(FunctionCallInfo fcinfo, int arg, const char *what)
{
	char	   *value = optional_text(fcinfo, arg);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what)));
	return value;
}

static SlipwayProject *
readable_project(const char *name)
{
	slipway_privilege_require(SLIPWAY_READER, name);
	return slipway_project_load(name);
}

/* NULL: as the setting says. */
static bool
allows_out_of_order(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? slipway_out_of_order != SLIPWAY_OUT_OF_ORDER_REFUSE : PG_GETARG_BOOL(arg);
}

/* Values of variables, for the scripts that are looked at. */
static void
take_variables(FunctionCallInfo fcinfo, int arg)
{
	slipway_variables_take(PG_ARGISNULL(arg) ? NULL : PG_GETARG_JSONB_P(arg), false, NULL);
}

/* Of what is pending in a project that requires approvals, notes who has approved it; else false. */
static bool
read_approvals(const char *project, const SlipwayPlan *plan)
{
	if (plan->pending == 0 || !slipway_approval_required(project))
		return false;
	slipway_approval_read(project, slipway_approval_list(plan, plan->n, false, false), NULL);
	return true;
}

static const char *
approval_name(const SlipwayStep *step, bool required)
{
	if (!required || step->member == NULL || !slipway_step_pending(step))
		return NULL;
	return step->member->approved_by ? "given" : "missing";
}

static void
put_state(FunctionCallInfo fcinfo, int position, const SlipwayStep *step, bool approval)
{
	ReportRow	row = {0};

	add_int(&row, position);
	add_text(&row, step->name);
	add_text(&row, slipway_state_name(step->state));
	add_text(&row, step->member ? slipway_hash_hex(step->member->up) : NULL);
	add_text(&row, step->applied ? slipway_hash_hex(step->applied_hash) : NULL);
	add_datum(&row, step->applied_at, !step->applied);
	add_datum(&row, step->duration, !step->applied);
	add_text(&row, step->applied_by);
	add_datum(&row, Int64GetDatum(step->run), !step->applied || step->run == 0);
	add_int(&row, step->units_done);
	add_text(&row, slipway_kind_name(step->kind));
	add_text(&row, approval_name(step, approval));
	put_row(fcinfo, &row);
}

static void
put_states(FunctionCallInfo fcinfo, const char *project, SlipwayManifest *manifest)
{
	SlipwayPlan *plan = slipway_plan_make(project, manifest);
	bool		approval = read_approvals(project, plan);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < plan->n; i++)
		put_state(fcinfo, i + 1, &plan->steps[i], approval);
}

PG_FUNCTION_INFO_V1(slipway_compare);

Datum
slipway_compare(PG_FUNCTION_ARGS)
{
	SlipwayProject *project = readable_project(text_to_cstring(PG_GETARG_TEXT_PP(1)));

	put_states(fcinfo, project->name,
			   slipway_manifest_parse(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_status);

Datum
slipway_status(PG_FUNCTION_ARGS)
{
	SlipwayProject *project = readable_project(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	put_states(fcinfo, project->name, slipway_manifest_load(project->name, NULL));
	return (Datum) 0;
}

static const char *
kind_name(const SlipwayOutline *outline)
{
	return outline->stepwise_reason ? "stepwise" : "transactional";
}

PG_FUNCTION_INFO_V1(slipway_plan);

Datum
slipway_plan(PG_FUNCTION_ARGS)
{
	SlipwayProject *project = readable_project(required_text(fcinfo, 0, "project"));
	SlipwayManifest *manifest = slipway_manifest_load(project->name, optional_text(fcinfo, 1));
	SlipwayPlan *plan = slipway_plan_make(project->name, manifest);
	bool		allow_out_of_order = allows_out_of_order(fcinfo, 2);
	List	   *problems;
	bool		approval;
	int			position = 0;

	take_variables(fcinfo, 3);
	problems = slipway_validate_plan(plan, plan->n, project, allow_out_of_order);
	slipway_validate_raise(problems);
	approval = read_approvals(project->name, plan);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < plan->n; i++)
	{
		SlipwayStep *step = &plan->steps[i];
		ReportRow	row = {0};

		if (!slipway_step_pending(step))
			continue;
		add_int(&row, ++position);
		add_text(&row, step->name);
		add_text(&row, slipway_hash_hex(step->member->up));
		add_text(&row, kind_name(step->member->outline));
		add_datum(&row, Int32GetDatum(step->member->outline->nunits), false);
		add_text(&row, step->member->outline->stepwise_reason);
		add_text(&row, approval_name(step, approval));
		put_row(fcinfo, &row);
	}
	return (Datum) 0;
}

static void
add_problem(ReportRow *row, const SlipwayProblem *problem)
{
	const ErrorData *error = problem->error;

	add_text(row, unpack_sql_state(error->sqlerrcode));
	add_text(row, error->message);
	add_text(row, error->detail);
	add_text(row, error->hint);
	add_int(row, problem->position.line);
	add_int(row, problem->position.column);
}

PG_FUNCTION_INFO_V1(slipway_validate);

Datum
slipway_validate(PG_FUNCTION_ARGS)
{
	SlipwayProject *project = readable_project(required_text(fcinfo, 0, "project"));
	SlipwayManifest *manifest = slipway_manifest_load(project->name, optional_text(fcinfo, 1));
	SlipwayPlan *plan = slipway_plan_make(project->name, manifest);
	bool		allow_out_of_order = allows_out_of_order(fcinfo, 2);
	List	   *problems;
	ListCell   *cell;

	take_variables(fcinfo, 3);
	InitMaterializedSRF(fcinfo, 0);
	problems = slipway_validate_plan(plan, plan->n, project, allow_out_of_order);
	foreach(cell, list_concat(problems, slipway_validate_companions(plan, project)))
	{
		SlipwayProblem *problem = lfirst(cell);
		ReportRow	row = {0};

		add_text(&row, problem->migration);
		add_problem(&row, problem);
		put_row(fcinfo, &row);
	}
	return (Datum) 0;
}

static void
add_requirements(ReportRow *row, const SlipwayOutline *outline)
{
	List	   *requirements = outline ? outline->directives.requirements : NIL;
	Datum	   *names = palloc(Max(list_length(requirements), 1) * sizeof(Datum));
	ListCell   *cell;
	int			n = 0;

	foreach(cell, requirements)
		names[n++] = CStringGetTextDatum(((const SlipwayRequirement *) lfirst(cell))->name);
	add_datum(row, PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT)), outline == NULL);
}

/* Which script of a migration: NULL for that which applies it. */
static const char *
read_part(FunctionCallInfo fcinfo, int arg)
{
	char	   *part = text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (strcmp(part, "up") == 0)
		return NULL;
	if (strcmp(part, SLIPWAY_PART_DOWN) != 0 && strcmp(part, SLIPWAY_PART_VERIFY) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid part of a migration: \"%s\"", part),
				 errdetail("It is up, down or verify.")));
	return part;
}

PG_FUNCTION_INFO_V1(slipway_check_script);

Datum
slipway_check_script(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *body = text_to_cstring(PG_GETARG_TEXT_PP(1));
	SlipwayProject *project = readable_project(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	SlipwayProblem *problem;
	SlipwayOutline *outline;
	ReportRow	row = {0};

	slipway_check_name("migration", name);
	slipway_normal_form(body);
	take_variables(fcinfo, 3);
	outline = slipway_validate_script(name, read_part(fcinfo, 4), body, project->owner != NULL, 0, &problem);
	InitMaterializedSRF(fcinfo, 0);
	add_text(&row, outline ? kind_name(outline) : NULL);
	add_datum(&row, Int32GetDatum(outline ? outline->nunits : 0), outline == NULL);
	add_text(&row, outline ? outline->stepwise_reason : NULL);
	if (problem)
		add_problem(&row, problem);
	else
		while (row.n < 9)
			add_datum(&row, (Datum) 0, true);
	add_requirements(&row, outline);
	put_row(fcinfo, &row);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_require);

Datum
slipway_require(PG_FUNCTION_ARGS)
{
	char	   *migration = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SlipwayProject *project = readable_project(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	SlipwayPlan *plan = slipway_plan_make(project->name,
										  slipway_manifest_parse("slipway-manifest 1 order=auto\n"));

	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].applied && plan->steps[i].state != SLIPWAY_ROLLED_BACK_PART &&
			strcmp(plan->steps[i].name, migration) == 0)
			PG_RETURN_VOID();
	ereport(ERROR,
			(errcode(SLIPWAY_NOT_APPLIED),
			 errmsg("migration \"%s\" is not applied in project \"%s\"", migration, project->name),
			 errhint("Deploy it before what requires it starts.")));
}
