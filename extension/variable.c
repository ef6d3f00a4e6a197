/*
 * variable.c
 *	  Variables of scripts: what a script declares, and the values of a session's call.
 *
 * Values can come with the options of a call. But what stands in a statement, and in its
 * parameters, the server may write into its log; so a session can also be offered them
 * beforehand, by a function that a client calls in a way that leaves no trace: see
 * slipway_set_variables(). They are kept in memory, for one call; with a key also for one that
 * reaches another session, see offer.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "error_code.h"
#include "guard.h"
#include "offer.h"
#include "secret.h"
#include "variable.h"

/* One that has a value. */
typedef struct Value
{
	char	   *name;
	char	   *value;
} Value;

static MemoryContext offered_context;	/* NULL: nothing was offered */
static List *offered;
static char *offered_key;		/* of the call that they are for; NULL: of any */

static MemoryContext taken_context;
static List *taken;
static bool calling;			/* they last as long as a CALL */
static SlipwayPlain plain_only;	/* in which they must be plain */

int
slipway_variable_name_length(const char *text)
{
	int			length = 0;

	/* Whatever the locale has more of is none. */
	while ((text[length] >= 'a' && text[length] <= 'z') || (text[length] >= 'A' && text[length] <= 'Z') ||
		   text[length] == '_' || (length > 0 && text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

static _Noreturn void
refuse(const char *what)
{
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("invalid declaration of variables: %s", what),
			 errdetail("It takes names with commas between them, each alone, as \"NAME secret\", or as \"NAME = value\".")));
	pg_unreachable();
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* A value up to the next comma, or in quotes, which it may hold twice. */
static const char *
read_value(const char *text, char **value)
{
	StringInfoData result;
	int			length;

	if (*text != '\'')
	{
		length = strcspn(text, ",");
		*value = pnstrdup(text, length);
		text += length;
		while (length > 0 && strchr(" \t", (*value)[length - 1]))
			(*value)[--length] = '\0';
		return text;
	}
	initStringInfo(&result);
	for (text++; *text != '\'' || text[1] == '\''; text++)
	{
		if (*text == '\0')
			refuse("a quote is not closed");
		if (*text == '\'')
			text++;
		appendStringInfoChar(&result, *text);
	}
	*value = result.data;
	return text + 1;
}

static void
refuse_second(const List *variables, const char *name)
{
	ListCell   *cell;

	foreach(cell, variables)
		if (strcmp(((const SlipwayVariable *) lfirst(cell))->name, name) == 0)
			ereport(ERROR,
					(errcode(SLIPWAY_REFUSED_STATEMENT),
					 errmsg("variable \"%s\" is declared twice", name)));
}

List *
slipway_variables_declare(List *variables, const char *text)
{
	for (;;)
	{
		SlipwayVariable *variable = palloc0(sizeof(SlipwayVariable));
		int			length = slipway_variable_name_length(text);

		if (length == 0)
			refuse(*text ? psprintf("\"%s\" does not begin with a name", text) : "a name is missing");
		variable->name = pnstrdup(text, length);
		refuse_second(variables, variable->name);
		text = skip_blanks(text + length);
		if (strncmp(text, "secret", 6) == 0 && slipway_variable_name_length(text) == 6)
		{
			variable->secret = true;
			text = skip_blanks(text + 6);
		}
		if (*text == '=')
			text = skip_blanks(read_value(skip_blanks(text + 1), &variable->otherwise));
		variables = lappend(variables, variable);
		if (*text == '\0')
			return variables;
		if (*text != ',')
			refuse(psprintf("\"%s\" behind \"%s\"", text, variable->name));
		text = skip_blanks(text + 1);
	}
}

static _Noreturn void
bad_values(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("variables must be a JSON object of strings")));
	pg_unreachable();
}

/* Puts the members of an object in front of a list, in the current memory context. */
static List *
add_values(List *values, Jsonb *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	part;

	if (!JB_ROOT_IS_OBJECT(json))
		bad_values();
	while ((token = JsonbIteratorNext(&iterator, &part, true)) != WJB_DONE)
	{
		Value	   *value;

		if (token != WJB_KEY)
			continue;
		value = palloc(sizeof(Value));
		value->name = pnstrdup(part.val.string.val, part.val.string.len);
		(void) JsonbIteratorNext(&iterator, &part, true);
		if (part.type != jbvString)
			bad_values();
		value->value = pnstrdup(part.val.string.val, part.val.string.len);
		values = lcons(value, values);
	}
	return values;
}

