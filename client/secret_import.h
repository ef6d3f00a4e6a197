/*
 * secret_import.h
 *	  Moves settings of a connection out of a file, a .env, into a store of secrets.
 *
 * The order makes that nothing is lost, whenever it ends: all of them are stored as a set, which nobody finds yet,
 * compared, and connected with; the set is published; then the file is copied, and replaced in one moment. Up to there whatever fails is undone, and the file is not touched. A journal beside the file lets the next call do that
 * for one which could not.
 */
#ifndef SLIPWAY_SECRET_IMPORT_H
#define SLIPWAY_SECRET_IMPORT_H

#include "env_move.h"
#include "option.h"
#include "secret_store.h"

typedef enum SlipwayRecovery
{
	SLIPWAY_RECOVERY_NONE,		/* nothing was interrupted */
	SLIPWAY_RECOVERY_UNDONE,	/* the file is as it was before the import */
	SLIPWAY_RECOVERY_FINISHED
} SlipwayRecovery;

/* Undoes or ends what an interrupted import of the file has left. The store has to be the same. */
SlipwayRecovery slipway_secret_import_recover(const SlipwayArguments *arguments, const char *name);

/* Does it; what fails ends the program. There has to be something to move. */
void		slipway_secret_import_run(const SlipwayArguments *arguments, const SlipwayEnvFile *file, const SlipwayEnvMove *move);

/* The example beside a file, "FILE.example" or ".env.example", or NULL; the caller frees it. */
char	   *slipway_secret_import_example(const char *path);

#endif
