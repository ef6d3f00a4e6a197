/*
 * credential_grantee.c
 *	  The roles that credentials have made or adopted.
 *
 * What is granted to them is no part of the schema: slipway.check_credential() looks after that. Else every snapshot would be
 * out of date when a project has got its role, and no two databases the same.
 */
#include "postgres.h"

#include "utils/acl.h"

#include "credential_grantee.h"
#include "lookup.h"

List *
slipway_credential_grantees(void)
{
	SlipwayLookup credential;
	List	   *roles = NIL;

	slipway_lookup_open(&credential, "credential");
	while (slipway_lookup_previous(&credential))
	{
		Oid			role = get_role_oid(slipway_lookup_text(&credential, "role"), true);
		bool		never;

		(void) slipway_lookup_datum(&credential, "made_at", &never);
		if (OidIsValid(role) && !never)
			roles = lappend_oid(roles, role);
	}
	slipway_lookup_close(&credential);
	return roles;
}
