/*
 * save_snapshot.c
 *	  slipway.save_snapshot() and drop_snapshot().
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "actor.h"
#include "error_code.h"
#include "guard.h"
#include "lock.h"
#include "privilege.h"
#include "settings.h"
#include "spi.h"
#include "stored_snapshot.h"

/* The arguments of both: the name, NULL for that of the last run, and the project. */
static SlipwayProject *
read_arguments(FunctionCallInfo fcinfo, const char *function, char **name)
{
	char	   *project;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project of %s must not be null", function)));
	PreventCommandDuringRecovery(function);
	PreventCommandIfReadOnly(function);
	project = text_to_cstring(PG_GETARG_TEXT_PP(1));
	slipway_privilege_require(SLIPWAY_DEPLOYER, project);
	*name = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (*name)
		slipway_check_name("snapshot", *name);
	return slipway_project_load(project);
}

/* What the last run has left is not known before it has ended. */
static void
keep_runs_out(const SlipwayProject *project)
{
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot replace the snapshot of the last run")));
	if (!slipway_lock_keep_out(project))
		ereport(ERROR,
				(errcode(SLIPWAY_LOCKED),
				 errmsg("a run of project \"%s\" goes on", project->name),
				 errhint("Wait until it has ended.")));
}

PG_FUNCTION_INFO_V1(slipway_save_snapshot);

Datum
slipway_save_snapshot(PG_FUNCTION_ARGS)
{
	char	   *name;
	SlipwayProject *project = read_arguments(fcinfo, "slipway.save_snapshot()", &name);
	SlipwayIgnore ignore = slipway_ignore_argument(fcinfo, 2);
	char	   *role = slipway_actor_name();
	SlipwaySnapshot *taken;

	if (name == NULL)
		keep_runs_out(project);
	taken = slipway_snapshot_take(project->name, &ignore, slipway_lock_timeout, CurrentMemoryContext);
	slipway_lock_snapshot(project->lock_key);
	slipway_spi_begin();
	slipway_stored_write(project->name, name, taken, &ignore, role);
	slipway_spi_end();
	PG_RETURN_DATUM(slipway_hash_datum(taken->fingerprint));
}

PG_FUNCTION_INFO_V1(slipway_drop_snapshot);

Datum
slipway_drop_snapshot(PG_FUNCTION_ARGS)
{
	char	   *name;
	SlipwayProject *project = read_arguments(fcinfo, "slipway.drop_snapshot()", &name);
	bool		found;

	if (name == NULL)
		keep_runs_out(project);
	slipway_lock_snapshot(project->lock_key);
	slipway_spi_begin();
	found = slipway_stored_drop(project->name, name);
	slipway_spi_end();
	PG_RETURN_BOOL(found);
}
