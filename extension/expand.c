/*
 * expand.c
 *	  A script with the values of its variables in it.
 *
 * What runs is the text with the values; what is shown, hashed and counted in lines and columns is the script.
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "directive.h"
#include "error_code.h"
#include "expand.h"
#include "nearest.h"
#include "secret.h"
#include "variable.h"

/* An operator of SQL must be shorter than this; a mask can look like one. */
#define MASK_RUN 32

/* ${name} or ${name:form} in a script. */
typedef struct Mark
{
	const char *begin;
	int			length;
	char	   *name;
	char	   *form;			/* NULL: the bare value */
} Mark;

/* The next one; false: there is none. Whatever else has ${ in it is no mark. */
static bool
next_mark(const char *text, Mark *mark)
{
	while ((text = strstr(text, "${")) != NULL)
	{
		const char *name = text + 2;
		const char *end = name + slipway_variable_name_length(name);
		const char *form = *end == ':' ? end + 1 : NULL;
		const char *close = form ? form + slipway_variable_name_length(form) : end;

		if (end > name && close != form && *close == '}')
		{
			mark->begin = text;
			mark->length = close + 1 - text;
			mark->name = pnstrdup(name, end - name);
			mark->form = form ? pnstrdup(form, close - form) : NULL;
			return true;
		}
		text = name;
	}
	return false;
}

static void
free_mark(Mark *mark)
{
	pfree(mark->name);
	if (mark->form)
		pfree(mark->form);
}

static void
place_byte(SlipwayPlace *place, int at)
{
	place->statement = (SlipwayStatement) {.location = at};
	place->statement.start = slipway_position_advance((SlipwayPosition) {1, 1, 1}, place->script, at);
	place->in_statement = true;
}

/* For errors about one of them. */
static void
place_mark(SlipwayPlace *place, const Mark *mark)
{
	place_byte(place, mark->begin - place->script);
}

static const SlipwayVariable *
find_variable(SlipwayPlace *place, const Mark *mark, List *variables)
{
	List	   *names = NIL;
	const char *near;
	ListCell   *cell;

	foreach(cell, variables)
	{
		const SlipwayVariable *variable = lfirst(cell);

		if (strcmp(variable->name, mark->name) == 0)
			return variable;
	}
	foreach(cell, variables)
		names = lappend(names, ((const SlipwayVariable *) lfirst(cell))->name);
	near = slipway_nearest_find(mark->name, names);
	place_mark(place, mark);
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("variable \"%s\" is not declared", mark->name),
			 near ? errhint("Perhaps you meant \"%s\".", near) :
			 errhint("Add it to the directive variables. To keep the text as it is, declare it with that text as its value.")));
}

static char *
form_value(SlipwayPlace *place, const Mark *mark, const char *value)
{
	if (mark->form == NULL)
		return pstrdup(value);
	if (strcmp(mark->form, "literal") == 0)
		return quote_literal_cstr(value);
	if (strcmp(mark->form, "identifier") == 0)
		return pstrdup(quote_identifier(value));
	place_mark(place, mark);
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("unknown form \"%s\" of variable \"%s\"", mark->form, mark->name),
			 errhint("Forms are: literal, identifier.")));
}

/* All that have no value are named at once. */
static void
require_values(SlipwayPlace *place, const SlipwayDirectives *directives)
{
	StringInfoData missing;
	ListCell   *cell;

	initStringInfo(&missing);
	foreach(cell, directives->variables)
	{
		const SlipwayVariable *variable = lfirst(cell);

		if (slipway_variable_value(variable) == NULL)
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", variable->name);
	}
	if (missing.len == 0)
		return;
	place->statement = directives->variables_at;
	place->in_statement = true;
	ereport(ERROR,
			(errcode(SLIPWAY_MISSING_VALUE),
			 errmsg("migration \"%s\" needs a value for: %s", place->migration, missing.data),
			 errhint("Give it with option variables, or --var NAME=VALUE, or write a default into the directive.")));
}

