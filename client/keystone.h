/*
 * keystone.h
 *	  OpenStack's identity service, version 3: logs in, and says where other services are.
 */
#ifndef SLIPWAY_KEYSTONE_H
#define SLIPWAY_KEYSTONE_H

#include <stdbool.h>
#include <time.h>

#include "http.h"
#include "openstack.h"
#include "secret_fault.h"

/* What was got for a login. */
typedef struct SlipwayToken
{
	char	   *header;			/* "X-Auth-Token: ...", of slipway_secret_new() */
	time_t		expires_at;		/* 0: not known */
	char	   *user;			/* names, for people; or NULL */
	char	   *project;
	char	   *project_id;
	char	   *roles;			/* "creator, reader" */
	char	   *endpoint;		/* of the key manager, by the variables or by the catalog; with /v1 at its end */
} SlipwayToken;

/* Logs in. Without a key manager, in the catalog too, it is a fault. */
SlipwaySecretFault *slipway_keystone_log_in(const SlipwayOpenStack *cloud, SlipwayHttpClient *client, SlipwayToken *token);

/* Is it there, and valid for a while still? */
bool		slipway_token_is_valid(const SlipwayToken *token);
void		slipway_token_release(SlipwayToken *token);

/*
 * The fault of a call without a good answer, or with one of another status than 2xx; what is the name of the service. What Keystone and
 * Barbican say themselves is only shown where nothing secret was sent to them.
 */
SlipwaySecretFault *slipway_openstack_fault(const char *what, const SlipwayHttpCall *call, bool show);

#endif
