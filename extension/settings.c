/*
 * settings.c
 *	  Defaults of options (GUCs), and the settings that a script starts with.
 */
#include "postgres.h"

#include <limits.h>

#include "access/parallel.h"
#include "access/xact.h"

#include "compat.h"
#include "lock_wait.h"
#include "options.h"
#include "secret.h"
#include "settings.h"

int			slipway_lock_wait = 300000;
int			slipway_lock_timeout = 2000;
int			slipway_retries = 10;
char	   *slipway_cancel_blockers_default;
char	   *slipway_notify;
bool		slipway_report_progress = true;
bool		slipway_snapshot_wanted = true;
int			slipway_recut = SLIPWAY_RECUT_AUTO;
int			slipway_mode = SLIPWAY_MODE_EACH;
int			slipway_out_of_order = SLIPWAY_OUT_OF_ORDER_REFUSE;

static const struct config_enum_entry recut_names[] = {
	{"auto", SLIPWAY_RECUT_AUTO, false},
	{"refuse", SLIPWAY_RECUT_REFUSE, false},
	{NULL, 0, false}
};

static const struct config_enum_entry mode_names[] = {
	{"each", SLIPWAY_MODE_EACH, false},
	{"all", SLIPWAY_MODE_ALL, false},
	{NULL, 0, false}
};

/* What the read-only settings show; NULL: nothing runs. */
static struct
{
	const char *project;
	int64		run;
	const char *migration;
}			shown;

/* Of the settings themselves, which stay empty. */
static char *unused;

static const char *
show_project(void)
{
	return shown.project ? shown.project : "";
}

static const char *
show_run(void)
{
	return shown.run > 0 ? psprintf(INT64_FORMAT, shown.run) : "";
}

static const char *
show_migration(void)
{
	return shown.migration ? shown.migration : "";
}

/*
 * Settings that only tell something. Not before a script runs: up to 15 the server sorts all
 * settings for each new one, which is some of the time of a deploy with nothing to do. A
 * parallel worker has no values; it must know the names.
 */
static void
define_shown(void)
{
	static const struct
	{
		const char *name;
		const char *summary;
		GucShowHook show;
	}			settings[] = {
		{"slipway.project", "Shows the project of the run whose script is executed.", show_project},
		{"slipway.run", "Shows the number of the run whose script is executed.", show_run},
		{"slipway.migration", "Shows the migration that is executed, or that a hook runs for.", show_migration},
	};

	for (int i = 0; i < lengthof(settings); i++)
		DefineCustomStringVariable(settings[i].name, settings[i].summary, NULL, &unused, "",
								   PGC_INTERNAL, GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
								   NULL, NULL, settings[i].show);
}

char	   *slipway_ignore;

const struct config_enum_entry slipway_out_of_order_names[] = {
	{"refuse", SLIPWAY_OUT_OF_ORDER_REFUSE, false},
	{"warn", SLIPWAY_OUT_OF_ORDER_WARN, false},
	{"allow", SLIPWAY_OUT_OF_ORDER_ALLOW, false},
	{NULL, 0, false}
};

void
slipway_settings_show(const char *project, int64 run, const char *migration)
{
	static bool defined = false;

	if (!defined && !IsParallelWorker())
		define_shown();
	defined = true;
	shown.project = project;
	shown.run = run;
	shown.migration = migration;
}

void
slipway_settings_hide(void)
{
	slipway_settings_show(NULL, 0, NULL);
}

/* The server would refuse a longer one only when a run begins. */
static bool
check_channel(char **value, void **extra, GucSource source)
{
	if (strlen(*value) < NAMEDATALEN)
		return true;
	GUC_check_errdetail("The name of a channel has at most %d bytes.", NAMEDATALEN - 1);
	return false;
}

void
slipway_settings_init(void)
{
	if (IsParallelWorker())
		define_shown();
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
	DefineCustomEnumVariable("slipway.recut",
							 "Whether a script is cut where a statement turns out to refuse its transaction.",
							 "Its migration then commits in several steps. Option recut overrides it.",
							 &slipway_recut, SLIPWAY_RECUT_AUTO, recut_names,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("slipway.mode",
							 "What commits together: each migration by itself, or all that a run applies.",
							 "Option mode overrides it.",
							 &slipway_mode, SLIPWAY_MODE_EACH, mode_names,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("slipway.out_of_order",
							 "Whether migrations are applied that are pending below one that is applied.",
							 "Option out_of_order overrides it.",
							 &slipway_out_of_order, SLIPWAY_OUT_OF_ORDER_REFUSE, slipway_out_of_order_names,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("slipway.cancel_blockers",
							   "Whose statements are cancelled that are in the way of a migration.",
							   "Roles with commas between them, perhaps none: then only workers of autovacuum; "
							   "or \"none\". Option cancel_blockers overrides it.",
							   &slipway_cancel_blockers_default, "none",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("slipway.notify",
							   "The channel that is notified when a run begins and ends.",
							   "Empty: none.",
							   &slipway_notify, "",
							   PGC_USERSET, 0, check_channel, NULL, NULL);
	DefineCustomBoolVariable("slipway.report_progress",
							 "Sends INFO messages while a run goes on.",
							 "Their DETAIL is a JSON object. Warnings are sent in any case.",
							 &slipway_report_progress, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("slipway.snapshot",
							 "Stores a snapshot of the schema at the end of a run, to tell later what has changed since.",
							 "Option snapshot overrides it.",
							 &slipway_snapshot_wanted, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("slipway.ignore",
							   "What snapshots of the schema leave out.",
							   "Patterns with commas between them: schema:NAME, kind:NAME, extension:NAME "
							   "or qualified names, with * for any characters.",
							   &slipway_ignore, "",
							   PGC_USERSET, GUC_LIST_INPUT, NULL, NULL, NULL);
	MarkGUCPrefixReserved("slipway");
}

void
slipway_settings_put(const char *name, const char *value, GucContext context, GucAction action)
{
	(void) set_config_option(name, value, context, PGC_S_SESSION, action, true, 0, false);
}

const char *
slipway_settings_value(const struct config_generic *variable)
{
	if (variable->vartype == PGC_REAL)
		return psprintf("%.17g", *((const struct config_real *) variable)->variable);
	return GetConfigOption(variable->name, true, false);
}

static void
set(const char *name, const char *value, GucAction action)
{
	slipway_settings_put(name, value, PGC_USERSET, action);
}

static void
set_all(const SlipwayProject *project, int lock_timeout, int statement_timeout, GucAction action)
{
	set("lock_timeout", psprintf("%d", lock_timeout), action);
	set("statement_timeout", psprintf("%d", statement_timeout), action);
	if (project->search_path)
		set("search_path", project->search_path, action);
	slipway_lock_wait_enter(action);
	slipway_secret_enter(action);
}

int
slipway_settings_enter(const SlipwayProject *project, int lock_timeout, int statement_timeout)
{
	int			nest = NewGUCNestLevel();

	set_all(project, lock_timeout, statement_timeout, GUC_ACTION_SAVE);
	return nest;
}

void
slipway_settings_set(const SlipwayProject *project, int lock_timeout, int statement_timeout)
{
	set_all(project, lock_timeout, statement_timeout, GUC_ACTION_SET);
	/* In the transactions, too, that a statement begins by itself. */
	if (slipway_have_transaction_timeout())
		set("transaction_timeout", "0", GUC_ACTION_SET);
}

void
slipway_settings_leave(int nest)
{
	int			isolation = XactIsoLevel;

	AtEOXact_GUC(false, nest);
	/* A transaction must end at the level it has read at. */
	XactIsoLevel = isolation;
}