/* Approved, or uploaded by somebody who may, is what the script says. */
static _Noreturn void
refuse_value(const SlipwayVariable *variable)
{
	bool		approval = slipway_variables_plain() == SLIPWAY_PLAIN_APPROVAL;

	ereport(ERROR,
			(errcode(approval ? SLIPWAY_NOT_APPROVED : ERRCODE_INSUFFICIENT_PRIVILEGE),
			 approval ? errmsg("the value of variable \"%s\" is not approved", variable->name) :
			 errmsg("the value of variable \"%s\" could be SQL, which you may not upload", variable->name),
			 errdetail("%s, a value has letters, digits and any of _ - . : @ / + = , without two hyphens in a row, so that it cannot be a statement.",
					   approval ? "Where approval is required" : "Of who deploys with the rights of an owner role that are not his"),
			 approval ? errhint("Write it as a default into the script, to be approved with that.") :
			 errhint("Write it as a default into the script, or have somebody deploy who may upload to the project.")));
	pg_unreachable();
}

static void
refuse_values(SlipwayPlace *place, const SlipwayDirectives *directives)
{
	ListCell   *cell;

	foreach(cell, directives->variables)
	{
		const SlipwayVariable *variable = lfirst(cell);

		if (!slipway_variable_is_refused(variable))
			continue;
		place->statement = directives->variables_at;
		place->in_statement = true;
		refuse_value(variable);
	}
}

/* Do two bytes together begin or end a comment, a quoted text or an escape? */
static bool
is_joint(char left, char right)
{
	return left == '$' || right == '$' || left == '\\' || (left == '-' && right == '-') ||
		(left == '/' && right == '*') || (left == '*' && right == '/');
}

/*
 * Is this what says how the quoted text behind it is read? Of E'\'' and x'\'' one ends at the second quote, the other does not.
 * These letters do so as a word of their own only.
 */
static bool
is_prefix(char before, char letter, char behind)
{
	bool		in_word = isalnum((unsigned char) before) || before == '_' || before == '$' || IS_HIGHBIT_SET(before);

	return behind == '\'' && letter != '\0' && strchr("eEbBxX", letter) != NULL && !in_word;
}

/*
 * May a value be otherwise read, or have what stands around it be read, than another one in its place? One without a letter leaves its
 * neighbours to each other, also quotes: these must not be two of one text now, and two texts then.
 */
static bool
is_joined(const SlipwayExpansion *expansion, const SlipwayHole *hole)
{
	const char *begin = expansion->text + hole->at;
	const char *end = begin + hole->length;

	/* The directive that declares it stands before all. */
	if (hole->length == 0 || is_joint(begin[-1], begin[0]) || is_joint(end[-1], end[0]))
		return true;
	return is_prefix(hole->length > 1 ? end[-2] : begin[-1], end[-1], end[0]) || is_prefix(' ', end[0], end[0] ? end[1] : '\0');
}

/* Words that are no SQL by themselves can be some together with what stands beside them in the script. */
static void
refuse_joints(SlipwayPlace *place, const SlipwayExpansion *expansion)
{
	for (int i = 0; i < expansion->n; i++)
	{
		const SlipwayHole *hole = &expansion->holes[i];
		const char *name = expansion->raw + hole->raw + strlen("${");

		if (!hole->foreign || !is_joined(expansion, hole))
			continue;
		place_byte(place, hole->raw);
		ereport(ERROR,
				(errcode(slipway_variables_plain() == SLIPWAY_PLAIN_APPROVAL ? SLIPWAY_NOT_APPROVED : ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the value of variable \"%s\" is not %s in this place",
						pnstrdup(name, slipway_variable_name_length(name)),
						slipway_variables_plain() == SLIPWAY_PLAIN_APPROVAL ? "approved" : "allowed"),
				 errdetail("With what stands beside it, it begins or ends a comment, a quoted text or an escape."),
				 errhint("Set it apart in the script, in parentheses or with form literal.")));
	}
}

static char *
make_record(List *variables)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	foreach(cell, variables)
	{
		const SlipwayVariable *variable = lfirst(cell);

		appendStringInfoChar(&json, json.len == 0 ? '{' : ',');
		escape_json(&json, variable->name);
		appendStringInfoChar(&json, ':');
		escape_json(&json, variable->secret ? "***" : slipway_variable_value(variable));
	}
	appendStringInfoChar(&json, '}');
	/* The chain of the history has it as jsonb writes it. */
	return DatumGetCString(DirectFunctionCall1(jsonb_out,
											   DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data))));
}

static void
add_hole(SlipwayExpansion *expansion, int *capacity, const SlipwayHole *hole)
{
	if (expansion->n == *capacity)
	{
		*capacity = *capacity ? 2 * *capacity : 8;
		expansion->holes = expansion->holes ?
			repalloc(expansion->holes, *capacity * sizeof(SlipwayHole)) : palloc(*capacity * sizeof(SlipwayHole));
	}
	expansion->holes[expansion->n++] = *hole;
}

