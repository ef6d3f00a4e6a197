/*
 * exec_block.h
 *	  Runs statements of a script in a transaction, and commits them with
 *	  their record.
 */
#ifndef SLIPWAY_EXEC_BLOCK_H
#define SLIPWAY_EXEC_BLOCK_H

#include "carried.h"
#include "run.h"
#include "script_error.h"

/* Writes the record, inside a scope of spi.h. */
typedef void (*SlipwayBlockRecord) (SlipwayRun *run, void *argument);

typedef struct SlipwayBlock
{
	SlipwayStatement *statements;
	int			n;
	List	   *options;		/* of BEGIN: DefElems */
	SlipwayCarried *carried;	/* settings to begin with and to add to; NULL: they end with the block */
	SlipwayBlockRecord record;
	void	   *argument;
	bool		ends_migration;	/* nothing is left behind in the session */
	bool		ends_run;		/* it is on disk when this returns */
} SlipwayBlock;

/*
 * Runs a block of place->script. To be called in a fresh transaction without a
 * snapshot; returns in another one. After an error the caller recovers.
 */
extern void slipway_exec_block(SlipwayRun *run, SlipwayPlace *place, const SlipwayBlock *block);

#endif							/* SLIPWAY_EXEC_BLOCK_H */
