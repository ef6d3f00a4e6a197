/*
 * secret.c
 *	  Values that nobody must see: they are kept out of every message.
 *
 * An error that a script ends with is caught here anyway. All other messages, of RAISE NOTICE and of what other
 * extensions log, leave at once; but those for the server's log pass a hook before, which may change them also for the
 * client. What is below log_min_messages does not, so while a script runs that is lowered, and the hook
 * sends on to the log what the administrator wants there.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "utils/memutils.h"
#include "utils/xml.h"

#include "message.h"
#include "needle.h"
#include "secret.h"
#include "settings.h"

#define SHOWN "***"

/* The line of context that says where in a script an error was raised is read by programs. */
static const char *const own_context[] = {"migration \"", "check of migration \""};

static emit_log_hook_type next_emit_log = NULL;
static MemoryContext context = NULL;	/* NULL: there are none */
static List *values;			/* as they were given */
static List *needles;			/* for each of them, and for its parts */
static bool busy = false;		/* in the hook */
static int	outer_level;			/* log_min_messages, before it was lowered */

static void
add(const char *text, int length)
{
	if (length >= SLIPWAY_SECRET_SHORT)
		needles = lappend(needles, slipway_needle_make(pnstrdup(text, length)));
}

/* Of a value that stands at many places. */
static bool
is_known(const char *value)
{
	ListCell   *cell;

	foreach(cell, values)
		if (strcmp(lfirst(cell), value) == 0)
			return true;
	return false;
}

void
slipway_secret_add(const char *value)
{
	MemoryContext caller;
	char	   *xml;

	if (strlen(value) < SLIPWAY_SECRET_SHORT || is_known(value))
		return;
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "slipway secrets", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	values = lappend(values, pstrdup(value));
	add(value, strlen(value));
	xml = escape_xml(value);
	if (strcmp(xml, value) != 0)
		add(xml, strlen(xml));
	/* One of several lines may be shown by one of them. */
	for (const char *line = value; strchr(value, '\n') && *line;)
	{
		int			length = strcspn(line, "\r\n");

		add(line, length);
		line += length + (line[length] != '\0');
	}
	MemoryContextSwitchTo(caller);
}

void
slipway_secret_forget_all(void)
{
	if (context)
		MemoryContextDelete(context);
	context = NULL;
	values = needles = NIL;
	busy = false;
}

/* The text with what was found masked. */
static const char *
mask(const char *text, const bool *found, SlipwaySecretMask how)
{
	StringInfoData result;
	int			length = strlen(text);

	initStringInfo(&result);
	for (int i = 0; i < length;)
	{
		int			size = how == SLIPWAY_MASK_CHARACTERS ? Min(pg_mblen(text + i), length - i) : 1;

		if (!found[i])
			appendBinaryStringInfo(&result, text + i, size);
		else if (how != SLIPWAY_MASK_SHORT)
			appendStringInfoChar(&result, '*');
		else if (i == 0 || !found[i - 1])
			appendStringInfoString(&result, SHOWN);
		i += size;
	}
	return result.data;
}

const char *
slipway_secret_hide(const char *text, SlipwaySecretMask how)
{
	const bool *found = text && needles ? slipway_needle_find(text, needles) : NULL;

	return found ? mask(text, found, how) : text;
}

static void
hide(char **text)
{
	*text = (char *) slipway_secret_hide(*text, SLIPWAY_MASK_SHORT);
}

/* All but the last line, if that is ours. */
static void
hide_in_context(char **text)
{
	char	   *last = *text ? strrchr(*text, '\n') : NULL;
	char	   *own = last ? last + 1 : *text;

	for (int i = 0; own && i < lengthof(own_context); i++)
	{
		if (strncmp(own, own_context[i], strlen(own_context[i])) != 0)
			continue;
		if (last)
			*text = psprintf("%s\n%s", slipway_secret_hide(pnstrdup(*text, last - *text), SLIPWAY_MASK_SHORT), own);
		return;
	}
	hide(text);
}