static void
forget(MemoryContext *context, List **values)
{
	if (*context)
		MemoryContextDelete(*context);
	*context = NULL;
	*values = NIL;
}

static void
forget_taken(void)
{
	forget(&taken_context, &taken);
	slipway_secret_forget_all();
}

static void
forget_offered(void)
{
	forget(&offered_context, &offered);
	offered_key = NULL;
}

/* Is what is offered for a call with that key? It may also be the one for other sessions. */
static bool
is_for(const char *key)
{
	int			length;

	if (key == NULL || offered_key == NULL)
		return key == offered_key;
	length = strlen(offered_key);
	return strncmp(offered_key, key, length) == 0 && (key[length] == '\0' || key[length] == ':');
}

/* Behind a pooler, what somebody else has offered may be there still, and what is meant be elsewhere. */
static void
find_offer(const char *key, bool last)
{
	bool		here = is_for(key);
	char	   *json = key && (last || !here) ? slipway_offer_take(key, last) : NULL;

	if (!here)
		forget_offered();
	if (json && !here)
		slipway_variables_offer(json, key);
	if (json)
		explicit_bzero(json, strlen(json));
}

/* A script of the run may offer others, or none, while these are in use. */
static List *
copy_values(const List *values)
{
	List	   *copies = NIL;
	ListCell   *cell;

	foreach(cell, values)
	{
		const Value *value = lfirst(cell);
		Value	   *copy = palloc(sizeof(Value));

		copy->name = pstrdup(value->name);
		copy->value = pstrdup(value->value);
		copies = lappend(copies, copy);
	}
	return copies;
}

void
slipway_variables_take(Jsonb *values, bool call, const char *key)
{
	MemoryContext caller;

	/* What the run has taken its next scripts need, and its secrets are to be hidden in all that is said. */
	if (!call && slipway_guard_active())
		return;
	forget_taken();
	if (call || key)
		find_offer(key, call);
	taken_context = AllocSetContextCreate(TopMemoryContext, "slipway variables", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(taken_context);
	taken = copy_values(offered);
	if (values)
		taken = add_values(taken, values);
	MemoryContextSwitchTo(caller);
	calling = call;
}

void
slipway_variables_end_call(void)
{
	calling = false;
	plain_only = SLIPWAY_PLAIN_NOT;
	forget_taken();
	forget_offered();
}

void
slipway_variables_withdraw(void)
{
	forget_offered();
}

/* What a function took lasts as long as its messages may come. */
static void
forget_in_time(XactEvent event, void *arg)
{
	if (!calling && taken_context && (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT))
		forget_taken();
}

void
slipway_variables_init(void)
{
	RegisterXactCallback(forget_in_time, NULL);
}

static void
add_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfoChar(json, json->len == 0 ? '{' : ',');
	escape_json(json, name);
	appendStringInfoChar(json, ':');
	escape_json(json, value);
}

char *
slipway_variables_hand_on(Jsonb *values, const char *key)
{
	List	   *all;
	StringInfoData json;

	find_offer(key, true);
	all = list_copy(offered);
	if (values)
		all = add_values(all, values);
	initStringInfo(&json);
	/* The first of a name counts, here; in JSON it is the last. */
	for (int i = list_length(all) - 1; i >= 0; i--)
		add_member(&json, ((const Value *) list_nth(all, i))->name, ((const Value *) list_nth(all, i))->value);
	appendStringInfoString(&json, json.len == 0 ? "{}" : "}");
	forget_offered();
	return json.data;
}

const char *
slipway_variable_value(const SlipwayVariable *variable)
{
	ListCell   *cell;

	foreach(cell, taken)
	{
		const Value *value = lfirst(cell);

		if (strcmp(value->name, variable->name) == 0)
			return value->value;
	}
	return variable->otherwise;
}

/* The secret one whose value stands here, the longest if there are several; or NULL. */
static const SlipwayVariable *
find_value(const List *variables, const char *text, bool whole)
{
	const SlipwayVariable *found = NULL;
	size_t		longest = 0;
	ListCell   *cell;

	foreach(cell, variables)
	{
		const SlipwayVariable *variable = lfirst(cell);
		const char *value = variable->secret ? slipway_variable_value(variable) : NULL;
		size_t		length = value ? strlen(value) : 0;

		if (length > longest && (whole ? strcmp(text, value) == 0 :
								 length >= SLIPWAY_SECRET_SHORT && strncmp(text, value, length) == 0))
		{
			found = variable;
			longest = length;
		}
	}
	return found;
}

