/*
 * credential_fallback.c
 *	  Does the role that a project had before work again?
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "credential_work.h"
#include "memory.h"
#include "secret_buffer.h"
#include "server.h"

/* Logs in with what is in force under the prefix that the store has; *done is false if that is nothing of the role. */
static bool
try_login(SlipwayCredentialWork *work, bool *done)
{
	char	   *password = NULL;
	char	   *why = NULL;
	char	   *fault;
	PGconn	   *conn;

	*done = false;
	if (!slipway_credential_secret_in_force(work, work->previous_role, &password, &why))
		return false;
	free(why);
	if (password == NULL)
		return true;
	conn = slipway_credential_login(work, work->previous_role, password, &fault);
	slipway_secret_free(password);
	*done = true;
	if (conn == NULL)
	{
		(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_INVALID, NULL,
											"it was rolled back, but the previous role \"%s\" cannot log in: %s", work->previous_role, fault);
		free(fault);
		return false;
	}
	slipway_credential_work_say(work, "logged in as the previous role \"%s\", with %s%s", work->previous_role,
								slipway_secret_store_prefix(work->store), SLIPWAY_CREDENTIAL_PASSWORD);
	PQfinish(conn);
	return true;
}

/* The same with the secrets that projects share. */
static bool
try_shared(SlipwayCredentialWork *work, bool *done)
{
	char	   *prefix;
	bool		good;

	if (work->terms->fallback_prefix == NULL)
		return true;
	prefix = slipway_credential_terms_prefix(work->terms, work->project);
	slipway_credential_secret_forget(work);
	good = slipway_credential_work_check(work, slipway_secret_store_set_prefix(work->store, work->terms->fallback_prefix)) &&
		try_login(work, done);
	slipway_credential_secret_forget(work);
	slipway_secret_fault_free(slipway_secret_store_set_prefix(work->store, prefix));
	free(prefix);
	if (good && !*done)
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_INVALID, NULL, "it was rolled back, but %s%s is not a password of role \"%s\"",
											work->terms->fallback_prefix, SLIPWAY_CREDENTIAL_PASSWORD, work->previous_role);
	return good;
}

/* Without its password: as far as the catalogs tell. */
static bool
look_at_role(SlipwayCredentialWork *work)
{
	static const char sql[] =
		"SELECT coalesce(r.rolcanlogin, false), (SELECT pg_catalog.string_agg(n.nspname, ', ') FROM slipway.registered_project p"
		" JOIN pg_catalog.pg_namespace n ON n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (p.schemas)"
		" WHERE p.project OPERATOR(pg_catalog.=) $1 AND NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE'))"
		" FROM pg_catalog.pg_roles r WHERE r.rolname::pg_catalog.text OPERATOR(pg_catalog.=) $2";
	const char *const values[] = {work->project, work->previous_role};
	PGresult   *result = slipway_credential_work_ask(work, sql, 2, values);
	bool		good = false;

	if (result == NULL)
		return false;
	if (PQntuples(result) == 0)
		(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_INVALID, NULL, "it was rolled back, but the previous role \"%s\" does not exist",
											work->previous_role);
	else if (strcmp(PQgetvalue(result, 0, 0), "t") != 0)
		(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_INVALID, NULL, "it was rolled back, but the previous role \"%s\" may not log in",
											work->previous_role);
	else if (!PQgetisnull(result, 0, 1))
		(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_INVALID, NULL,
											"it was rolled back, but the previous role \"%s\" may not use schema %s", work->previous_role,
											PQgetvalue(result, 0, 1));
	else
	{
		slipway_credential_work_say(work, "the previous role \"%s\" exists, may log in and use the schemas; its password is not known here, "
									"so that was not tried", work->previous_role);
		good = true;
	}
	PQclear(result);
	return good;
}

bool
slipway_credential_work_fallback(SlipwayCredentialWork *work)
{
	bool		done = false;

	if (work->previous_role == NULL)
	{
		slipway_credential_work_say(work, "no previous role is registered");
		return true;
	}
	if (!try_login(work, &done) || (!done && !try_shared(work, &done)))
		return false;
	return done || look_at_role(work);
}
