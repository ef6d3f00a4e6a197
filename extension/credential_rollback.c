/*
 * credential_rollback.c
 *	  slipway.rollback_credential() and drop_orphan(): the way back.
 *
 * The steps are undone from the last one on, as far as they were done: so it does not matter at which one something
 * went wrong, or that a rollback is done again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "credential.h"
#include "credential_adoption.h"
#include "credential_mapping.h"
#include "credential_role.h"
#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

typedef enum Goal
{
	GOAL_MISSING,
	GOAL_GENERATED,
	GOAL_CREATED
} Goal;

static const char *const goals[] = {"missing", "generated", "created"};

static Goal
read_goal(const char *word)
{
	for (int i = 0; i < lengthof(goals); i++)
		if (strcmp(word, goals[i]) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a credential cannot be rolled back to \"%s\"", word),
			 errhint("It is one of created, generated, missing.")));
}

static void
undo_update(SlipwayCredential *credential)
{
	if (credential->mapped)
		slipway_mapping_restore(credential);
	credential->mapped = NULL;
	credential->updated = false;
}

/*
 * Of a role without its mark nobody knows whether it is still the one that was made. One with another mark is that of
 * another database, which a dump of this project came from.
 */
static void
require_mark(const SlipwayCredential *credential)
{
	if (credential->made && !slipway_credential_is_marked(credential))
		ereport(ERROR,
				(errcode(SLIPWAY_FOREIGN_ROLE),
				 errmsg("role \"%s\" may be another one than that which was made for project \"%s\"", credential->role,
						credential->project->name),
				 errdetail("Its comment, by which it is known, has gone."),
				 errhint("If it is that one: COMMENT ON ROLE %s IS %s", quote_identifier(credential->role),
						 quote_literal_cstr(slipway_credential_mark(credential)))));
}

/* One that is gone already was dropped by somebody else. */
static void
undo_create(SlipwayCredential *credential, const SlipwayOwned *owned)
{
	bool		exists = OidIsValid(get_role_oid(credential->role, true));

	if (exists && credential->adopted)
		slipway_adoption_undo(credential);
	else if (exists && slipway_credential_is_ours(credential))
		slipway_credential_drop_role(credential->role, owned);
	else if (exists)
		require_mark(credential);
	credential->before = NULL;
	credential->adopted = false;
	credential->made = false;
}

/* What it is when it has arrived: the secret may still be there, until somebody clears that. */
static const char *
status_of(const SlipwayCredential *credential, Goal goal)
{
	if (goal == GOAL_MISSING)
		return "rolled_back";
	return goals[goal];
}

/* Has it come as far as that, and no further? */
static bool
is_there(const SlipwayCredential *credential, Goal goal)
{
	return strcmp(credential->status, status_of(credential, goal)) == 0 ||
		(goal == GOAL_MISSING && strcmp(credential->status, "missing") == 0);
}

static void
require_beyond(const SlipwayCredential *credential, Goal goal)
{
	if ((goal == GOAL_CREATED && !credential->made) || (goal == GOAL_GENERATED && !credential->generated))
		slipway_credential_refuse(credential, psprintf("was never %s", goals[goal]), NULL);
}

PG_FUNCTION_INFO_V1(slipway_rollback_credential);

Datum
slipway_rollback_credential(PG_FUNCTION_ARGS)
{
	Goal		goal = read_goal(slipway_decision_argument(fcinfo, 1, "a state to go back to"));
	char	   *reason = slipway_credential_argument(fcinfo, 2);
	SlipwayOwned owned = slipway_credential_owned(fcinfo, 3);
	SlipwayCredential *credential = slipway_credential_begin(fcinfo, 0, "slipway.rollback_credential()");

	if (!is_there(credential, goal))
	{
		require_beyond(credential, goal);
		undo_update(credential);
		if (goal < GOAL_CREATED)
			undo_create(credential, &owned);
		slipway_credential_record(credential, status_of(credential, goal), "credential_rollback", reason, NULL);
	}
	PG_RETURN_TEXT_P(cstring_to_text(credential->status));
}

/* Is it one that was made here, and that no project claims? */
static bool
is_orphan(const char *role)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_ORPHANS " AND o.kind = 'role' AND o.role = $1", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	bool		found;

	slipway_arg_text(&args, role);
	slipway_spi_begin();
	found = slipway_query(&query, &args, 1) > 0;
	slipway_spi_end();
	return found;
}

PG_FUNCTION_INFO_V1(slipway_drop_orphan);

Datum
slipway_drop_orphan(PG_FUNCTION_ARGS)
{
	char	   *role = slipway_decision_argument(fcinfo, 0, "a role");
	SlipwayOwned owned = slipway_credential_owned(fcinfo, 1);

	slipway_privilege_require(SLIPWAY_ADMIN, NULL);
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call slipway.drop_orphan()")));
	(void) get_role_oid(role, false);
	if (!is_orphan(role))
		ereport(ERROR,
				(errcode(SLIPWAY_FOREIGN_ROLE),
				 errmsg("role \"%s\" is no orphan", role),
				 errdetail("It was not made here, or a project claims it."),
				 errhint("See slipway.credential_orphans().")));
	slipway_credential_drop_role(role, &owned);
	PG_RETURN_VOID();
}