char *
slipway_variables_to_names(const List *variables, const char *text)
{
	const SlipwayVariable *variable = find_value(variables, text, true);
	StringInfoData result;

	if (variable)
		return psprintf("${%s}", variable->name);
	initStringInfo(&result);
	while (*text)
	{
		variable = find_value(variables, text, false);
		if (variable)
		{
			appendStringInfo(&result, "${%s}", variable->name);
			text += strlen(slipway_variable_value(variable));
			continue;
		}
		if (strncmp(text, "${", 2) == 0)
		{
			appendStringInfoString(&result, "${}");
			text += 2;
			continue;
		}
		appendStringInfoChar(&result, *text++);
	}
	return result.data;
}

/* The value that a text, behind ${, names; NULL: it names none. */
static const char *
named_value(const List *variables, const char *text, int length)
{
	ListCell   *cell;

	if (text[length] != '}')
		return NULL;
	if (length == 0)
		return "${";
	foreach(cell, variables)
	{
		const SlipwayVariable *variable = lfirst(cell);

		if (variable->secret && strlen(variable->name) == length && strncmp(variable->name, text, length) == 0)
			return slipway_variable_value(variable);
	}
	return NULL;
}

char *
slipway_variables_from_names(const List *variables, const char *text)
{
	StringInfoData result;

	initStringInfo(&result);
	while (*text)
	{
		bool		begins = strncmp(text, "${", 2) == 0;
		int			length = begins ? slipway_variable_name_length(text + 2) : 0;
		const char *value = begins ? named_value(variables, text + 2, length) : NULL;

		if (value)
		{
			appendStringInfoString(&result, value);
			text += length + 3;
		}
		else
			appendStringInfoChar(&result, *text++);
	}
	return result.data;
}

/* Messages about what is no JSON would show it. */
static Jsonb *
parse(const char *json)
{
	MemoryContext caller = CurrentMemoryContext;
	Jsonb	   *volatile values = NULL;

	PG_TRY();
	{
		values = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	}
	PG_CATCH();
	{
		/* Nothing but memory was touched. */
		MemoryContextSwitchTo(caller);
		if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	if (values == NULL)
		bad_values();
	return values;
}

void
slipway_variables_offer(const char *json, const char *key)
{
	Jsonb	   *values = parse(json);
	MemoryContext caller;

	forget_offered();
	offered_context = AllocSetContextCreate(TopMemoryContext, "slipway variables", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(offered_context);
	offered = add_values(NIL, values);
	offered_key = key ? pstrdup(key) : NULL;
	MemoryContextSwitchTo(caller);
}

PG_FUNCTION_INFO_V1(slipway_set_variables);

/* A text, as that is what the function call protocol can send. */
Datum
slipway_set_variables(PG_FUNCTION_ARGS)
{
	const char *key = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	const char *values;

	if (PG_ARGISNULL(0))
		bad_values();
	values = text_to_cstring(PG_GETARG_TEXT_PP(0));
	slipway_variables_offer(values, key);
	if (key)
		key = slipway_offer_leave(values, key);
	if (key == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(key));
}

void
slipway_variables_require_plain(SlipwayPlain why)
{
	plain_only = why;
}

SlipwayPlain
slipway_variables_plain(void)
{
	return plain_only;
}

/*
 * No space, quote or bracket, and no beginning of a comment: no statement, query or call, whatever stands
 * around it (see refuse_joints() of expand.c). At most an expression of names and numbers. A literal or an identifier would not do: one that stands within a string or a comment can end that.
 */
static bool
is_plain(const char *value)
{
	static const char signs[] = "_-.:@/+=,";

	for (const char *p = value; *p; p++)
	{
		unsigned char c = *p;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 || strchr(signs, c)))
			return false;
		if (c == '-' && p[1] == '-')
			return false;
	}
	return true;
}

bool
slipway_variable_is_foreign(const SlipwayVariable *variable)
{
	const char *value = slipway_variable_value(variable);

	return plain_only != SLIPWAY_PLAIN_NOT && value && (variable->otherwise == NULL || strcmp(value, variable->otherwise) != 0);
}

bool
slipway_variable_is_refused(const SlipwayVariable *variable)
{
	return slipway_variable_is_foreign(variable) && !is_plain(slipway_variable_value(variable));
}
