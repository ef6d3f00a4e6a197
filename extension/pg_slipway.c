/*
 * pg_slipway.c
 *	  The module: what happens when the library is loaded.
 *
 * Nothing here needs shared_preload_libraries: the library is loaded by the
 * first call of one of its functions, and its hooks sleep but for the time
 * that a script runs.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "body.h"
#include "compat.h"
#include "copy_inline.h"
#include "error_code.h"
#include "fixed_role.h"
#include "guard.h"
#include "layout.h"
#include "lock_watch.h"
#include "nested_text.h"
#include "outside.h"
#include "secret.h"
#include "settings.h"
#include "spi.h"
#include "utility.h"
#include "variable.h"

SLIPWAY_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	slipway_settings_init();
	slipway_fixed_role_init();
	slipway_spi_init();
	slipway_body_init();
	slipway_guard_init();
	slipway_utility_init();
	slipway_nested_text_init();
	slipway_copy_inline_init();
	slipway_outside_init();
	slipway_layout_init();
	slipway_lock_watch_init();
	slipway_secret_init();
	slipway_variables_init();
}

PG_FUNCTION_INFO_V1(slipway_version);

Datum
slipway_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(SLIPWAY_VERSION));
}

PG_FUNCTION_INFO_V1(slipway_refuse_change);

Datum
slipway_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function was not called by a trigger")));
	ereport(ERROR,
			(errcode(SLIPWAY_PROTECTED),
			 errmsg("rows of slipway.%s cannot be changed or removed",
					RelationGetRelationName(trigger->tg_relation)),
			 errhint("The record only grows. See \"repair\" in the documentation.")));
}
