/*
 * server_error.c
 *	  Errors that the server answers with.
 */
#include "server_error.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connection_error.h"
#include "die.h"
#include "memory.h"
#include "output.h"

/* Reads digits at *text into *number; false without any. */
static bool
read_number(const char **text, int *number)
{
	size_t		digits = strspn(*text, "0123456789");

	if (digits == 0 || digits > 9)
		return false;
	*number = (int) strtol(*text, NULL, 10);
	*text += digits;
	return true;
}

/* Steps over [, unit U of N] if that is there. */
static const char *
skip_unit(const char *text)
{
	const char *end = text + strlen(", unit ");
	int			number;

	if (strncmp(text, ", unit ", strlen(", unit ")) != 0 || !read_number(&end, &number) ||
		strncmp(end, " of ", strlen(" of ")) != 0)
		return text;
	end += strlen(" of ");
	return read_number(&end, &number) ? end : text;
}

/*
 * Steps over [, down script] or [, verify script] if that is there: what follows is a place in another file
 * of the migration.
 */
static const char *
skip_part(const char *text, SlipwayScriptPart *part)
{
	static const char down[] = ", down script";
	static const char verify[] = ", verify script";

	*part = SLIPWAY_PART_UP;
	if (strncmp(text, down, strlen(down)) == 0)
	{
		*part = SLIPWAY_PART_DOWN;
		return text + strlen(down);
	}
	if (strncmp(text, verify, strlen(verify)) != 0)
		return text;
	*part = SLIPWAY_PART_VERIFY;
	return text + strlen(verify);
}

/* Is this ["], [", line L] or [", line L, column C], perhaps with a part and a unit, and nothing behind it? */
static bool
read_end(const char *text, SlipwayScriptPart *part, int *line, int *column)
{
	*line = 0;
	*column = 0;
	if (*text++ != '"')
		return false;
	text = skip_unit(skip_part(text, part));
	if (*text == '\0')
		return true;
	if (strncmp(text, ", line ", 7) != 0)
		return false;
	text += 7;
	if (!read_number(&text, line))
		return false;
	if (*text == '\0')
		return true;
	if (strncmp(text, ", column ", 9) != 0)
		return false;
	text += 9;
	return read_number(&text, column) && *text == '\0';
}

SlipwayErrorPlace
slipway_server_error_locate(const char *context, char **migration, SlipwayScriptPart *part,
							int *line, int *column, size_t *length)
{
	static const char check[] = "check of migration \"";
	const char *run = check + strlen("check of ");
	const char *last = strrchr(context, '\n');
	const char *name;
	SlipwayErrorPlace place = SLIPWAY_ERROR_ELSEWHERE;

	*migration = NULL;
	*part = SLIPWAY_PART_UP;
	*line = 0;
	*column = 0;
	*length = last != NULL ? (size_t) (last - context) : 0;
	last = last != NULL ? last + 1 : context;
	if (strncmp(last, check, strlen(check)) == 0)
		place = SLIPWAY_ERROR_CHECK;
	else if (strncmp(last, run, strlen(run)) == 0)
		place = SLIPWAY_ERROR_RUN;
	name = last + strlen(place == SLIPWAY_ERROR_CHECK ? check : run);
	/* a name may hold quotes: the last one that ends well is the border */
	for (const char *quote = place != SLIPWAY_ERROR_ELSEWHERE ? strrchr(name, '"') : NULL;
		 quote != NULL && quote >= name; quote--)
	{
		if (!read_end(quote, part, line, column))
			continue;
		*migration = slipway_memory_copy_bytes(name, (size_t) (quote - name));
		return place;
	}
	*part = SLIPWAY_PART_UP;
	*length = strlen(context);
	return SLIPWAY_ERROR_ELSEWHERE;
}

SlipwayScriptPart
slipway_server_error_part(const char *context)
{
	SlipwayScriptPart part = SLIPWAY_PART_UP;
	char	   *migration;
	int			line,
				column;
	size_t		length;

	if (context == NULL)
		return part;
	(void) slipway_server_error_locate(context, &migration, &part, &line, &column, &length);
	free(migration);
	return part;
}

/* No such column, table or function: outside of scripts they are the extension's. */
static bool
is_undefined(const char *sqlstate)
{
	return strcmp(sqlstate, "42703") == 0 || strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "42883") == 0;
}

