/*
 * actor.c
 *	  Who does something: what history says of the person and the program.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "actor.h"
#include "utf8_form.h"

/* Of the session that this one works for, if it does. */
static bool stands_in = false;
static const char *principal_addr;
static const char *principal_application;

/* As host(inet_client_addr()): that is how a stored address is hashed again. */
static char *
client_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	if (stands_in)
		return principal_addr ? pstrdup(principal_addr) : NULL;
	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	if (fcinfo->isnull)
		return NULL;
	return TextDatumGetCString(DirectFunctionCall1(network_host, address));
}

static const char *
application(void)
{
	if (stands_in)
		return principal_application;
	return application_name ? application_name : "";
}

void
slipway_actor_stand_in(const char *client_addr, const char *application)
{
	stands_in = true;
	principal_addr = client_addr;
	principal_application = application;
}

char *
slipway_actor_name(void)
{
	return slipway_utf8_form(GetUserNameFromId(GetSessionUserId(), false));
}

SlipwayActor *
slipway_actor_current(const char *owner, const char *client_version)
{
	SlipwayActor *actor = palloc0(sizeof(SlipwayActor));

	actor->session_role = slipway_actor_name();
	actor->effective_role = owner ? pstrdup(owner) : GetUserNameFromId(GetUserId(), false);
	actor->client_addr = client_address();
	actor->application_name = pstrdup(application());
	actor->client_version = client_version ? pstrdup(client_version) : NULL;
	return actor;
}

static void
refuse_context(const char *function, int refused)
{
	Oid			user;
	int			sec_context;

	GetUserIdAndSecContext(&user, &sec_context);
	if ((sec_context & refused) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s cannot be called in a security-restricted context", function),
			 errdetail("A function with SECURITY DEFINER, an index or a script of a project with an owner role "
					   "has its role only as long as it runs, in the session of somebody else."),
			 errhint("Call it from the session itself.")));
}

void
slipway_actor_require_self(const char *function)
{
	refuse_context(function, ~0);
}

void
slipway_actor_require_will(const char *function)
{
	refuse_context(function, SECURITY_RESTRICTED_OPERATION);
}

SlipwayActor *
slipway_actor_as(const SlipwayActor *actor, const char *role)
{
	SlipwayActor *other = palloc(sizeof(SlipwayActor));

	*other = *actor;
	other->effective_role = pstrdup(role);
	return other;
}