/* See message.c: it is read by programs, and what is text in it was looked at before. */
static bool
is_event(const ErrorData *error)
{
	return error->elevel == INFO && error->context == NULL && error->detail &&
		strncmp(error->detail, SLIPWAY_EVENT_BEGIN, strlen(SLIPWAY_EVENT_BEGIN)) == 0;
}

void
slipway_secret_scrub(ErrorData *error, bool inside)
{
	MemoryContext caller;
	char	   *message = error->message;

	if (needles == NIL)
		return;
	caller = MemoryContextSwitchTo(error->assoc_context);
	hide(&error->message);
	if (inside && message == error->message)
	{
		error->message = "error in the value of a secret variable";
		error->detail = error->hint = NULL;
	}
	if (!is_event(error))
		hide(&error->detail);
	hide(&error->detail_log);
	hide(&error->hint);
	hide_in_context(&error->context);
	error->internalquery = (char *) slipway_secret_hide(error->internalquery, SLIPWAY_MASK_CHARACTERS);
	hide(&error->schema_name);
	hide(&error->table_name);
	hide(&error->column_name);
	hide(&error->datatype_name);
	hide(&error->constraint_name);
	MemoryContextSwitchTo(caller);
}

/* As the server decides it. */
static bool
is_wanted(int elevel, int level)
{
	if (elevel == LOG || elevel == LOG_SERVER_ONLY)
		return level == LOG || level <= ERROR;
	if (level == LOG)
		return elevel >= FATAL;
	return elevel >= level;
}

static void
emit_log(ErrorData *edata)
{
	/* What goes wrong here must not come back here. */
	if (needles && !busy)
	{
		busy = true;
		PG_TRY();
		{
			slipway_secret_scrub(edata, false);
		}
		PG_FINALLY();
		{
			busy = false;
		}
		PG_END_TRY();
		if (log_min_messages == DEBUG5 && !is_wanted(edata->elevel, outer_level))
			edata->output_to_server = false;
	}
	if (edata->output_to_server && next_emit_log)
		next_emit_log(edata);
}

/*
 * What a parallel worker has to say passes by its own hooks, which know no secret: so there are none. And
 * the trees of statements have values in them as numbers.
 */
static void
adapt(GucAction action)
{
	if (Debug_print_parse)
		slipway_settings_put("debug_print_parse", "off", PGC_USERSET, action);
	if (Debug_print_rewritten)
		slipway_settings_put("debug_print_rewritten", "off", PGC_USERSET, action);
	if (Debug_print_plan)
		slipway_settings_put("debug_print_plan", "off", PGC_USERSET, action);
	if (max_parallel_workers_per_gather != 0)
		slipway_settings_put("max_parallel_workers_per_gather", "0", PGC_USERSET, action);
	if (max_parallel_maintenance_workers != 0)
		slipway_settings_put("max_parallel_maintenance_workers", "0", PGC_USERSET, action);
	if (log_min_messages == DEBUG5)
		return;
	outer_level = log_min_messages;
	slipway_settings_put("log_min_messages", "debug5", PGC_SUSET, action);
}

void
slipway_secret_enter(GucAction action)
{
	if (needles == NIL)
		return;
	outer_level = log_min_messages;
	adapt(action);
}

void
slipway_secret_before(void)
{
	if (needles)
		adapt(GUC_ACTION_LOCAL);
}

int
slipway_secret_begin(void)
{
	int			nest;

	if (needles == NIL || log_min_messages == DEBUG5)
		return 0;
	nest = NewGUCNestLevel();
	slipway_secret_enter(GUC_ACTION_SAVE);
	return nest;
}

void
slipway_secret_end(int nest)
{
	if (nest > 0)
		AtEOXact_GUC(false, nest);
}

void
slipway_secret_init(void)
{
	next_emit_log = emit_log_hook;
	emit_log_hook = emit_log;
}