SlipwayExitCode
slipway_server_error_exit_code(const char *sqlstate, SlipwayErrorPlace place)
{
	static const struct
	{
		const char *sqlstate;
		SlipwayExitCode exit_code;
	}			codes[] = {
		{"SW001", SLIPWAY_EXIT_INVALID}, {"SW002", SLIPWAY_EXIT_INVALID},
		{"SW003", SLIPWAY_EXIT_INVALID}, {"SW004", SLIPWAY_EXIT_INVALID},
		{"SW005", SLIPWAY_EXIT_INVALID}, {"SW006", SLIPWAY_EXIT_LOCKED},
		{"SW007", SLIPWAY_EXIT_INVALID}, {"SW008", SLIPWAY_EXIT_NOT_APPROVED},
		{"SW009", SLIPWAY_EXIT_INVALID}, {"SW013", SLIPWAY_EXIT_VERSION},
		{"SW014", SLIPWAY_EXIT_INVALID}, {"SW015", SLIPWAY_EXIT_STOPPED},
		{"SW016", SLIPWAY_EXIT_INVALID}, {"SW018", SLIPWAY_EXIT_INVALID},
		{"SW020", SLIPWAY_EXIT_INVALID}, {"SW021", SLIPWAY_EXIT_INVALID},
		{"SW025", SLIPWAY_EXIT_INVALID},
		{"SW027", SLIPWAY_EXIT_INVALID}, {"SW028", SLIPWAY_EXIT_INVALID},
		{"SW044", SLIPWAY_EXIT_INVALID},
	};

	if (place == SLIPWAY_ERROR_CHECK)
		return SLIPWAY_EXIT_INVALID;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(sqlstate, codes[i].sqlstate) == 0)
			return codes[i].exit_code;
	if (place == SLIPWAY_ERROR_RUN)
		return SLIPWAY_EXIT_ROLLED_BACK;
	if (is_undefined(sqlstate))
		return SLIPWAY_EXIT_VERSION;
	/* a migration that there is none of, or a value that the server does not take */
	if (strcmp(sqlstate, "22023") == 0)
		return SLIPWAY_EXIT_USAGE;
	/* connection exceptions, and what an administrator or a crash ends */
	if (strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0)
		return SLIPWAY_EXIT_CONNECTION;
	return SLIPWAY_EXIT_ERROR;
}

/* The server's hints speak of its own options and functions. */
static const char *
rollback_hint(const SlipwayServerError *error)
{
	if (strcmp(error->sqlstate, "SW020") == 0 && strstr(error->message, "baselined") != NULL)
		return "Roll back to the last of them with --to NAME, or pass a script of your own with --script FILE.";
	if (strcmp(error->sqlstate, "SW020") == 0)
		return "Pass a script of your own with --script FILE, or take the down scripts of the folder with"
			" --down-scripts newest.";
	if (strcmp(error->sqlstate, "SW021") != 0 || error->hint == NULL)
		return error->hint;
	if (strstr(error->hint, "slipway.forget_failed()") != NULL)
		return "Finish it with \"slipway migrate\"; or put it right by hand, and say so with"
			" \"slipway repair --forget-failed\".";
	if (strstr(error->hint, "option script") != NULL)
		return "Go on with that script: pass it with --script FILE.";
	if (strstr(error->hint, "slipway.mark_applied()") != NULL)
		return "Finish it with \"slipway rollback\"; or put back by hand what is gone, and say so with"
			" \"slipway repair --mark-applied\".";
	return error->hint;
}

/*
 * What to do: after the loss of a connection that counts more than what the
 * server had to say; else this is about errors that come without a hint. In a
 * script they are about the script, and its author knows better.
 */
static const char *
choose_hint(const SlipwayServerError *error)
{
	if (error->exit_code == SLIPWAY_EXIT_CONNECTION)
		return slipway_connection_error_hint();
	if (error->place == SLIPWAY_ERROR_ELSEWHERE && is_undefined(error->sqlstate))
		return SLIPWAY_SERVER_ERROR_UPGRADE;
	/* the server's hint speaks of its own option */
	if (error->place == SLIPWAY_ERROR_CHECK && strcmp(error->sqlstate, "SW003") == 0)
		return "Rename it so that it comes last, or pass --allow-out-of-order.";
	if (strcmp(error->sqlstate, "SW031") == 0)
		return "Raise --lock-hold, or rehearse on a copy of the database.";
	if (error->place == SLIPWAY_ERROR_RUN && strcmp(error->sqlstate, "SW015") == 0)
		return "Find out what it has done. Then say so with \"slipway repair --settle NAME=done\" or \"NAME=undone\".";
	/* the same */
	if (error->place == SLIPWAY_ERROR_ELSEWHERE && strcmp(error->sqlstate, "SW033") == 0)
		return "\"slipway diff --accept\" takes the schema as it is for what the last run has left.";
	if (error->hint != NULL || error->place != SLIPWAY_ERROR_ELSEWHERE)
		return rollback_hint(error);
	/* "... for schema slipway", or for a function; not "... to create extension" */
	if (strcmp(error->sqlstate, "42501") == 0 && strstr(error->message, "denied for ") != NULL)
		return "An administrator grants reader, uploader or deployer with slipway.grant_role().";
	if (strcmp(error->sqlstate, "25006") == 0)
		return "Connect to the primary, and without default_transaction_read_only.";
	return NULL;
}

