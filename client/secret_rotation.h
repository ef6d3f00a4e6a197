/*
 * secret_rotation.h
 *	  Changes the password of a role, in the database and in a store of secrets.
 *
 * They cannot be changed in one moment. The new one is staged in the store, where nobody finds it, then the role gets it, and
 * when a login has shown that it works it is published. A secret of the store says which set that is, from before it is staged
 * until all is done: so that after an interruption whoever comes next finds the password that the role has.
 */
#ifndef SLIPWAY_SECRET_ROTATION_H
#define SLIPWAY_SECRET_ROTATION_H

#include <stdbool.h>

#include "option.h"
#include "secret_store.h"

/* The secret that is there while the password of the application's or the administrator's role is being changed. */
#define SLIPWAY_ROTATION_APPLICATION "DB_ROTATION"
#define SLIPWAY_ROTATION_ADMIN "DB_ADMIN_ROTATION"

/* What an interrupted one has come to. */
typedef enum SlipwayRotationEnd
{
	SLIPWAY_ROTATION_NONE,		/* there was none */
	SLIPWAY_ROTATION_UNDONE,	/* the old password counts */
	SLIPWAY_ROTATION_FINISHED	/* the new one does */
} SlipwayRotationEnd;

/* Settles what an interrupted one has left. What fails ends the program. */
SlipwayRotationEnd slipway_secret_rotation_settle(const SlipwayArguments *arguments, bool application);

/*
 * Does it, or only says what it would do. What fails is undone and ends the program.
 */
void		slipway_secret_rotation_run(const SlipwayArguments *arguments, bool application, bool dry_run);

#endif
