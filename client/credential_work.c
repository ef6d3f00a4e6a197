/*
 * credential_work.c
 *	  One project while its credential is worked on.
 */
#include "credential_work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connection_error.h"
#include "memory.h"
#include "server.h"
#include "server_error.h"

/* How long the session of a client that was killed may live on. */
#define LOCK_TRIES 30
#define LOCK_PAUSE_MS 100

#define LOCK_KEY "pg_catalog.hashtext('slipway credential'), pg_catalog.hashtext($1)"

bool
slipway_credential_work_fail(SlipwayCredentialWork *work, SlipwayExitCode code, const char *hint, const char *format,...)
{
	SlipwayCredentialEnd *end = work->end;
	va_list		arguments;

	if (end->message != NULL)
		return false;
	end->outcome = SLIPWAY_CREDENTIAL_FAILED;
	end->exit_code = code;
	end->hint = hint != NULL ? slipway_memory_copy(hint) : NULL;
	va_start(arguments, format);
	end->message = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	return false;
}

bool
slipway_credential_work_check(SlipwayCredentialWork *work, SlipwaySecretFault *fault)
{
	if (fault == NULL)
		return true;
	(void) slipway_credential_work_fail(work, slipway_secret_fault_exit_code(fault), fault->hint, "%s", fault->text);
	slipway_secret_fault_free(fault);
	return false;
}

/* The first failure counts; but that the connection is gone counts in any case. */
bool
slipway_credential_work_fail_server(SlipwayCredentialWork *work, const PGresult *result)
{
	SlipwayServerError *error = slipway_server_error_read(work->conn, result);
	SlipwayCredentialEnd *end = work->end;
	const char *detail = error->detail;

	if (end->message == NULL)
	{
		(void) slipway_credential_work_fail(work, error->exit_code, error->problem.hint, "%s", error->message);
		end->detail = detail != NULL ? slipway_memory_copy(detail) : NULL;
		(void) snprintf(end->sqlstate, sizeof(end->sqlstate), "%s", error->sqlstate);
	}
	/* where libpq could not read an answer, it would take that for the next one's: such a connection is as good as none */
	if (PQstatus(work->conn) != CONNECTION_OK || error->sqlstate[0] == '\0')
	{
		end->outcome = SLIPWAY_CREDENTIAL_LOST;
		end->exit_code = SLIPWAY_EXIT_CONNECTION;
	}
	slipway_server_error_free(error);
	return false;
}

PGresult *
slipway_credential_work_ask(SlipwayCredentialWork *work, const char *sql, int count, const char *const *values)
{
	PGresult   *result = PQexecParams(work->conn, sql, count, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	(void) slipway_credential_work_fail_server(work, result);
	PQclear(result);
	return NULL;
}

bool
slipway_credential_work_do(SlipwayCredentialWork *work, const char *sql, int count, const char *const *values)
{
	PGresult   *result = slipway_credential_work_ask(work, sql, count, values);

	PQclear(result);
	return result != NULL;
}

void
slipway_credential_work_abort(SlipwayCredentialWork *work)
{
	if (PQstatus(work->conn) == CONNECTION_OK && PQtransactionStatus(work->conn) != PQTRANS_IDLE)
		PQclear(PQexec(work->conn, "ROLLBACK"));
}

void
slipway_credential_work_say(const SlipwayCredentialWork *work, const char *format,...)
{
	va_list		arguments;
	char	   *text;

	if (work->terms->say == NULL)
		return;
	va_start(arguments, format);
	text = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	work->terms->say(work->terms->context, work->project, text);
	free(text);
}

bool
slipway_credential_work_goes_on(SlipwayCredentialWork *work)
{
	if (work->terms->is_stopped == NULL || !work->terms->is_stopped(work->terms->context))
		return true;
	return slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, NULL, "interrupted");
}

/* The lock is the session's: it goes with the program, whatever ends that. */
static bool
take_lock(SlipwayCredentialWork *work)
{
	const char *const values[] = {work->project};
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};

	for (int i = 0; i < LOCK_TRIES && !work->is_locked; i++)
	{
		PGresult   *result = slipway_credential_work_ask(work, "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_KEY ")", 1, values);

		if (result == NULL)
			return false;
		work->is_locked = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
		PQclear(result);
		if (!work->is_locked)
			(void) nanosleep(&pause, NULL);
	}
	if (work->is_locked)
		return true;
	(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_LOCKED, "Wait until it has ended.",
										"the credential of the project is being worked on by another slipway");
	work->end->outcome = SLIPWAY_CREDENTIAL_LOCKED;
	return false;
}

static void
release(SlipwayCredentialWork *work)
{
	free(work->role);
	free(work->status);
	free(work->previous_role);
	free(work->reference);
	work->role = work->status = work->previous_role = work->reference = NULL;
	work->set[0] = '\0';
}

static char *
copy_field(const PGresult *result, int field)
{
	const char *text = slipway_server_text(result, 0, field);

	return text != NULL ? slipway_memory_copy(text) : NULL;
}

