/*
 * openstack.h
 *	  How to reach an OpenStack cloud, as its own tools are told: by variables OS_..., or a cloud
 *	  of clouds.yaml that OS_CLOUD names.
 *
 * KEYSTONE_ENDPOINT, BARBICAN_ENDPOINT and BARBICAN_PROJECT_ID count first. Then, with OS_CLOUD, what clouds.yaml has, and
 * secure.yaml beside it; then the other variables. Empty ones count as not set.
 */
#ifndef SLIPWAY_OPENSTACK_H
#define SLIPWAY_OPENSTACK_H

#include <stdbool.h>

#include "secret_fault.h"

typedef enum SlipwayOpenStackField
{
	SLIPWAY_OPENSTACK_AUTH_TYPE,
	SLIPWAY_OPENSTACK_AUTH_URL,		/* with /v3 at its end */
	SLIPWAY_OPENSTACK_USER_ID,
	SLIPWAY_OPENSTACK_USERNAME,
	SLIPWAY_OPENSTACK_USER_DOMAIN_ID,
	SLIPWAY_OPENSTACK_USER_DOMAIN_NAME,
	SLIPWAY_OPENSTACK_PASSWORD,
	SLIPWAY_OPENSTACK_PROJECT_ID,
	SLIPWAY_OPENSTACK_PROJECT_NAME,
	SLIPWAY_OPENSTACK_PROJECT_DOMAIN_ID,
	SLIPWAY_OPENSTACK_PROJECT_DOMAIN_NAME,
	SLIPWAY_OPENSTACK_DEFAULT_DOMAIN,
	SLIPWAY_OPENSTACK_CREDENTIAL_ID,
	SLIPWAY_OPENSTACK_CREDENTIAL_NAME,
	SLIPWAY_OPENSTACK_CREDENTIAL_SECRET,
	SLIPWAY_OPENSTACK_REGION,
	SLIPWAY_OPENSTACK_INTERFACE,	/* public, internal or admin */
	SLIPWAY_OPENSTACK_AUTHORITIES,
	SLIPWAY_OPENSTACK_CERTIFICATE,
	SLIPWAY_OPENSTACK_PRIVATE_KEY,
	SLIPWAY_OPENSTACK_KEY_MANAGER,	/* its endpoint; NULL: it is in the catalog */
	SLIPWAY_OPENSTACK_FIELDS
} SlipwayOpenStackField;

typedef struct SlipwayOpenStack
{
	char	   *values[SLIPWAY_OPENSTACK_FIELDS];	/* NULL: not known */
	bool		is_credential;	/* logs in with an application credential, not with a password */
	char	   *source;			/* for people */
} SlipwayOpenStack;

/* Finds all of it, and checks that it is enough to log in. */
SlipwaySecretFault *slipway_openstack_find(SlipwayOpenStack *cloud);
void		slipway_openstack_release(SlipwayOpenStack *cloud);

#endif
