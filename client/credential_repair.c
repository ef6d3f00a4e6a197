/*
 * credential_repair.c
 *	  Brings a credential back that is not as it was made: rights, role, secret.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "credential_work.h"
#include "memory.h"
#include "output.h"
#include "secret_buffer.h"
#include "server.h"

/* Statements that take away what the role has beyond its rights. Objects are quoted by the server. */
static const char revoke_sql[] =
	"SELECT CASE WHEN r.kind OPERATOR(pg_catalog.=) 'ROLE' AND r.privilege OPERATOR(pg_catalog.=) 'MEMBER'"
	" THEN pg_catalog.format('REVOKE %s FROM %I', r.object, $2::pg_catalog.text)"
	" WHEN r.kind OPERATOR(pg_catalog.=) 'ROLE' THEN pg_catalog.format('ALTER ROLE %s NO%s', r.object, r.privilege)"
	" WHEN pg_catalog.starts_with(r.object, 'FOR ROLE ')"
	" THEN pg_catalog.format('ALTER DEFAULT PRIVILEGES %s REVOKE %s ON %s FROM %I', r.object, p.privilege, r.kind, $2)"
	" ELSE pg_catalog.format('REVOKE %s ON %s %s FROM %I', p.privilege, r.kind, r.object, $2) END"
	" FROM slipway.credential_rights($1) r CROSS JOIN LATERAL (SELECT"
	" CASE WHEN pg_catalog.right(r.privilege, 18) OPERATOR(pg_catalog.=) ' WITH GRANT OPTION'"
	" THEN 'GRANT OPTION FOR ' || pg_catalog.left(r.privilege, -18) ELSE r.privilege END AS privilege) p"
	" WHERE r.state OPERATOR(pg_catalog.=) 'superfluous'";

/* Tells of something that is done, or would be. */
static void
tell(const SlipwayCredentialWork *work, bool dry_run, const char *what)
{
	slipway_credential_work_say(work, "%s%s", dry_run ? "would " : "", what);
}

static bool
revoke(SlipwayCredentialWork *work, bool dry_run, int *done)
{
	const char *const values[] = {work->project, work->role};
	PGresult   *result = slipway_credential_work_ask(work, revoke_sql, 2, values);
	bool		good = result != NULL;

	/* what an adopted role had before is not ours to take */
	for (int row = 0; good && !work->is_adopted && row < PQntuples(result); row++)
	{
		slipway_credential_work_say(work, "%s%s", dry_run ? "would execute: " : "", PQgetvalue(result, row, 0));
		(*done)++;
		if (!dry_run)
			good = slipway_credential_work_do(work, PQgetvalue(result, row, 0), 0, NULL);
	}
	PQclear(result);
	return good;
}

/*
 * The password, where the store has lost it: a new one under the same reference. What was published of the set before is taken
 * away with it, and what was in force before that is so for a moment.
 */
static bool
restore_secret(SlipwayCredentialWork *work, bool dry_run, bool *is_new, int *done)
{
	char	   *why;
	char	   *password;

	*is_new = false;
	if (!slipway_credential_secret_in_force(work, work->role, NULL, &why))
		return false;
	if (why == NULL)
		return true;
	slipway_credential_work_say(work, "the secret in force: %s", why);
	free(why);
	if (work->set[0] == '\0')
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_USAGE, "Give --secrets and --secret-prefix as they were then.",
											"the password of its role is not kept in %s", slipway_secret_store_place(work->store));
	if (!slipway_credential_secret_password(work, &password))
		return false;
	*is_new = true;
	(*done)++;
	tell(work, dry_run, password != NULL ? "put the password in force that the store still has" : "make a new password");
	slipway_secret_free(password);
	if (dry_run)
		return true;
	return slipway_credential_secret_renew(work);
}

static const char missing_sql[] =
	"SELECT finding, object, detail FROM slipway.check_credential($1)"
	" WHERE finding OPERATOR(pg_catalog.=) ANY ('{missing right,no role,no login,connection limit}')";

/* Does the role have the password that is in force? One that cannot log in with it gets it again; the password of an adopted role is not ours. */
static bool
look_at_password(SlipwayCredentialWork *work, bool dry_run, bool *is_other)
{
	char	   *password;
	char	   *fault;
	PGconn	   *conn;

	*is_other = false;
	if (work->is_adopted)
		return true;
	if (!slipway_credential_secret_password(work, &password))
		return false;
	conn = password != NULL ? slipway_credential_login(work, work->role, password, &fault) : NULL;
	if (password != NULL && conn == NULL)
	{
		*is_other = true;
		slipway_credential_work_say(work, "%s the role the password that is in force: %s", dry_run ? "would give" : "giving", fault);
		free(fault);
	}
	PQfinish(conn);
	slipway_secret_free(password);
	return work->end->message == NULL;
}

static bool
restore_role(SlipwayCredentialWork *work, bool dry_run, bool is_new, int *done)
{
	const char *const values[] = {work->project};
	PGresult   *result = slipway_credential_work_ask(work, missing_sql, 1, values);
	int			rows;

	if (result == NULL)
		return false;
	rows = PQntuples(result);
	for (int row = 0; row < rows; row++)
		slipway_credential_work_say(work, "%s%s: %s: %s", dry_run ? "would put right: " : "putting right: ", PQgetvalue(result, row, 0),
									PQgetvalue(result, row, 1), PQgetvalue(result, row, 2));
	PQclear(result);
	*done += rows;
	if (rows == 0 && !is_new)
	{
		if (!look_at_password(work, dry_run, &is_new))
			return false;
		*done += is_new;
	}
	return (rows == 0 && !is_new) || dry_run || slipway_credential_work_create(work);
}

static bool
repair(SlipwayCredentialWork *work, bool dry_run)
{
	bool		is_new;
	int			done = 0;

	work->end->step = SLIPWAY_CREDENTIAL_VALIDATE;
	if (!work->is_made || !work->is_updated)
		return slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, "\"slipway credential migrate\" finishes it, or undoes it.",
											"the project was not moved to its role yet");
	if (!restore_secret(work, dry_run, &is_new, &done) || !restore_role(work, dry_run, is_new, &done) || !revoke(work, dry_run, &done))
		return false;
	if (done == 0)
		slipway_credential_work_say(work, "nothing is to be repaired");
	return dry_run || slipway_credential_work_validate(work);
}

static void
run(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, bool dry_run, SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;
	double		began_at = slipway_clock_now();

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
	{
		(void) repair(&work, dry_run);
		end->durations[SLIPWAY_CREDENTIAL_VALIDATE] = slipway_clock_now() - began_at;
	}
	slipway_credential_work_end(&work);
}

void
slipway_credential_repair(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end)
{
	run(conn, terms, project, false, end);
}

void
slipway_credential_plan_repair(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end)
{
	run(conn, terms, project, true, end);
}

void
slipway_credential_retire(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
	{
		end->step = SLIPWAY_CREDENTIAL_UPDATE;
		if (!work.is_updated || !work.is_validated)
			(void) slipway_credential_work_fail(&work, SLIPWAY_EXIT_ERROR, "See \"slipway credential validate\".",
												"what it has used before may be needed yet: the credential was not validated");
		else if (work.set[0] != '\0' && slipway_credential_work_check(&work, slipway_secret_store_retire(work.store, work.set)))
			slipway_credential_work_say(&work, "what was in force before is removed");
	}
	slipway_credential_work_end(&work);
}
