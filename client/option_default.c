/*
 * option_default.c
 *	  Which options slipway.conf may give a value.
 */
#include "option_default.h"

#include <stddef.h>

#include "command.h"

/* They are for one command line. */
static const SlipwayOptionId never[] = {
	SLIPWAY_OPTION_ENV, SLIPWAY_OPTION_CONFIG, SLIPWAY_OPTION_HELP, SLIPWAY_OPTION_VERSION,
	SLIPWAY_OPTION_MARKDOWN, SLIPWAY_OPTION_MAN, SLIPWAY_OPTION_TO, SLIPWAY_OPTION_STEPS, SLIPWAY_OPTION_ALL,
	SLIPWAY_OPTION_SCRIPT, SLIPWAY_OPTION_YES, SLIPWAY_OPTION_ACCEPT_CHECKSUM,
	SLIPWAY_OPTION_FORGET_FAILED, SLIPWAY_OPTION_MARK_APPLIED, SLIPWAY_OPTION_SETTLE,
	SLIPWAY_OPTION_AGAINST, SLIPWAY_OPTION_WITH, SLIPWAY_OPTION_SAVE, SLIPWAY_OPTION_ACCEPT,
	SLIPWAY_OPTION_SAVE_BASELINE, SLIPWAY_OPTION_FILE, SLIPWAY_OPTION_PURPOSE, SLIPWAY_OPTION_ENVIRONMENT,
	SLIPWAY_OPTION_ROOT, SLIPWAY_OPTION_CERT, SLIPWAY_OPTION_KEY, SLIPWAY_OPTION_PREFER, SLIPWAY_OPTION_NO_TEST, SLIPWAY_OPTION_ROLE,
	SLIPWAY_OPTION_LOGIN, SLIPWAY_OPTION_APPLICATION, SLIPWAY_OPTION_MAPPING, SLIPWAY_OPTION_INPUT, SLIPWAY_OPTION_ADOPT,
	SLIPWAY_OPTION_CLEANUP, SLIPWAY_OPTION_OWNED, SLIPWAY_OPTION_HEIR, SLIPWAY_OPTION_MISSING, SLIPWAY_OPTION_STATUS,
	SLIPWAY_OPTION_CREATED_BEFORE, SLIPWAY_OPTION_DETAILED, SLIPWAY_OPTION_FORMAT,
	SLIPWAY_OPTION_COUNT
};

static bool
is_among(const SlipwayOptionId *ids, SlipwayOptionId id)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
		if (*ids == id)
			return true;
	return false;
}

bool
slipway_option_is_connection(SlipwayOptionId id)
{
	return is_among(slipway_command_connection_options, id);
}

bool
slipway_option_may_default(SlipwayOptionId id)
{
	return !slipway_option_is_connection(id) && !is_among(never, id);
}

const SlipwayOptionId *
slipway_option_defaults(void)
{
	static SlipwayOptionId ids[SLIPWAY_OPTION_COUNT + 1];
	size_t		count = 0;

	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
		if (slipway_option_may_default((SlipwayOptionId) id))
			ids[count++] = (SlipwayOptionId) id;
	ids[count] = SLIPWAY_OPTION_COUNT;
	return ids;
}
