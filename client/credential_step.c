/*
 * credential_step.c
 *	  The steps by which a project comes to a role of its own, and the way back.
 *
 * Where database and store are changed in one step, the database is asked first, in a transaction that is committed once the store has
 * done its part: if that fails, the database has done nothing. If the program is ended, or the connection lost, just before the
 * commit, the store is ahead of the database; doing the step again finds that done already.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "credential_work.h"
#include "memory.h"
#include "secret_buffer.h"
#include "server.h"

/* Says in the database where the password will be. */
static bool
refer(SlipwayCredentialWork *work)
{
	char	   *beginning;
	char	   *reference;
	const char *values[2] = {NULL, work->project};
	bool		good;

	if (work->set[0] == '\0')
		slipway_secret_store_make_set(work->set);
	beginning = slipway_credential_work_reference(work);
	reference = slipway_memory_format("%s%s", beginning, work->set);
	values[0] = reference;
	good = slipway_credential_work_do(work, "SELECT slipway.generate_credential($1, $2)", 2, values);
	free(work->reference);
	work->reference = reference;
	free(beginning);
	return good;
}

bool
slipway_credential_work_generate(SlipwayCredentialWork *work)
{
	char	   *password;

	if (work->reference != NULL && work->set[0] == '\0')
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_USAGE, "Give --secrets and --secret-prefix as they were then, or roll it back first.",
											"the password of its role is kept elsewhere: %s", work->reference);
	/* a store that cannot be reached is found out before anything is written down */
	if (!slipway_credential_secret_password(work, &password))
		return false;
	slipway_secret_free(password);
	if (!work->is_made && !refer(work))
		return false;
	if (!slipway_credential_secret_stage(work))
		return false;
	slipway_credential_work_say(work, "the password of role \"%s\" is in %s, not in force", work->role, slipway_secret_store_place(work->store));
	return true;
}

/* By the function call protocol: what stands in statements or their parameters may come into the log. */
static bool
call_create(SlipwayCredentialWork *work, const char *verifier, int function)
{
	char		adopt = (char) work->terms->adopt;
	PQArgBlock	arguments[] = {
		{.len = verifier != NULL ? (int) strlen(verifier) : -1,.u.ptr = (int *) verifier},
		{.len = (int) strlen(work->project),.u.ptr = (int *) work->project},
		{.len = 1,.u.ptr = (int *) &adopt},
	};
	int			answer[64];
	int			length = 0;
	PGresult   *result = PQfn(work->conn, function, answer, &length, 0, arguments, 3);
	bool		good = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (!good)
		(void) slipway_credential_work_fail_server(work, result);
	PQclear(result);
	return good;
}

static bool
give_verifier(SlipwayCredentialWork *work, const char *password)
{
	PGresult   *result = slipway_credential_work_ask(
		work, "SELECT 'slipway.create_credential(text, text, boolean)'::pg_catalog.regprocedure::pg_catalog.oid", 0, NULL);
	char	   *verifier = NULL;
	int			function;
	bool		good;

	if (result == NULL)
		return false;
	function = (int) strtoul(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	if (password != NULL)
	{
		verifier = PQencryptPasswordConn(work->conn, password, work->role, "scram-sha-256");
		if (verifier == NULL)
			return slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, NULL, "libpq could not make a verifier of the password");
	}
	good = call_create(work, verifier, function);
	if (verifier != NULL)
	{
		explicit_bzero(verifier, strlen(verifier));
		PQfreemem(verifier);
	}
	return good;
}

/*
 * A role that is adopted may log in with a password that the store has already: that stays as it is, in the database too. One
 * that was adopted and given a password in an earlier, interrupted call has got it by us, and may get it again.
 */
static bool
keeps_password(SlipwayCredentialWork *work, bool *keeps)
{
	char	   *why = NULL;

	*keeps = false;
	if (!work->terms->adopt && !work->is_adopted)
		return true;
	if (!slipway_credential_secret_in_force(work, work->role, NULL, &why))
		return false;
	*keeps = why == NULL;
	free(why);
	return true;
}