static bool
read_flag(const PGresult *result, int field)
{
	return strcmp(PQgetvalue(result, 0, field), "t") == 0;
}

char *
slipway_credential_work_reference(const SlipwayCredentialWork *work)
{
	return slipway_memory_format("%s:%s@", slipway_secret_store_place(work->store), slipway_secret_store_prefix(work->store));
}

/* A reference that somebody else has written names no set. */
static void
read_set(SlipwayCredentialWork *work)
{
	char	   *beginning = slipway_credential_work_reference(work);
	size_t		length = strlen(beginning);

	if (work->reference != NULL && strncmp(work->reference, beginning, length) == 0 &&
		strlen(work->reference + length) == SLIPWAY_SECRET_SET_SIZE - 1 &&
		strspn(work->reference + length, "0123456789abcdef") == SLIPWAY_SECRET_SET_SIZE - 1)
		memcpy(work->set, work->reference + length, SLIPWAY_SECRET_SET_SIZE);
	free(beginning);
}

bool
slipway_credential_work_read(SlipwayCredentialWork *work)
{
	static const char sql[] =
		"SELECT role, status, previous_role, reference, registered_at IS NOT NULL, made_at IS NOT NULL,"
		" updated_at IS NOT NULL, validated_at IS NOT NULL, coalesce(adopted, false)"
		" FROM slipway.project_credential WHERE project OPERATOR(pg_catalog.=) $1";
	const char *const values[] = {work->project};
	PGresult   *result = slipway_credential_work_ask(work, sql, 1, values);
	bool		known;

	if (result == NULL)
		return false;
	release(work);
	known = PQntuples(result) > 0;
	if (known)
	{
		work->role = copy_field(result, 0);
		work->status = copy_field(result, 1);
		work->previous_role = copy_field(result, 2);
		work->reference = copy_field(result, 3);
		work->is_registered = read_flag(result, 4);
		work->is_made = read_flag(result, 5);
		work->is_updated = read_flag(result, 6);
		work->is_validated = read_flag(result, 7);
		work->is_adopted = read_flag(result, 8);
	}
	PQclear(result);
	if (!known)
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, "See \"slipway credential list\".",
											"there is no project \"%s\", or it is not for this role to see", work->project);
	if (!work->is_registered)
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, "Say with \"slipway credential register\" which role it is to have.",
											"project \"%s\" has no credential", work->project);
	if (work->store != NULL)
		read_set(work);
	return true;
}

/* Would another project's secrets have the same names? With %p they cannot, as names differ. */
static bool
check_prefix(SlipwayCredentialWork *work)
{
#define CAPITALS(name) "pg_catalog.regexp_replace(pg_catalog.upper(" name " COLLATE \"C\"), '[^A-Z0-9_]', '_', 'g')"
	static const char sql[] =
		"SELECT project FROM slipway.project_credential WHERE project OPERATOR(pg_catalog.<>) $1"
		" AND " CAPITALS("project") " OPERATOR(pg_catalog.=) " CAPITALS("$1") " ORDER BY 1 LIMIT 1";
	const char *const values[] = {work->project};
	PGresult   *result;

	if (strstr(work->terms->prefix, "%p") != NULL)
		return true;
	result = slipway_credential_work_ask(work, sql, 1, values);
	if (result == NULL)
		return false;
	if (PQntuples(result) > 0)
		(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_USAGE, "With %p in --secret-prefix it has the names of projects as they are.",
											"projects \"%s\" and \"%s\" would have the same secrets, %s...", work->project,
											PQgetvalue(result, 0, 0), slipway_secret_store_prefix(work->store));
	PQclear(result);
	return work->end->message == NULL;
}

static bool
open_store(SlipwayCredentialWork *work)
{
	char	   *prefix = slipway_credential_terms_prefix(work->terms, work->project);
	SlipwaySecretFault *fault = slipway_secret_store_set_prefix(work->terms->store, prefix);

	free(prefix);
	work->store = work->terms->store;
	return slipway_credential_work_check(work, fault);
}

bool
slipway_credential_work_begin(SlipwayCredentialWork *work, PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
							  SlipwayCredentialEnd *end)
{
	*end = (SlipwayCredentialEnd) {.outcome = SLIPWAY_CREDENTIAL_DONE};
	*work = (SlipwayCredentialWork) {.conn = conn,.terms = terms,.project = project,.end = end};
	if (terms->store != NULL && !open_store(work))
		return false;
	return take_lock(work) && slipway_credential_work_read(work) && (work->store == NULL || check_prefix(work));
}

void
slipway_credential_work_end(SlipwayCredentialWork *work)
{
	const char *const values[] = {work->project};

	slipway_credential_work_abort(work);
	if (work->is_locked && PQstatus(work->conn) == CONNECTION_OK)
		PQclear(PQexecParams(work->conn, "SELECT pg_catalog.pg_advisory_unlock(" LOCK_KEY ")", 1, NULL, values, NULL, NULL, 0));
	release(work);
	slipway_credential_secret_forget(work);
}
