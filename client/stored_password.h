/*
 * stored_password.h
 *	  Where a store of secrets has the password of a role: in settings of its own and in connection
 *	  strings.
 */
#ifndef SLIPWAY_STORED_PASSWORD_H
#define SLIPWAY_STORED_PASSWORD_H

#include <stddef.h>

#include "secret_store.h"

#define SLIPWAY_STORED_PASSWORD_MAX 5

/* The settings that have it, with another one in its place. */
typedef struct SlipwayStoredPassword
{
	SlipwaySecretItem items[SLIPWAY_STORED_PASSWORD_MAX];
	char	   *values[SLIPWAY_STORED_PASSWORD_MAX];	/* secret blocks, which the items point to */
	size_t		count;
} SlipwayStoredPassword;

/*
 * Looks up all settings of connections in the store, and makes items of those that have this password of this role. The new
 * password must have letters, digits, - and _ only.
 */
SlipwaySecretFault *slipway_stored_password_find(SlipwaySecretStore *store, const char *role, const char *password,
												 const char *replacement, SlipwayStoredPassword *result);
void		slipway_stored_password_release(SlipwayStoredPassword *result);

/* The string with another password in the place of each that is this one; a secret block. */
char	   *slipway_stored_password_replace(const char *conninfo, const char *password, const char *replacement);

/* A new one, of 256 random bits, which needs no escaping anywhere; a secret block. */
char	   *slipway_stored_password_make(void);

#endif
