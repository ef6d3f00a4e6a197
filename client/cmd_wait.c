/*
 * cmd_wait.c
 *	  slipway wait
 */
#include <stdlib.h>

#include "clock.h"
#include "command.h"
#include "connection.h"
#include "output.h"
#include "server.h"
#include "wait.h"

static void
say_ready(const char *place, double waited)
{
	char	   *duration = slipway_output_duration(waited);

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:f}", "event", "ready", "server", place,
									  "waited_ms", waited));
	else
		slipway_output_say("the server (%s) accepts connections, after %s", place, duration);
	free(duration);
}

SlipwayExitCode
slipway_cmd_wait(const SlipwayArguments *arguments)
{
	double		started_at = slipway_clock_now();
	SlipwayWait wait = slipway_wait_begin(arguments);
	SlipwayTarget target = {0};
	char	   *place;

	slipway_wait_for_target(&wait, arguments, false, &target);
	place = slipway_wait_for_server(&wait, arguments, &target);
	slipway_target_release(&target);
	/* a pooler's yes is not yet that of the server */
	PQclear(slipway_server_query(slipway_connection_open(arguments), "SELECT 1", 0, NULL));
	say_ready(place, slipway_clock_now() - started_at);
	free(place);
	return SLIPWAY_EXIT_DONE;
}
