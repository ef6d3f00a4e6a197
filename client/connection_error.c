/*
 * connection_error.c
 *	  What is said about connections that failed or were lost.
 */
#include "connection_error.h"

#include <string.h>

#include "buffer.h"
#include "die.h"
#include "memory.h"

static SlipwayStage stage = SLIPWAY_STAGE_QUESTION;

static const struct
{
	const char *when;
	const char *hint;
}			stages[] = {
	[SLIPWAY_STAGE_QUESTION] = {"", "Run it again."},
	[SLIPWAY_STAGE_UPLOAD] = {" during the upload", "Nothing was applied; run it again."},
	[SLIPWAY_STAGE_RUN] = {
		" during the run", "Run \"slipway status\" to see which migrations were applied."
	},
	[SLIPWAY_STAGE_DETACHED] = {
		", while the detached deploy goes on", "Run \"slipway watch\" to watch it again."
	},
};

void
slipway_connection_error_set_stage(SlipwayStage new_stage)
{
	stage = new_stage;
}

const char *
slipway_connection_error_hint(void)
{
	return stages[stage].hint;
}

char *
slipway_connection_error_text(const char *message, bool *explained)
{
	SlipwayBuffer text = {0};

	*explained = false;
	while (*message != '\0')
	{
		size_t		length = strcspn(message, "\n");

		if (*message == '\t')
			*explained = true;
		else if (length > 0)
		{
			if (text.length > 0)
				slipway_buffer_add_char(&text, '\n');
			slipway_buffer_add_bytes(&text, message, length);
		}
		message += length + (message[length] == '\n' ? 1 : 0);
	}
	return slipway_buffer_take(&text);
}

/* The first line is the cause; what libpq adds when it is asked again is not. */
char *
slipway_connection_error_lost(const char *message)
{
	return slipway_memory_format("the connection to the server was lost%s: %.*s",
								 stages[stage].when, (int) strcspn(message, "\n"), message);
}

void
slipway_connection_error_die(const PGconn *conn)
{
	slipway_die(SLIPWAY_EXIT_CONNECTION, slipway_connection_error_hint(), "%s",
				slipway_connection_error_lost(PQerrorMessage(conn)));
}
