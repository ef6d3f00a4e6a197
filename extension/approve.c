/*
 * approve.c
 *	  slipway.approve(), withdraw_approval() and require_approval(), and who waits for the first.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "actor.h"
#include "approval.h"
#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "load_manifest.h"
#include "privilege.h"
#include "spi.h"

/* A script that somebody decides about. */
typedef struct Subject
{
	SlipwayProject *project;
	SlipwayManifest *manifest;	/* the newest */
	SlipwayApproval *approval;	/* as it is now */
	uint8		script[SLIPWAY_HASH_LEN];
} Subject;

static const SlipwayMember *
find_member(const SlipwayManifest *manifest, const char *name)
{
	for (int i = 0; i < manifest->n; i++)
		if (strcmp(manifest->members[i].name, name) == 0)
			return &manifest->members[i];
	return NULL;
}

/* Its hash in the newest manifest; NULL if it has none. */
static const uint8 *
member_script(const SlipwayMember *member, const char *direction)
{
	if (strcmp(direction, SLIPWAY_DIRECTION_UP) == 0)
		return member->up;
	if (strcmp(direction, SLIPWAY_PART_DOWN) == 0)
		return member->has_down ? member->down : NULL;
	return member->has_verify ? member->verify : NULL;
}

static void
check_direction(const char *direction)
{
	if (strcmp(direction, SLIPWAY_DIRECTION_UP) != 0 && strcmp(direction, SLIPWAY_PART_DOWN) != 0 &&
		strcmp(direction, SLIPWAY_PART_VERIFY) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid direction \"%s\"", direction),
				 errdetail("It is up, down or verify.")));
}

/* The script of the newest manifest. */
static void
find_script(Subject *subject, const SlipwayMember *member, const char *migration, const char *direction)
{
	const uint8 *script;

	if (member == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_MISSING_MIGRATION),
				 errmsg("migration \"%s\" is not in the newest manifest", migration),
				 errhint("Give the hash of the script.")));
	script = member_script(member, direction);
	if (script == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("migration \"%s\" has no %s script in the newest manifest", migration, direction)));
	memcpy(subject->script, script, SLIPWAY_HASH_LEN);
}

/* Finds the script; hex is NULL for that of the newest manifest. */
static void
resolve(Subject *subject, const char *migration, const char *direction, const char *hex)
{
	const SlipwayMember *member;

	check_direction(direction);
	subject->manifest = slipway_manifest_load(subject->project->name, NULL);
	member = find_member(subject->manifest, migration);
	/* A name that is known nowhere is a mistake. */
	if (member == NULL)
		(void) slipway_plan_require(slipway_plan_make(subject->project->name, subject->manifest),
									subject->project->name, migration);
	if (hex == NULL)
		find_script(subject, member, migration, direction);
	else if (!slipway_hash_parse(hex, subject->script))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not the hash of a script", hex),
				 errdetail("It has 64 hexadecimal digits.")));
	subject->approval = linitial(slipway_approval_add(NIL, migration, direction, subject->script, NULL));
	slipway_approval_read(subject->project->name, list_make1(subject->approval), NULL);
	if (subject->approval->body_by == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_NOT_UPLOADED),
				 errmsg("script %s was not uploaded", slipway_hash_hex(subject->script))));
}

static void
record(const Subject *subject, const char *action, const char *reason)
{
	SlipwayEvent event = slipway_decision_event(subject->project, subject->approval->migration, action, reason);

	event.direction = subject->approval->direction;
	event.script_hash = subject->script;
	event.manifest_hash = subject->manifest->hash;
	slipway_spi_begin();
	slipway_history_append(&event);
	slipway_spi_end();
}

static char *
optional_text(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* Whoever has brought it, or who is the reason that it is here under this name, is not to decide alone. */
static void
refuse_uploader(const SlipwayApproval *approval)
{
	char	   *self = slipway_actor_name();

	if (strcmp(self, approval->body_by) != 0 &&
		(approval->uploaded_by == NULL || strcmp(self, approval->uploaded_by) != 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("role \"%s\" has uploaded the %s script of \"%s\" and cannot approve it", self,
					approval->direction, approval->migration),
			 errhint("Somebody else has to.")));
}

PG_FUNCTION_INFO_V1(slipway_approve);

/* Other than other decisions it can be made while a run goes on: what is approved then is for the next one. */
Datum
slipway_approve(PG_FUNCTION_ARGS)
{
	char	   *migration = slipway_decision_argument(fcinfo, 0, "the name of the migration");
	char	   *direction = slipway_decision_argument(fcinfo, 1, "the direction");
	char	   *project = slipway_decision_argument(fcinfo, 4, "project");
	Subject		subject = {.project = slipway_project_load(project)};

	PreventCommandDuringRecovery("slipway.approve()");
	slipway_privilege_require(SLIPWAY_APPROVER, project);
	/* It would be its own approver. */
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call slipway.approve()")));
	slipway_actor_require_self("slipway.approve()");
	slipway_decision_require_fresh(subject.project);
	resolve(&subject, migration, direction, optional_text(fcinfo, 2));
	refuse_uploader(subject.approval);
	if (subject.approval->approved_by)
		ereport(NOTICE,
				(errmsg("the %s script of \"%s\" is approved already, by %s", direction, migration,
						subject.approval->approved_by)));
	else
		record(&subject, SLIPWAY_ACTION_APPROVE, optional_text(fcinfo, 3));
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(subject.script)));
}

