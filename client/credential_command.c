/*
 * credential_command.c
 *	  What the commands about credentials have in common.
 */
#include "credential_command.h"

#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "connection.h"
#include "die.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"

/* How long a server may take to come back. */
#define PATIENCE_MS 60000.0
#define PAUSE_MS 500

const char **
slipway_credential_command_projects(const SlipwayArguments *arguments, size_t *count)
{
	const char *project = slipway_option_text(arguments, SLIPWAY_OPTION_PROJECT);
	size_t		words = arguments->word_count - 1;
	const char **projects;

	if (words == 0 && project == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write its name, or several.", "nothing says which project is meant");
	*count = words > 0 ? words : 1;
	projects = slipway_memory_new(*count * sizeof(char *));
	for (size_t i = 0; i < *count; i++)
		projects[i] = words > 0 ? arguments->words[1 + i] : project;
	return projects;
}

static void
say(void *context, const char *project, const char *text)
{
	(void) context;
	slipway_output_say("%s: %s", project, text);
}

static bool stopped = false;

static bool
is_stopped(void *context)
{
	(void) context;
	stopped = stopped || slipway_interrupt_arrived();
	return stopped;
}

/* A new connection in the place of one that was lost. */
static PGconn *
connect_again(const SlipwayArguments *arguments, PGconn *conn)
{
	double		until = slipway_clock_now() + PATIENCE_MS;
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	char	   *fault = NULL;

	slipway_connection_close(conn);
	slipway_output_say("the connection was lost; connecting again");
	for (;;)
	{
		conn = slipway_credential_reconnect(arguments, &fault);
		if (conn != NULL)
			return conn;
		if (slipway_clock_now() > until || is_stopped(NULL))
			slipway_die(SLIPWAY_EXIT_CONNECTION, "Call it again when the server is back: that finishes it.", "could not connect: %s",
						fault);
		free(fault);
		(void) nanosleep(&pause, NULL);
	}
}

/* Of several codes the one that says most: an error, unless all say the same. */
static SlipwayExitCode
merge(SlipwayExitCode all, SlipwayExitCode code)
{
	if (all == SLIPWAY_EXIT_DONE || all == code)
		return code;
	return code == SLIPWAY_EXIT_DONE ? all : SLIPWAY_EXIT_ERROR;
}

SlipwayExitCode
slipway_credential_command_each(const SlipwayArguments *arguments, SlipwayCredentialWork work)
{
	size_t		count;
	const char **projects = slipway_credential_command_projects(arguments, &count);
	SlipwayCredentialTerms terms;
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	PGconn	   *conn;

	slipway_credential_terms_read(arguments, true, &terms);
	terms.say = say;
	terms.is_stopped = is_stopped;
	conn = slipway_credential_connect(arguments);
	(void) slipway_interrupt_watch();
	for (size_t i = 0; i < count && !is_stopped(NULL); i++)
	{
		SlipwayCredentialEnd end = {.message = NULL};

		for (;;)
		{
			work(conn, &terms, projects[i], &end);
			if (end.outcome != SLIPWAY_CREDENTIAL_LOST)
				break;
			slipway_credential_end_release(&end);
			conn = connect_again(arguments, conn);
		}
		/* what was only shown is not done */
		if (end.outcome != SLIPWAY_CREDENTIAL_DONE || !slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
			slipway_credential_end_tell(&end, projects[i]);
		code = merge(code, end.exit_code);
		slipway_credential_end_release(&end);
	}
	slipway_interrupt_unwatch();
	slipway_credential_terms_release(&terms);
	free(projects);
	return stopped && code == SLIPWAY_EXIT_DONE ? SLIPWAY_EXIT_ERROR : code;
}