static char *
copy_text(const char *text)
{
	return text != NULL ? slipway_memory_copy(text) : NULL;
}

static char *
copy_field(const PGresult *result, int code)
{
	return copy_text(PQresultErrorField(result, code));
}

/* What is shown of the context: all of it on -v, else if a function or a row of COPY is in it. */
static char *
choose_context(const char *context, size_t length)
{
	char	   *lines = slipway_memory_copy_bytes(context, length);

	if (length > 0 && (slipway_output_is_verbose() || strstr(lines, "function ") != NULL ||
					   strncmp(lines, "COPY ", 5) == 0))
		return lines;
	free(lines);
	return NULL;
}

/* The server's message, or libpq's own words, which may be about the connection if it had no memory for a result. */
static char *
copy_message(const PGconn *conn, const PGresult *result, bool lost)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	bool		explained;

	if (message != NULL)
		return slipway_memory_copy(message);
	message = PQresultErrorMessage(result);
	if (*message == '\0')
		message = PQerrorMessage(conn);
	if (*message == '\0')
		message = "there is no answer, and no reason for that";
	return lost ? slipway_connection_error_lost(message)
		: slipway_connection_error_text(message, &explained);
}

static void
take_context(SlipwayServerError *error, const char *context)
{
	size_t		length = 0;

	if (context == NULL)
		return;
	error->place = slipway_server_error_locate(context, &error->migration, &error->problem.part,
											   &error->problem.line, &error->problem.column,
											   &length);
	error->context = choose_context(context, length);
}

/* What follows from message, SQLSTATE and place. */
static void
conclude(SlipwayServerError *error, bool lost)
{
	error->exit_code = lost ? SLIPWAY_EXIT_CONNECTION
		: slipway_server_error_exit_code(error->sqlstate, error->place);
	error->problem.sqlstate = error->sqlstate[0] != '\0' ? error->sqlstate : NULL;
	error->problem.message = error->message;
	error->problem.detail = error->detail;
	error->problem.hint = choose_hint(error);
	error->problem.context = error->context;
	error->problem.migration = error->migration;
}

static void
take_sqlstate(SlipwayServerError *error, const char *sqlstate)
{
	if (sqlstate != NULL)
		memcpy(error->sqlstate, sqlstate, strnlen(sqlstate, sizeof(error->sqlstate) - 1));
}

SlipwayServerError *
slipway_server_error_read(const PGconn *conn, const PGresult *result)
{
	SlipwayServerError *error = slipway_memory_new(sizeof(SlipwayServerError));
	bool		lost = PQstatus(conn) == CONNECTION_BAD;

	take_sqlstate(error, PQresultErrorField(result, PG_DIAG_SQLSTATE));
	error->message = copy_message(conn, result, lost);
	error->detail = copy_field(result, PG_DIAG_MESSAGE_DETAIL);
	error->hint = copy_field(result, PG_DIAG_MESSAGE_HINT);
	take_context(error, PQresultErrorField(result, PG_DIAG_CONTEXT));
	conclude(error, lost);
	return error;
}

SlipwayServerError *
slipway_server_error_recorded(const char *sqlstate, const char *message, const char *detail,
							  const char *hint, const char *context)
{
	SlipwayServerError *error = slipway_memory_new(sizeof(SlipwayServerError));

	take_sqlstate(error, sqlstate);
	error->message = slipway_memory_copy(message);
	error->detail = copy_text(detail);
	error->hint = copy_text(hint);
	take_context(error, context);
	conclude(error, false);
	return error;
}

void
slipway_server_error_free(SlipwayServerError *error)
{
	free(error->message);
	free(error->detail);
	free(error->hint);
	free(error->context);
	free(error->migration);
	free(error);
}

void
slipway_server_error_die(const PGconn *conn, const PGresult *result, const SlipwayFolder *folder)
{
	SlipwayServerError *error = slipway_server_error_read(conn, result);
	SlipwayExitCode code = error->exit_code;

	if (slipway_output_is_json())
		slipway_output_json(slipway_problem_error(&error->problem, folder, code));
	slipway_problem_print(stderr, &error->problem, folder);
	slipway_server_error_free(error);
	slipway_die_exit(code);
}