SlipwayExpansion *
slipway_expand(SlipwayPlace *place, const SlipwayDirectives *directives, int from)
{
	SlipwayExpansion *expansion = palloc0(sizeof(SlipwayExpansion));
	int			capacity = 0;
	int			done = 0;
	StringInfoData text;
	Mark		mark;

	require_values(place, directives);
	refuse_values(place, directives);
	expansion->raw = pstrdup(place->script);
	initStringInfo(&text);
	while (next_mark(place->script + Max(done, from), &mark))
	{
		const SlipwayVariable *variable;
		char	   *value;
		SlipwayHole hole = {.raw = mark.begin - place->script, .raw_length = mark.length};

		variable = find_variable(place, &mark, directives->variables);
		value = form_value(place, &mark, slipway_variable_value(variable));
		appendBinaryStringInfo(&text, place->script + done, hole.raw - done);
		hole.at = text.len;
		hole.length = strlen(value);
		hole.secret = variable->secret;
		hole.bare = mark.form == NULL;
		hole.foreign = slipway_variable_is_foreign(variable);
		appendStringInfoString(&text, value);
		add_hole(expansion, &capacity, &hole);
		if (variable->secret)
			slipway_secret_add(slipway_variable_value(variable));
		done = hole.raw + hole.raw_length;
		pfree(value);
		free_mark(&mark);
	}
	appendStringInfoString(&text, place->script + done);
	place->in_statement = false;
	expansion->text = text.data;
	refuse_joints(place, expansion);
	expansion->record = make_record(directives->variables);
	return expansion;
}

/* The last hole that begins at or before a byte of the text; -1: none does. */
static int
find_hole(const SlipwayExpansion *expansion, int at)
{
	int			low = -1;
	int			high = expansion->n;

	while (high - low > 1)
	{
		int			middle = (low + high) / 2;

		if (expansion->holes[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int
slipway_expansion_raw(const SlipwayExpansion *expansion, int at)
{
	int			i = find_hole(expansion, at);
	const SlipwayHole *hole;

	if (i < 0)
		return at;
	hole = &expansion->holes[i];
	if (at < hole->at + hole->length)
		return hole->raw;
	return at - hole->at - hole->length + hole->raw + hole->raw_length;
}

int
slipway_expansion_line(const SlipwayExpansion *expansion, int at, int n)
{
	const char *text = expansion->text + at;

	for (; n > 0 && (text = strchr(text, '\n')) != NULL; n--)
		text++;
	return text ? text - expansion->text : at;
}

bool
slipway_expansion_has_secret(const SlipwayExpansion *expansion, int at, int length)
{
	for (int i = Max(find_hole(expansion, at), 0); i < expansion->n && expansion->holes[i].at < at + length; i++)
		if (expansion->holes[i].secret && expansion->holes[i].at + expansion->holes[i].length > at)
			return true;
	return false;
}

/*
 * Statistics cut what they are shown into tokens once more, so a mask must not look like the beginning of a comment, or
 * like an operator that is too long; and the quotes of a literal stay.
 */
static void
mask_bytes(char *bytes, int length, bool bare, char before)
{
	if (!bare && length > 1 && bytes[0] == 'E' && bytes[1] == '\'')
	{
		bytes++;
		length--;
	}
	if (!bare && length > 1 && (*bytes == '\'' || *bytes == '"') && bytes[length - 1] == *bytes)
	{
		before = *bytes++;
		length -= 2;
	}
	for (int i = 0; i < length; i++)
		bytes[i] = (i == 0 && before == '/') || i % MASK_RUN == MASK_RUN - 1 ? ' ' : '*';
}

void
slipway_expansion_mask(const SlipwayExpansion *expansion, int at, int length, char *copy)
{
	for (int i = Max(find_hole(expansion, at), 0); i < expansion->n && expansion->holes[i].at < at + length; i++)
	{
		const SlipwayHole *hole = &expansion->holes[i];
		int			begin = Max(hole->at - at, 0);
		int			end = Min(hole->at + hole->length - at, length);

		if (hole->secret && end > begin)
			mask_bytes(copy + begin, end - begin, hole->bare, begin > 0 ? copy[begin - 1] : '\0');
	}
}