bool
slipway_credential_work_create(SlipwayCredentialWork *work)
{
	char	   *password;
	bool		keeps;
	bool		good;

	if (!slipway_credential_secret_password(work, &password))
		return false;
	if (password == NULL)
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, "\"slipway credential generate\" makes one.",
											"the store has no password of role \"%s\"", work->role);
	good = keeps_password(work, &keeps) && give_verifier(work, keeps ? NULL : password);
	slipway_secret_free(password);
	if (good)
		slipway_credential_work_say(work, "role \"%s\" has its rights, and may log in", work->role);
	return good;
}

/* The store between the database's part and its commit. */
static bool
commit_behind(SlipwayCredentialWork *work, bool store_is_done)
{
	if (store_is_done && slipway_credential_work_do(work, "COMMIT", 0, NULL))
		return true;
	slipway_credential_work_abort(work);
	return false;
}

/*
 * Puts the set in force. One that has come after it, and is the role's too, stays: it has a newer password. What the store has beside role
 * and password may have changed since these were staged, as the host of a connection string: unless that was just now, it is done anew.
 */
static bool
put_in_force(SlipwayCredentialWork *work)
{
	char	   *password = NULL;
	char	   *why;
	bool		good;

	if (!slipway_credential_secret_in_force(work, work->role, NULL, &why))
		return false;
	good = why == NULL && work->is_updated;
	free(why);
	if (good)
		return true;
	if (!slipway_credential_secret_password(work, &password))
		return false;
	good = password != NULL && (work->password != NULL || slipway_credential_secret_stage(work)) && slipway_credential_secret_publish(work);
	if (password == NULL)
		(void) slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, "\"slipway credential migrate\" makes a new one, as does \"generate\", with \"create\".",
											"the store has no password of role \"%s\"", work->role);
	slipway_secret_free(password);
	return good;
}

bool
slipway_credential_work_update(SlipwayCredentialWork *work)
{
	const char *const values[] = {work->project};
	bool		good;

	if (work->set[0] == '\0')
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_USAGE, "Give --secrets and --secret-prefix as they were then.",
											"the password of its role is not kept in %s", slipway_secret_store_place(work->store));
	good = slipway_credential_work_do(work, "BEGIN", 0, NULL) &&
		slipway_credential_work_do(work, "SELECT slipway.update_credential($1)", 1, values);
	good = commit_behind(work, good && put_in_force(work));
	if (good)
		slipway_credential_work_say(work, "in force: %s%s is \"%s\"", slipway_secret_store_prefix(work->store), SLIPWAY_CREDENTIAL_USERNAME,
									work->role);
	return good;
}

static bool
undo_in_database(SlipwayCredentialWork *work, const char *reason)
{
	const char *const values[] = {
		work->project, reason, work->terms->owned != NULL ? work->terms->owned : "refuse", work->terms->heir
	};

	return slipway_credential_work_do(work, "SELECT slipway.rollback_credential($1, 'missing', $2, $3, $4)", 4, values);
}

bool
slipway_credential_work_undo(SlipwayCredentialWork *work, const char *reason, bool clean_up)
{
	const char *const values[] = {work->project};
	bool		clears = clean_up && work->set[0] != '\0';
	bool		good = slipway_credential_work_do(work, "BEGIN", 0, NULL) && undo_in_database(work, reason) &&
		(!clears || slipway_credential_work_do(work, "SELECT slipway.clear_credential($1)", 1, values));

	good = commit_behind(work, good && slipway_credential_secret_withdraw(work, clean_up));
	if (good && clean_up && work->reference != NULL && !clears)
		slipway_credential_work_say(work, "what %s says was not made by this command, and stays", work->reference);
	return good;
}

bool
slipway_credential_work_forget(SlipwayCredentialWork *work)
{
	const char *const values[] = {work->project};
	bool		good = slipway_credential_work_do(work, "BEGIN", 0, NULL) &&
		slipway_credential_work_do(work, "SELECT slipway.clear_credential($1)", 1, values);

	return commit_behind(work, good && slipway_credential_work_check(work, slipway_secret_store_withdraw(work->store, work->set)));
}
