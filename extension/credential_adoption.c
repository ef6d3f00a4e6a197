/*
 * credential_adoption.c
 *	  A role that a credential has not made but taken: what it was before, and how it becomes that again.
 *
 * Kept are all rights that it had, and not only those of the preset: schemas come to a project and leave it, and whoever
 * looks at its present ones would take too little, or too much.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "credential_adoption.h"
#include "credential_rights.h"
#include "credential_role.h"
#include "error_code.h"
#include "query.h"
#include "spi.h"

/*
 * A password that it had before cannot be put back, as nobody is to keep it, or its verifier, in a table: so it is not
 * touched.
 */
static void
check_password(const SlipwayCredential *credential, const char *verifier, bool has_password)
{
	if (has_password == (verifier == NULL))
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_FOREIGN_ROLE),
			 errmsg("role \"%s\" cannot be adopted", credential->role),
			 has_password ? errdetail("It has a password, which is not replaced: it could not be put back.")
			 : errdetail("It has no password, and none is given."),
			 has_password ?
			 errhint("Give no verifier, and keep its password in the secret store; or take it away with ALTER ROLE ... PASSWORD NULL.") : 0));
}

/* Had it a password when it was adopted? */
static bool
had_password_before(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"SELECT ($1::jsonb -> 'password')::boolean", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	bool		had_password;
	bool		isnull;

	slipway_arg_text(&args, credential->before);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	had_password = DatumGetBool(slipway_row_datum(0, 1, &isnull));
	slipway_spi_end();
	return had_password;
}

void
slipway_adoption_check(const SlipwayCredential *credential, const char *verifier)
{
	bool		has_password;

	if (superuser_arg(get_role_oid(credential->role, false)))
		ereport(ERROR,
				(errcode(SLIPWAY_FOREIGN_ROLE),
				 errmsg("role \"%s\" cannot be adopted", credential->role),
				 errdetail("It is a superuser.")));
	has_password = slipway_credential_has_password(credential->role);
	/* One that it has from here may stay, or be another. */
	if (credential->before == NULL || !has_password || had_password_before(credential))
		check_password(credential, verifier, has_password);
}

#define WITH_RIGHTS "given AS (" SLIPWAY_QUERY_CREDENTIAL_GIVEN "),\n" \
	"listed AS (" SLIPWAY_QUERY_CREDENTIAL_LISTED "),\n" \
	"actual AS (" SLIPWAY_QUERY_CREDENTIAL_ACTUAL ")\n"

void
slipway_adoption_note(SlipwayCredential *credential)
{
	static SlipwayQuery query = {"WITH own AS (" SLIPWAY_QUERY_CREDENTIAL_OWN "),\n" WITH_RIGHTS
		SLIPWAY_QUERY_CREDENTIAL_ADOPTED_STATE, 4, {TEXTOID, TEXTOID, TEXTOID, BOOLOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, credential->role);
	slipway_arg_text(&args, credential->project->name);
	slipway_arg_text(&args, credential->before);
	slipway_arg_datum(&args, BoolGetDatum(slipway_credential_has_password(credential->role)), false);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) == 0)
		elog(ERROR, "role \"%s\" is gone", credential->role);
	credential->before = slipway_row_text(0, 1);
	slipway_spi_end();
}

/* All rights of the role, as JSON. */
static char *
read_actual(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"WITH " WITH_RIGHTS "SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]')::text FROM actual a", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	char	   *rights;

	slipway_arg_text(&args, credential->role);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	rights = slipway_row_text(0, 1);
	slipway_spi_end();
	return rights;
}

#define WITH_OURS "WITH own_now AS (" SLIPWAY_QUERY_CREDENTIAL_OWN "),\n" \
	"own AS (" SLIPWAY_QUERY_CREDENTIAL_ADOPTED_OWN "),\n" \
	"intended AS (" SLIPWAY_QUERY_CREDENTIAL_INTENDED "),\n" \
	"ours AS (" SLIPWAY_QUERY_CREDENTIAL_ADOPTED_OURS "),\n" WITH_RIGHTS

/* $1 to $4 of a query behind that. */
static SlipwayArgs
make_args(const SlipwayCredential *credential)
{
	SlipwayArgs args = {0};

	slipway_arg_text(&args, credential->role);
	slipway_arg_text(&args, credential->project->name);
	slipway_arg_text(&args, credential->preset);
	slipway_arg_text(&args, credential->before);
	return args;
}

/* What the preset has given, and is still there. */
static List *
read_ours(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {WITH_OURS ",\ngranted AS (" SLIPWAY_QUERY_CREDENTIAL_GRANTED ")\n"
		"SELECT g.kind, g.object, g.privilege, 'granted', g.grantor FROM ours o "
		"JOIN granted g ON g.kind = o.kind AND g.object = o.object AND g.privilege = o.privilege ORDER BY 1, 2, 5, 3",
	4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = make_args(credential);

	return slipway_rights_query(&query, &args);
}

/* What else went with that, of what was there. */
static List *
read_lost(const SlipwayCredential *credential, const char *rights)
{
	static SlipwayQuery query = {WITH_OURS SLIPWAY_QUERY_CREDENTIAL_ADOPTED_LOST, 5, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = make_args(credential);

	slipway_arg_text(&args, rights);
	return slipway_rights_query(&query, &args);
}

void
slipway_adoption_undo(const SlipwayCredential *credential)
{
	char	   *rights = read_actual(credential);

	slipway_rights_change(SLIPWAY_REVOKE, read_ours(credential), credential->role);
	slipway_rights_change(SLIPWAY_GRANT, read_lost(credential, rights), credential->role);
	slipway_rights_require_done(SLIPWAY_REVOKE, read_ours(credential), credential);
	slipway_credential_restore_role(credential);
}
