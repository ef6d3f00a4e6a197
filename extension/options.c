/*
 * options.c
 *	  The options of a run: a JSON object, over the defaults of settings.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/guc.h"

#include "options.h"
#include "settings.h"

typedef enum OptionType
{
	OPTION_TEXT,
	OPTION_TIME,				/* milliseconds, or text with a unit */
	OPTION_SIZE,				/* bytes, or text with a unit */
	OPTION_COUNT,
	OPTION_FLAG,
	OPTION_STEPS,				/* a count from 1 */
	OPTION_DOWN_SCRIPTS,		/* a flag that is "newest" or "applied" */
	OPTION_SWITCH,				/* a flag that may also be "on" or "off" */
	OPTION_RECUT,				/* a flag that is "auto" or "refuse" */
	OPTION_MODE,				/* "each" or "all" */
	OPTION_SCRIPTS,				/* "applied" or "newest" */
	OPTION_LABELS,				/* a JSON object of strings, kept as text */
	OPTION_OUT_OF_ORDER,
	OPTION_VARIABLES			/* a JSON object of strings */
} OptionType;

/* Procedures that take an option. */
#define MIGRATE 1
#define ROLLBACK 2
#define REDO 4
#define VERIFY 8
#define REHEARSE 16
#define RUNS (MIGRATE | ROLLBACK | REDO)	/* those that write */
#define ALL (RUNS | VERIFY | REHEARSE)

/* A rehearsal is to disturb nobody. */
#define REHEARSE_LOCK_TIMEOUT_MS 500
#define REHEARSE_STATEMENT_TIMEOUT_MS 60000
#define REHEARSE_LOCK_HOLD_MS 1000
#define REHEARSE_PLAIN_INDEXES_BELOW (INT64CONST(10) * 1024 * 1024)

static const struct
{
	const char *name;
	OptionType	type;
	int			offset;			/* of SlipwayOptions */
	int			actions;
}			known[] = {
	{"manifest", OPTION_TEXT, offsetof(SlipwayOptions, manifest), ALL},
	{"to", OPTION_TEXT, offsetof(SlipwayOptions, to), MIGRATE | ROLLBACK | REHEARSE},
	{"client_version", OPTION_TEXT, offsetof(SlipwayOptions, client_version), ALL},
	{"search_path", OPTION_TEXT, offsetof(SlipwayOptions, search_path), ALL},
	{"lock_wait", OPTION_TIME, offsetof(SlipwayOptions, lock_wait), RUNS | REHEARSE},
	{"lock_timeout", OPTION_TIME, offsetof(SlipwayOptions, lock_timeout), ALL},
	{"statement_timeout", OPTION_TIME, offsetof(SlipwayOptions, statement_timeout), ALL},
	{"cancel_blockers", OPTION_TEXT, offsetof(SlipwayOptions, cancel_blockers), RUNS},
	{"retries", OPTION_COUNT, offsetof(SlipwayOptions, retries), RUNS},
	{"recut", OPTION_RECUT, offsetof(SlipwayOptions, recut), RUNS},
	{"mode", OPTION_MODE, offsetof(SlipwayOptions, mode), MIGRATE},
	{"snapshot", OPTION_SWITCH, offsetof(SlipwayOptions, snapshot), RUNS | REHEARSE},
	{"labels", OPTION_LABELS, offsetof(SlipwayOptions, labels), RUNS},
	{"variables", OPTION_VARIABLES, offsetof(SlipwayOptions, variables), ALL},
	{"variables_key", OPTION_TEXT, offsetof(SlipwayOptions, variables_key), ALL},
	{"out_of_order", OPTION_OUT_OF_ORDER, offsetof(SlipwayOptions, out_of_order), MIGRATE | REHEARSE},
	{"allow_out_of_order", OPTION_FLAG, offsetof(SlipwayOptions, allow_out_of_order), MIGRATE | REHEARSE},
	{"verify", OPTION_FLAG, offsetof(SlipwayOptions, verify), MIGRATE | REHEARSE},
	{"lock_hold", OPTION_TIME, offsetof(SlipwayOptions, lock_hold), REHEARSE},
	{"plain_indexes", OPTION_FLAG, offsetof(SlipwayOptions, plain_indexes), REHEARSE},
	{"plain_indexes_below", OPTION_SIZE, offsetof(SlipwayOptions, plain_indexes_below), REHEARSE},
	{"migration", OPTION_TEXT, offsetof(SlipwayOptions, migration), VERIFY},
	{"verify_scripts", OPTION_SCRIPTS, offsetof(SlipwayOptions, verify_scripts), VERIFY},
	{"expected_head", OPTION_TEXT, offsetof(SlipwayOptions, expected_head), ROLLBACK | REDO},
	{"steps", OPTION_STEPS, offsetof(SlipwayOptions, steps), ROLLBACK},
	{"all", OPTION_FLAG, offsetof(SlipwayOptions, all), ROLLBACK},
	{"script", OPTION_TEXT, offsetof(SlipwayOptions, script), ROLLBACK},
	{"down_scripts", OPTION_DOWN_SCRIPTS, offsetof(SlipwayOptions, newest_down_scripts), ROLLBACK | REDO},
};

