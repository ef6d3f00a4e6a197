/*
 * terms.c
 *	  On what terms a script runs: as whom, and with which time-outs.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "compat.h"
#include "run.h"
#include "terms.h"

/* The caller takes a role as SET ROLE would. */
static void
check_member(Oid role, const char *name)
{
	if (!slipway_may_become(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("\"%s\" cannot run a script as role \"%s\"", GetUserNameFromId(GetUserId(), false), name),
				 errhint("Make it a member of that role.")));
}

static void
place_role(const SlipwayDirectives *directives, SlipwayPlace *place)
{
	place->statement = directives->run_as_at;
	place->in_statement = true;
}

void
slipway_terms_check(const SlipwayDirectives *directives, SlipwayPlace *place)
{
	Oid			role;

	if (directives->run_as == NULL)
		return;
	place_role(directives, place);
	role = get_role_oid(directives->run_as, true);
	if (OidIsValid(role))
		check_member(role, directives->run_as);
	place->in_statement = false;
}

void
slipway_terms_set(SlipwayRun *run, const SlipwayDirectives *directives, SlipwayPlace *place)
{
	SlipwayTerms *terms = &run->terms;

	terms->role = run->owner;
	terms->own_lock_timeout = directives->lock_timeout >= 0;
	terms->lock_timeout = terms->own_lock_timeout ? directives->lock_timeout : run->options->lock_timeout;
	terms->statement_timeout = directives->statement_timeout >= 0 ?
		directives->statement_timeout : run->options->statement_timeout;
	if (directives->run_as == NULL)
		return;
	place_role(directives, place);
	terms->role = get_role_oid(directives->run_as, false);
	check_member(terms->role, directives->run_as);
	place->in_statement = false;
}
