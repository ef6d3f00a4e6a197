/*
 * settings.c
 *	  Defaults of options (GUCs), and the settings that a script starts with.
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "utils/guc.h"

#include "settings.h"

int			slipway_lock_wait = 300000;
int			slipway_lock_timeout = 2000;
int			slipway_retries = 10;
bool		slipway_report_progress = true;

void
slipway_settings_init(void)
{
	DefineCustomIntVariable("slipway.lock_wait",
							"How long a run waits for the lock of its project.",
							"0 waits for ever. Option lock_wait overrides it.",
							&slipway_lock_wait, 300000, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("slipway.lock_timeout",
							"lock_timeout that scripts start with.",
							"0 waits for ever. Option lock_timeout overrides it.",
							&slipway_lock_timeout, 2000, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("slipway.retries",
							"How often a migration is tried again after a lock timeout or deadlock.",
							"Option retries overrides it.",
							&slipway_retries, 10, 0, 1000,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("slipway.report_progress",
							 "Sends INFO messages while a run goes on.",
							 "Their DETAIL is a JSON object. Warnings are sent in any case.",
							 &slipway_report_progress, true, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("slipway");
}

static void
set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

int
slipway_settings_enter(const SlipwayProject *project, int lock_timeout, int statement_timeout)
{
	int			nest = NewGUCNestLevel();

	set("lock_timeout", psprintf("%d", lock_timeout));
	set("statement_timeout", psprintf("%d", statement_timeout));
	if (project->search_path)
		set("search_path", project->search_path);
	return nest;
}

void
slipway_settings_leave(int nest)
{
	int			isolation = XactIsoLevel;

	AtEOXact_GUC(false, nest);
	/* A transaction must end at the level it has read at. */
	XactIsoLevel = isolation;
}
