/*
 * credential_step.c
 *	  The steps by which a project comes to a role of its own, one function for each.
 *
 * Each does one thing in one transaction, with its entry in the history, and looks first at what is there: done again, after
 * whatever ended the client or the server in between, it goes on from that.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "credential.h"
#include "credential_adoption.h"
#include "credential_check.h"
#include "credential_mapping.h"
#include "credential_rights.h"
#include "credential_role.h"
#include "decision.h"
#include "error_code.h"

static Datum
return_status(const SlipwayCredential *credential)
{
	PG_RETURN_TEXT_P(cstring_to_text(credential->status));
}

PG_FUNCTION_INFO_V1(slipway_generate_credential);

Datum
slipway_generate_credential(PG_FUNCTION_ARGS)
{
	char	   *reference = slipway_decision_argument(fcinfo, 0, "where the password is kept");
	SlipwayCredential *credential = slipway_credential_begin(fcinfo, 1, "slipway.generate_credential()");

	if (credential->generated && strcmp(credential->reference, reference) == 0 &&
		(credential->made || strcmp(credential->status, "generated") == 0))
		return return_status(credential);
	if (credential->made)
		slipway_credential_refuse(credential, "has a role already, whose password is kept elsewhere",
								  "Undo that first with slipway.rollback_credential().");
	credential->reference = reference;
	credential->generated = true;
	slipway_credential_record(credential, "generated", "credential_generate", NULL, NULL);
	return return_status(credential);
}

/* A role of that name is there, and nobody has said that it is ours. */
static void
refuse_foreign(const SlipwayCredential *credential)
{
	ereport(ERROR,
			(errcode(SLIPWAY_FOREIGN_ROLE),
			 errmsg("role \"%s\" exists already", credential->role),
			 errdetail("It was not made for project \"%s\" in this database.", credential->project->name),
			 errhint("Register another name, or adopt the role.")));
}

static void
adopt(SlipwayCredential *credential, const char *verifier)
{
	slipway_adoption_check(credential, verifier);
	slipway_adoption_note(credential);
	credential->adopted = true;
	slipway_credential_take_role(credential, verifier);
}

/* Is it known, and not only by its name, that the role is this project's? */
static bool
is_known(const SlipwayCredential *credential)
{
	return credential->adopted ? credential->made : slipway_credential_is_ours(credential);
}

static void
make(SlipwayCredential *credential, const char *verifier, bool may_adopt)
{
	bool		exists = OidIsValid(get_role_oid(credential->role, true));

	if (exists && !is_known(credential))
	{
		if (!may_adopt)
			refuse_foreign(credential);
		credential->before = NULL;
		adopt(credential, verifier);
	}
	else if (exists && credential->adopted)
		adopt(credential, verifier);
	else
	{
		if (verifier == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a verifier must be given")));
		credential->adopted = false;
		credential->before = NULL;
		slipway_credential_make_role(credential, verifier);
	}
	slipway_rights_grant(credential);
}

PG_FUNCTION_INFO_V1(slipway_create_credential);

Datum
slipway_create_credential(PG_FUNCTION_ARGS)
{
	char	   *verifier = slipway_credential_argument(fcinfo, 0);
	bool		may_adopt = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	SlipwayCredential *credential;

	if (verifier)
		slipway_credential_check_verifier(verifier);
	credential = slipway_credential_begin(fcinfo, 1, "slipway.create_credential()");
	if (!credential->generated)
		slipway_credential_refuse(credential, "has no password yet",
								  "Put one into the secret store, and say so with slipway.generate_credential().");
	slipway_credential_check_role_name(credential->role);
	slipway_rights_require_schema(credential);
	make(credential, verifier, may_adopt);
	if (verifier)
		explicit_bzero(verifier, strlen(verifier));
	credential->made = true;
	slipway_credential_record(credential, credential->updated ? "active" : "created", "credential_create",
							  NULL, NULL);
	return return_status(credential);
}

PG_FUNCTION_INFO_V1(slipway_update_credential);

Datum
slipway_update_credential(PG_FUNCTION_ARGS)
{
	SlipwayCredential *credential = slipway_credential_begin(fcinfo, 0, "slipway.update_credential()");

	if (credential->updated && strcmp(credential->status, "active") == 0)
		return return_status(credential);
	if (!credential->made || !OidIsValid(get_role_oid(credential->role, true)))
		slipway_credential_refuse(credential, "has no role yet", "Make it with slipway.create_credential().");
	if (credential->mapping && !credential->updated)
		credential->mapped = slipway_mapping_write(credential, "active");
	credential->updated = true;
	slipway_credential_record(credential, "active", "credential_update", NULL, NULL);
	return return_status(credential);
}

PG_FUNCTION_INFO_V1(slipway_validate_credential);

Datum
slipway_validate_credential(PG_FUNCTION_ARGS)
{
	char	   *reason = slipway_credential_argument(fcinfo, 1);
	SlipwayCredential *credential = slipway_credential_begin(fcinfo, 0, "slipway.validate_credential()");

	if (!credential->updated)
		slipway_credential_refuse(credential, "is not used yet", "Say that it is with slipway.update_credential().");
	slipway_credential_require_sound(credential);
	slipway_credential_record(credential, "active", "credential_validate", reason, NULL);
	PG_RETURN_TIMESTAMPTZ(GetCurrentTimestamp());
}

PG_FUNCTION_INFO_V1(slipway_clear_credential);

Datum
slipway_clear_credential(PG_FUNCTION_ARGS)
{
	SlipwayCredential *credential = slipway_credential_begin(fcinfo, 0, "slipway.clear_credential()");

	if (credential->made)
		slipway_credential_refuse(credential, "has a role, which needs its password",
								  "Undo that first with slipway.rollback_credential().");
	if (credential->reference == NULL)
		return return_status(credential);
	credential->reference = NULL;
	credential->generated = false;
	slipway_credential_record(credential,
							  strcmp(credential->status, "rolled_back") == 0 ? "rolled_back" : "missing",
							  "credential_clear", NULL, NULL);
	return return_status(credential);
}

/* The action that a step has in the history. */
static const char *
find_action(const char *step)
{
	static const char *const steps[] = {"generate", "create", "update", "validate", "rollback"};

	for (int i = 0; i < lengthof(steps); i++)
		if (strcmp(step, steps[i]) == 0)
			return psprintf("credential_%s", steps[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no step \"%s\"", step),
			 errhint("It is one of generate, create, update, validate, rollback.")));
}

static int
read_sqlstate(const char *sqlstate)
{
	if (sqlstate == NULL)
		return ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	if (strlen(sqlstate) != 5 || strspn(sqlstate, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no SQLSTATE", sqlstate)));
	return MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4]);
}

PG_FUNCTION_INFO_V1(slipway_fail_credential);

Datum
slipway_fail_credential(PG_FUNCTION_ARGS)
{
	const char *action = find_action(slipway_decision_argument(fcinfo, 0, "a step"));
	ErrorData	error = {0};
	SlipwayCredential *credential;

	error.message = slipway_decision_argument(fcinfo, 1, "a message");
	error.sqlerrcode = read_sqlstate(slipway_credential_argument(fcinfo, 3));
	credential = slipway_credential_begin(fcinfo, 2, "slipway.fail_credential()");
	slipway_credential_record(credential, "failed", action, NULL, &error);
	return return_status(credential);
}
