/*
 * message.c
 *	  What a run tells its client while it goes on.
 */
#include "postgres.h"

#include "utils/json.h"

#include "message.h"
#include "outbox.h"
#include "secret.h"
#include "settings.h"

static void
send_message(const char *message, const char *detail)
{
	/* By a context the client would take it for one of the script's. */
	ErrorContextCallback *context = error_context_stack;

	error_context_stack = NULL;
	slipway_outbox_must_keep(true);
	ereport(INFO,
			(errmsg_internal("%s", message), errdetail_internal("%s", detail)));
	slipway_outbox_must_keep(false);
	error_context_stack = context;
}

void
slipway_event_begin(StringInfo json, const char *event)
{
	initStringInfo(json);
	appendStringInfo(json, SLIPWAY_EVENT_BEGIN "\"%s\"", event);
}

/* Text in which somebody's secret may stand; names must stay what they are. */
static bool
is_prose(const char *key)
{
	static const char *const keys[] = {
		"message", "detail", "hint", "statement", "query", "command", "holder",
		"reason", "advice", "before", "after", "object"
	};

	for (int i = 0; i < lengthof(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

void
slipway_event_text(StringInfo json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (is_prose(key))
		value = slipway_secret_hide(value, SLIPWAY_MASK_SHORT);
	appendStringInfo(json, ",\"%s\":", key);
	escape_json(json, value);
}

void
slipway_event_null(StringInfo json, const char *key, const char *value)
{
	if (value)
		slipway_event_text(json, key, value);
	else
		appendStringInfo(json, ",\"%s\":null", key);
}

void
slipway_event_int(StringInfo json, const char *key, int64 value)
{
	appendStringInfo(json, ",\"%s\":" INT64_FORMAT, key, value);
}

void
slipway_event_ms(StringInfo json, const char *key, double value)
{
	appendStringInfo(json, ",\"%s\":%.3f", key, value);
}

void
slipway_event_send(StringInfo json, const char *format,...)
{
	StringInfoData message;
	int			needed;

	initStringInfo(&message);
	for (;;)
	{
		va_list		args;

		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&message, needed);
	}
	appendStringInfoChar(json, '}');
	if (slipway_report_progress)
		send_message(message.data, json->data);
	pfree(message.data);
	pfree(json->data);
}