static int
action_bit(const char *action)
{
	if (strcmp(action, "rollback") == 0)
		return ROLLBACK;
	if (strcmp(action, "redo") == 0)
		return REDO;
	if (strcmp(action, "rehearse") == 0)
		return REHEARSE;
	return strcmp(action, "verify") == 0 ? VERIFY : MIGRATE;
}

static void
bad_value(const char *name, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\"", name),
			 errdetail("It takes %s.", wanted)));
}

/* A JSON number or string as text; NULL for anything else. */
static char *
scalar_text(const JsonbValue *value)
{
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (value->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	return NULL;
}

static int
parse_number(const char *name, const JsonbValue *value, int flags, const char *wanted)
{
	char	   *text = scalar_text(value);
	int			number = 0;

	if (text == NULL || !parse_int(text, &number, flags, NULL) || number < 0 ||
		(flags == 0 && strspn(text, "0123456789") != strlen(text)))
		bad_value(name, wanted);
	return number;
}

/* Bytes, as a number or as text with a unit, of which there may be more than fit into an int. */
static int64
parse_size(const char *name, const JsonbValue *value)
{
	static const char *const wanted = "bytes from 0, or a string with a unit such as \"10MB\"";
	char	   *text = scalar_text(value);
	int			kilobytes = 0;

	if (text == NULL || *text == '\0')
		bad_value(name, wanted);
	if (strspn(text, "0123456789") == strlen(text) && strlen(text) < 19)
		return strtoll(text, NULL, 10);
	if (!parse_int(text, &kilobytes, GUC_UNIT_KB, NULL) || kilobytes < 0)
		bad_value(name, wanted);
	return (int64) kilobytes * 1024;
}

/* One of two words; is it the first? */
static bool
parse_word(const char *name, const JsonbValue *value, const char *first, const char *second)
{
	char	   *text = scalar_text(value);

	if (text == NULL || (strcmp(text, first) != 0 && strcmp(text, second) != 0))
		bad_value(name, psprintf("\"%s\" or \"%s\"", first, second));
	return strcmp(text, first) == 0;
}

static int
parse_steps(const char *name, const JsonbValue *value)
{
	static const char *const wanted = "a whole number from 1";
	int			steps = parse_number(name, value, 0, wanted);

	if (steps == 0)
		bad_value(name, wanted);
	return steps;
}

static SlipwayMode
parse_mode(const char *name, const JsonbValue *value)
{
	char	   *text = scalar_text(value);

	if (text && strcmp(text, "all") == 0)
		return SLIPWAY_MODE_ALL;
	if (text == NULL || strcmp(text, "each") != 0)
		bad_value(name, "\"each\" or \"all\"");
	return SLIPWAY_MODE_EACH;
}

static char *
parse_labels(const char *name, JsonbValue *value)
{
	static const char *const wanted = "an object with a string for each key, which is not empty";
	Jsonb	   *labels = JsonbValueToJsonb(value);
	JsonbIterator *iterator = JsonbIteratorInit(&labels->root);
	JsonbIteratorToken token;
	JsonbValue	part;

	if (!JB_ROOT_IS_OBJECT(labels))
		bad_value(name, wanted);
	while ((token = JsonbIteratorNext(&iterator, &part, true)) != WJB_DONE)
		if ((token == WJB_KEY && part.val.string.len == 0) ||
			(token == WJB_VALUE && part.type != jbvString))
			bad_value(name, wanted);
	return JsonbToCString(NULL, &labels->root, VARSIZE(labels));
}

static char *
parse_scripts(const char *name, const JsonbValue *value)
{
	char	   *text = scalar_text(value);

	if (text == NULL || (strcmp(text, "applied") != 0 && strcmp(text, "newest") != 0))
		bad_value(name, "\"applied\" or \"newest\"");
	return text;
}

static int
parse_out_of_order(const char *name, const JsonbValue *value)
{
	char	   *text = scalar_text(value);

	for (const struct config_enum_entry *entry = slipway_out_of_order_names; entry->name; entry++)
		if (text && strcmp(text, entry->name) == 0)
			return entry->val;
	bad_value(name, "\"refuse\", \"warn\" or \"allow\"");
	return -1;
}

static void
set_option(SlipwayOptions *options, int which, JsonbValue *value)
{
	const char *name = known[which].name;
	void	   *target = (char *) options + known[which].offset;

	switch (known[which].type)
	{
		case OPTION_TEXT:
			if (value->type == jbvNull)
				break;
			if (value->type != jbvString)
				bad_value(name, "a string");
			*(char **) target = scalar_text(value);
			break;
		case OPTION_TIME:
			*(int *) target = parse_number(name, value, GUC_UNIT_MS,
										   "milliseconds from 0, or a string with a unit such as \"30s\"");
			break;
		case OPTION_COUNT:
			*(int *) target = parse_number(name, value, 0, "a whole number from 0");
			break;
		case OPTION_SCRIPTS:
			*(char **) target = parse_scripts(name, value);
			break;
		case OPTION_RECUT:
			*(bool *) target = parse_word(name, value, "auto", "refuse");
			break;
		case OPTION_SWITCH:
			*(bool *) target = value->type == jbvBool ? value->val.boolean : parse_word(name, value, "on", "off");
			break;
		case OPTION_SIZE:
			*(int64 *) target = parse_size(name, value);
			break;
		case OPTION_STEPS:
			*(int *) target = parse_steps(name, value);
			break;
		case OPTION_DOWN_SCRIPTS:
			*(bool *) target = parse_word(name, value, "newest", "applied");
			break;
		case OPTION_MODE:
			*(SlipwayMode *) target = parse_mode(name, value);
			break;
		case OPTION_LABELS:
			*(char **) target = parse_labels(name, value);
			break;
		case OPTION_VARIABLES:
			if (value->type != jbvBinary)
				bad_value(name, "an object of strings");
			*(Jsonb **) target = JsonbValueToJsonb((JsonbValue *) value);
			break;
		case OPTION_OUT_OF_ORDER:
			*(int *) target = parse_out_of_order(name, value);
			break;
		case OPTION_FLAG:
			if (value->type != jbvBool)
				bad_value(name, "true or false");
			*(bool *) target = value->val.boolean;
			break;
	}
}

static int
find_known(const char *name, const char *action)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(known); i++)
	{
		if ((known[i].actions & action_bit(action)) == 0)
			continue;
		if (strcmp(name, known[i].name) == 0)
			return i;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", known[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\"", name),
			 errhint("Options are: %s.", names.data)));
}

