/*
 * confirm.c
 *	  The last moment before something that cannot be taken back.
 */
#include "confirm.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "display.h"
#include "interrupt.h"
#include "live.h"
#include "memory.h"
#include "output.h"

/* How often what is left is drawn. */
#define PERIOD_MS 100

bool
slipway_confirm_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool
slipway_confirm_ask(const char *question)
{
	char	   *line = NULL;
	size_t		size = 0;
	bool		yes;

	slipway_output_begin_talk();
	slipway_display_print(stderr, question, true, " [y/N] ");
	(void) fflush(stderr);
	yes = getline(&line, &size, stdin) >= 0;
	if (yes)
	{
		line[strcspn(line, "\r\n")] = '\0';
		yes = strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
	}
	else
		(void) fputc('\n', stderr);
	free(line);
	return yes;
}

static void
draw(double left)
{
	char	   *line;

	if (!slipway_live_is_possible())
		return;
	line = slipway_memory_format("%.0f s left", (left + 999) / 1000);
	slipway_live_draw(line);
	free(line);
}

void
slipway_confirm_wait(int seconds)
{
	double		until = slipway_clock_now() + seconds * 1000.0;
	struct pollfd file = {.fd = slipway_interrupt_watch(), .events = POLLIN};

	slipway_output_say("begins in %d s; Ctrl-C leaves everything as it is", seconds);
	for (double left; (left = until - slipway_clock_now()) > 0;)
	{
		draw(left);
		(void) poll(&file, 1, left < PERIOD_MS ? (int) left + 1 : PERIOD_MS);
		if (slipway_interrupt_arrived())
		{
			slipway_live_clear();
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "interrupted; nothing was changed");
		}
	}
	slipway_live_clear();
	slipway_interrupt_unwatch();
}
