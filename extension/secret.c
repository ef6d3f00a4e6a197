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
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "secret.h"
#include "settings.h"

#define SHOWN "***"

typedef struct Secret
{
	const char *name;			/* of the variable; NULL: text is a form or a part of its value */
	char	   *text;
} Secret;

/* The line of context that says where in a script an error was raised is read by programs. */
static const char *const own_context[] = {"migration \"", "check of migration \""};

static emit_log_hook_type next_emit_log = NULL;
static MemoryContext context = NULL;	/* NULL: there are none */
static List *secrets;			/* of Secret */
static bool busy = false;		/* in the hook */
static int	outer_level;			/* log_min_messages, before it was lowered */

/* Longer ones first, as one may be part of another. */
static int
compare_lengths(const ListCell *a, const ListCell *b)
{
	return (int) strlen(((const Secret *) lfirst(b))->text) - (int) strlen(((const Secret *) lfirst(a))->text);
}

static void
add(const char *name, const char *text)
{
	Secret	   *secret;
	ListCell   *cell;

	if (strlen(text) < SLIPWAY_SECRET_SHORT)
		return;
	foreach(cell, secrets)
	{
		secret = lfirst(cell);
		if (strcmp(secret->text, text) == 0 && (secret->name || name == NULL))
			return;
	}
	secret = palloc(sizeof(Secret));
	secret->name = name ? pstrdup(name) : NULL;
	secret->text = pstrdup(text);
	secrets = lappend(secrets, secret);
	list_sort(secrets, compare_lengths);
}

/* Of a value that stands at many places. */
static bool
is_known(const char *name, const char *value)
{
	ListCell   *cell;

	foreach(cell, secrets)
	{
		const Secret *secret = lfirst(cell);

		if (secret->name && strcmp(secret->name, name) == 0 && strcmp(secret->text, value) == 0)
			return true;
	}
	return false;
}

/* What is between the quotes of a literal or a name. */
static void
add_quoted(char *quoted)
{
	char	   *begin = strpbrk(quoted, "'\"");

	if (begin == NULL)
		return;
	begin++;
	begin[strlen(begin) - 1] = '\0';
	add(NULL, begin);
}

void
slipway_secret_add(const char *name, const char *value)
{
	MemoryContext caller;

	if (is_known(name, value))
		return;
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "slipway secrets", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	add(name, value);
	/* A value of several lines may be shown by one of them, one that is a name cut off. */
	for (const char *line = value; *line;)
	{
		int			length = strcspn(line, "\n");

		add(NULL, pnstrdup(line, length));
		line += length + (line[length] == '\n');
	}
	if (strlen(value) >= NAMEDATALEN)
		add(NULL, pnstrdup(value, NAMEDATALEN - 1));
	add_quoted(quote_literal_cstr(value));
	add_quoted(pstrdup(quote_identifier(value)));
	MemoryContextSwitchTo(caller);
}

void
slipway_secret_forget_all(void)
{
	if (context)
		MemoryContextDelete(context);
	context = NULL;
	secrets = NIL;
	busy = false;
}

/* Where in the text this stands, in upper or lower case; or NULL. */
static const char *
find(const char *text, const char *secret, int length)
{
	for (; *text; text++)
		if (pg_strncasecmp(text, secret, length) == 0)
			return text;
	return NULL;
}

static const char *
hide_one(const char *text, const char *secret, bool same_length)
{
	int			length = strlen(secret);
	const char *found = find(text, secret, length);
	StringInfoData result;

	if (found == NULL)
		return text;
	initStringInfo(&result);
	for (; found; found = find(text, secret, length))
	{
		appendBinaryStringInfo(&result, text, found - text);
		for (int i = 0; i < (same_length ? length : strlen(SHOWN)); i++)
			appendStringInfoChar(&result, '*');
		text = found + length;
	}
	appendStringInfoString(&result, text);
	return result.data;
}

const char *
slipway_secret_hide(const char *text, bool same_length)
{
	ListCell   *cell;

	if (text)
		foreach(cell, secrets)
			text = hide_one(text, ((const Secret *) lfirst(cell))->text, same_length);
	return text;
}

/* Replaces one text by another. */
static const char *
exchange(const char *text, const char *old, const char *new)
{
	const char *found = strstr(text, old);
	StringInfoData result;

	if (found == NULL)
		return text;
	initStringInfo(&result);
	for (; found; found = strstr(text, old))
	{
		appendBinaryStringInfo(&result, text, found - text);
		appendStringInfoString(&result, new);
		text = found + strlen(old);
	}
	appendStringInfoString(&result, text);
	return result.data;
}

const char *
slipway_secret_to_names(const char *text)
{
	ListCell   *cell;

	foreach(cell, secrets)
	{
		const Secret *secret = lfirst(cell);

		if (secret->name)
			text = exchange(text, secret->text, psprintf("${%s}", secret->name));
	}
	return text;
}

const char *
slipway_secret_from_names(const char *text)
{
	ListCell   *cell;

	foreach(cell, secrets)
	{
		const Secret *secret = lfirst(cell);

		if (secret->name)
			text = exchange(text, psprintf("${%s}", secret->name), secret->text);
	}
	return text;
}

static void
hide(char **text)
{
	*text = (char *) slipway_secret_hide(*text, false);
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
			*text = psprintf("%s\n%s", slipway_secret_hide(pnstrdup(*text, last - *text), false), own);
		return;
	}
	hide(text);
}

void
slipway_secret_scrub(ErrorData *error, bool inside)
{
	MemoryContext caller;
	char	   *message = error->message;

	if (secrets == NIL)
		return;
	caller = MemoryContextSwitchTo(error->assoc_context);
	hide(&error->message);
	if (inside && message == error->message)
	{
		error->message = "error in the value of a secret variable";
		error->detail = error->hint = NULL;
	}
	hide(&error->detail);
	hide(&error->detail_log);
	hide(&error->hint);
	hide_in_context(&error->context);
	error->internalquery = (char *) slipway_secret_hide(error->internalquery, true);
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
	if (secrets && !busy)
	{
		busy = true;
		slipway_secret_scrub(edata, false);
		busy = false;
		if (log_min_messages == DEBUG5 && !is_wanted(edata->elevel, outer_level))
			edata->output_to_server = false;
	}
	if (edata->output_to_server && next_emit_log)
		next_emit_log(edata);
}

void
slipway_secret_enter(GucAction action)
{
	if (secrets == NIL)
		return;
	outer_level = log_min_messages;
	if (outer_level != DEBUG5)
		slipway_settings_put("log_min_messages", "debug5", PGC_SUSET, action);
}

void
slipway_secret_init(void)
{
	next_emit_log = emit_log_hook;
	emit_log_hook = emit_log;
}