static void
settle_out_of_order(SlipwayOptions *options)
{
	if (options->allow_out_of_order && options->out_of_order >= 0 &&
		options->out_of_order != SLIPWAY_OUT_OF_ORDER_ALLOW)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"out_of_order\" and \"allow_out_of_order\" contradict each other")));
	if (options->allow_out_of_order)
		options->out_of_order = SLIPWAY_OUT_OF_ORDER_ALLOW;
	else if (options->out_of_order < 0)
		options->out_of_order = slipway_out_of_order;
}

SlipwayOptions *
slipway_options_parse(Jsonb *json, const char *action)
{
	SlipwayOptions *options = palloc0(sizeof(SlipwayOptions));
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	options->lock_wait = slipway_lock_wait;
	options->lock_timeout = slipway_lock_timeout;
	if (action_bit(action) == REHEARSE)
	{
		options->lock_timeout = REHEARSE_LOCK_TIMEOUT_MS;
		options->statement_timeout = REHEARSE_STATEMENT_TIMEOUT_MS;
	}
	options->lock_hold = REHEARSE_LOCK_HOLD_MS;
	options->plain_indexes_below = REHEARSE_PLAIN_INDEXES_BELOW;
	options->out_of_order = -1;
	options->labels = "{}";
	options->retries = slipway_retries;
	options->mode = slipway_mode;
	options->snapshot = slipway_snapshot_wanted || action_bit(action) == REHEARSE;
	options->recut = slipway_recut == SLIPWAY_RECUT_AUTO;
	options->cancel_blockers = pstrdup(slipway_cancel_blockers_default);
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object")));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			int			which = find_known(pnstrdup(value.val.string.val, value.val.string.len), action);

			(void) JsonbIteratorNext(&iterator, &value, true);
			set_option(options, which, &value);
		}
	}
	settle_out_of_order(options);
	return options;
}
