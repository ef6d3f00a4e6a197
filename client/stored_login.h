/*
 * stored_login.h
 *	  As whom a store of secrets has an application log in: all its settings that say so.
 */
#ifndef SLIPWAY_STORED_LOGIN_H
#define SLIPWAY_STORED_LOGIN_H

#include "secret_store.h"

/* DB_USERNAME, DB_PASSWORD, DB_USER, DATABASE_URL, DB_CONN_STRING. */
#define SLIPWAY_STORED_LOGIN_MAX 5

typedef struct SlipwayStoredLogin
{
	SlipwaySecretLookup lookups[SLIPWAY_STORED_LOGIN_MAX];	/* what is in force */

	/* what is to be stored instead; see slipway_stored_login_change() */
	SlipwaySecretItem items[SLIPWAY_STORED_LOGIN_MAX];
	char	   *values[SLIPWAY_STORED_LOGIN_MAX];	/* secret blocks */
	size_t		item_count;
} SlipwayStoredLogin;

/* slipway_stored_login_release() wipes and frees it, unless that was a fault. */
SlipwaySecretFault *slipway_stored_login_read(SlipwaySecretStore *store, SlipwayStoredLogin *login);
void		slipway_stored_login_release(SlipwayStoredLogin *login);

/* Why an application does not log in as that role with all of them; NULL: it does. The caller frees it. */
char	   *slipway_stored_login_compare(const SlipwayStoredLogin *login, const char *role);

/* The password, or NULL. */
const char *slipway_stored_login_password(const SlipwayStoredLogin *login);

/* Makes the items of another role: DB_USERNAME, DB_PASSWORD, and those that are there, with role and password replaced. */
void		slipway_stored_login_change(SlipwayStoredLogin *login, const char *role, const char *password);

#endif