PG_FUNCTION_INFO_V1(slipway_withdraw_approval);

Datum
slipway_withdraw_approval(PG_FUNCTION_ARGS)
{
	char	   *migration = slipway_decision_argument(fcinfo, 0, "the name of the migration");
	char	   *reason = slipway_decision_argument(fcinfo, 1, "a reason");
	char	   *direction = slipway_decision_argument(fcinfo, 2, "the direction");
	char	   *project = slipway_decision_argument(fcinfo, 4, "project");
	Subject		subject = {.project = slipway_decision_begin_as("slipway.withdraw_approval()", project, SLIPWAY_APPROVER)};

	slipway_actor_require_self("slipway.withdraw_approval()");
	resolve(&subject, migration, direction, optional_text(fcinfo, 3));
	if (subject.approval->approved_by == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s script of \"%s\" is not approved", direction, migration)));
	record(&subject, SLIPWAY_ACTION_WITHDRAW, reason);
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(subject.script)));
}

PG_FUNCTION_INFO_V1(slipway_require_approval);

Datum
slipway_require_approval(PG_FUNCTION_ARGS)
{
	char	   *reason = slipway_decision_argument(fcinfo, 1, "a reason");
	SlipwayProject *project = slipway_decision_begin("slipway.require_approval()",
													 slipway_decision_argument(fcinfo, 2, "project"));
	bool		required;
	SlipwayEvent event;

	slipway_actor_require_self("slipway.require_approval()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("it must be said whether approval is required")));
	required = PG_GETARG_BOOL(0);
	if (slipway_approval_required(project->name) == required)
	{
		ereport(NOTICE,
				(errmsg(required ? "project \"%s\" requires approval already" :
						"project \"%s\" requires no approval", project->name)));
		PG_RETURN_VOID();
	}
	event = slipway_decision_event(project, NULL, required ? SLIPWAY_ACTION_REQUIRE : SLIPWAY_ACTION_WAIVE, reason);
	slipway_spi_begin();
	slipway_history_append(&event);
	slipway_spi_end();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(slipway_needs_approval);

Datum
slipway_needs_approval(PG_FUNCTION_ARGS)
{
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(0));

	slipway_privilege_require(SLIPWAY_READER, project);
	PG_RETURN_BOOL(slipway_approval_required(slipway_project_load(project)->name));
}

static void
put_row(FunctionCallInfo fcinfo, const SlipwayApproval *approval)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *uploader = approval->uploaded_by ? approval->uploaded_by : approval->body_by;
	Datum		values[] = {
		CStringGetTextDatum(approval->migration), CStringGetTextDatum(approval->direction),
		CStringGetTextDatum(slipway_hash_hex(approval->script)),
		uploader ? CStringGetTextDatum(uploader) : (Datum) 0, approval->uploaded_at
	};
	bool		nulls[] = {false, false, false, uploader == NULL, uploader == NULL};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(slipway_pending_approval);

Datum
slipway_pending_approval(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SlipwayPlan *plan;
	List	   *approvals;
	ListCell   *cell;

	slipway_privilege_require(SLIPWAY_READER, name);
	(void) slipway_project_load(name);
	InitMaterializedSRF(fcinfo, 0);
	if (!slipway_approval_required(name))
		return (Datum) 0;
	plan = slipway_plan_make(name, slipway_manifest_load(name, NULL));
	approvals = slipway_approval_list(plan, plan->n, true, true);
	slipway_approval_read(name, approvals, NULL);
	foreach(cell, approvals)
		if (((const SlipwayApproval *) lfirst(cell))->approved_by == NULL)
			put_row(fcinfo, lfirst(cell));
	return (Datum) 0;
}
