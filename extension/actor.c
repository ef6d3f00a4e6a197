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

/* As host(inet_client_addr()): that is how a stored address is hashed again. */
static char *
client_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	if (fcinfo->isnull)
		return NULL;
	return TextDatumGetCString(DirectFunctionCall1(network_host, address));
}

SlipwayActor *
slipway_actor_current(const char *owner, const char *client_version)
{
	SlipwayActor *actor = palloc0(sizeof(SlipwayActor));

	actor->session_role = GetUserNameFromId(GetSessionUserId(), false);
	actor->effective_role = owner ? pstrdup(owner) : GetUserNameFromId(GetUserId(), false);
	actor->client_addr = client_address();
	actor->application_name = pstrdup(application_name ? application_name : "");
	actor->client_version = client_version ? pstrdup(client_version) : NULL;
	return actor;
}
