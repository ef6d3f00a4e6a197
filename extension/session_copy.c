/*
 * session_copy.c
 *	  What a session is to the statements it runs, for another process to be
 *	  the same.
 *
 * Settings of the server, the database and the role are as in any new session
 * of the same user. What is copied is what came later: with the connection,
 * or by SET. Each goes with the right by which it was set, as the server does
 * it for parallel workers: that of a setting for superusers may be gone.
 *
 * transaction_isolation and its like belong to one transaction. They are
 * marked as not to be reset by RESET ALL, as are role and
 * session_authorization, which are not copied as settings.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"

#include "actor.h"
#include "compat.h"
#include "session_copy.h"
#include "settings.h"

#define NO_STRING (-1)

static void
put_number(StringInfo parcel, int32 number)
{
	appendBinaryStringInfo(parcel, (char *) &number, sizeof(number));
}

static int32
take_number(StringInfo parcel)
{
	int32		number;

	memcpy(&number, parcel->data + parcel->cursor, sizeof(number));
	parcel->cursor += sizeof(number);
	return number;
}

void
slipway_session_put(StringInfo parcel, const char *text)
{
	put_number(parcel, text ? (int32) strlen(text) : NO_STRING);
	if (text)
		appendBinaryStringInfo(parcel, text, strlen(text) + 1);
}

const char *
slipway_session_take(StringInfo parcel)
{
	int32		len = take_number(parcel);
	const char *text = parcel->data + parcel->cursor;

	if (len == NO_STRING)
		return NULL;
	parcel->cursor += len + 1;
	return text;
}

/*
 * The worker has its own application_name, and no client whose encoding would
 * matter.
 */
static bool
is_copied(const struct config_generic *variable)
{
	return (variable->source == PGC_S_CLIENT || variable->source == PGC_S_SESSION) &&
		(variable->context == PGC_SUSET || variable->context == PGC_USERSET) &&
		(variable->flags & GUC_NO_RESET_ALL) == 0 &&
		strcmp(variable->name, "application_name") != 0 &&
		strcmp(variable->name, "client_encoding") != 0;
}

static void
put_settings(StringInfo parcel)
{
	int			n;
	struct config_generic **variables = slipway_guc_variables(&n);

	for (int i = 0; i < n; i++)
	{
		if (!is_copied(variables[i]))
			continue;
		slipway_session_put(parcel, variables[i]->name);
		slipway_session_put(parcel, slipway_settings_value(variables[i]));
		put_number(parcel, variables[i]->source);
		put_number(parcel, variables[i]->scontext);
		put_number(parcel, (int32) variables[i]->srole);
	}
	slipway_session_put(parcel, NULL);
}

static void
take_settings(StringInfo parcel)
{
	const char *name;

	while ((name = slipway_session_take(parcel)) != NULL)
	{
		const char *value = slipway_session_take(parcel);
		GucSource	source = take_number(parcel);
		GucContext	context = take_number(parcel);
		Oid			role = (Oid) take_number(parcel);

		(void) set_config_option_ext(name, value, context, source, role,
									 GUC_ACTION_SET, true, ERROR, false);
	}
}

void
slipway_session_pack(StringInfo parcel)
{
	const SlipwayActor *actor = slipway_actor_current(NULL, NULL);
	bool		same = GetUserId() == GetSessionUserId();

	slipway_session_put(parcel, actor->client_addr);
	slipway_session_put(parcel, actor->application_name);
	slipway_session_put(parcel, same ? "none" : actor->effective_role);
	put_settings(parcel);
}

void
slipway_session_enter(StringInfo parcel)
{
	const char *client_addr = slipway_session_take(parcel);
	const char *application = slipway_session_take(parcel);
	const char *role = slipway_session_take(parcel);

	slipway_actor_stand_in(client_addr, application);
	take_settings(parcel);
	/* As the backend of a client does it; the server leaves it to workers. */
	process_session_preload_libraries();
	/* Last, as it may take the right to the others. */
	(void) set_config_option("role", role, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SET, true, ERROR, false);
}
