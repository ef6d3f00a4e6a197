/*
 * login_test.c
 *	  Can one log in to the database with what a store of secrets says?
 */
#include "login_test.h"

#include <stdlib.h>

#include "connection.h"
#include "connection_error.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "secret_fault.h"
#include "target.h"

/* s; a server that is not there is not waited for as long as the system would */
#define CONNECT_TIMEOUT "15"

SlipwayArguments
slipway_login_arguments(const SlipwayArguments *arguments, const char *secrets)
{
	static const SlipwayOptionId places[] = {
		SLIPWAY_OPTION_URL, SLIPWAY_OPTION_DBNAME, SLIPWAY_OPTION_HOST, SLIPWAY_OPTION_PORT, SLIPWAY_OPTION_USERNAME,
		SLIPWAY_OPTION_PASSWORD
	};
	SlipwayArguments result = *arguments;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		result.values[places[i]] = NULL;
	result.values[SLIPWAY_OPTION_NO_PASSWORD] = "1";
	result.environment = NULL;
	if (secrets != NULL)
	{
		result.values[SLIPWAY_OPTION_SECRETS] = secrets;
		result.values[SLIPWAY_OPTION_SECRET_PREFIX] = NULL;
	}
	return result;
}

static char *
tell_fault(const SlipwayTarget *target, const PGconn *conn)
{
	char	   *scrubbed = slipway_target_scrub(target, PQerrorMessage(conn));
	bool		explained;
	char	   *fault = slipway_connection_error_text(scrubbed, &explained);

	free(scrubbed);
	return fault;
}

PGconn *
slipway_login_open(const SlipwayArguments *arguments, bool application, char **fault, SlipwayExitCode *code)
{
	SlipwayArguments only = slipway_login_arguments(arguments, NULL);
	SlipwayTarget target = {.source = NULL};
	SlipwaySecretFault *stored = slipway_target_ask(&only, application, &target);
	PGconn	   *conn = NULL;

	*fault = NULL;
	*code = SLIPWAY_EXIT_CONNECTION;
	if (stored != NULL || !target.is_given)
	{
		*fault = slipway_memory_copy(stored != NULL ? stored->text : "the store says nothing of the application's connection");
		*code = stored != NULL ? slipway_secret_fault_exit_code(stored) : SLIPWAY_EXIT_USAGE;
		slipway_secret_fault_free(stored);
	}
	else
	{
		(void) setenv("PGCONNECT_TIMEOUT", CONNECT_TIMEOUT, 0);
		conn = slipway_connection_plain(&target);
		if (PQstatus(conn) != CONNECTION_OK)
		{
			*fault = tell_fault(&target, conn);
			PQfinish(conn);
			conn = NULL;
		}
	}
	slipway_target_release(&target);
	return conn;
}

void
slipway_login_test(const SlipwayArguments *arguments, bool application)
{
	SlipwayExitCode code;
	char	   *fault;
	PGconn	   *conn = slipway_login_open(arguments, application, &fault, &code);
	const char *version;

	if (conn == NULL)
		slipway_die(code, "The settings themselves may be wrong: nothing else was tried.",
					"could not connect as the %s with what is stored: %s",
					application ? "application" : "administrator", fault);
	version = PQparameterStatus(conn, "server_version");
	slipway_output_say("connects as %s to %s on %s port %s (PostgreSQL %s%s)", PQuser(conn), PQdb(conn), PQhost(conn), PQport(conn),
					   version != NULL ? version : "of unknown version", PQsslInUse(conn) == 1 ? ", TLS" : "");
	PQfinish(conn);
}
