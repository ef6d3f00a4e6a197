/*
 * exec_block.h
 *	  Runs statements of scripts in a transaction that ends with their record.
 *
 * In this order: begin; run, once for each of the scripts that share the transaction;
 * the record, in a scope of spi.h; commit. After an error the caller recovers.
 */
#ifndef SLIPWAY_EXEC_BLOCK_H
#define SLIPWAY_EXEC_BLOCK_H

#include "carried.h"
#include "run.h"
#include "script_error.h"

/*
 * Runs statement number i of the block in place of slipway_exec_statement(). Called once more behind the last,
 * without a statement, before the triggers that were deferred.
 */
typedef void (*SlipwayBlockRunner) (SlipwayPlace *place, SlipwayStatement *statement, MemoryContext context,
									int i, void *arg);

/* Statements of one script. */
typedef struct SlipwayBlock
{
	SlipwayStatement *statements;
	int			n;
	List	   *options;		/* of BEGIN: DefElems */
	SlipwayBlockRunner runner;	/* NULL: they run as they are */
	void	   *arg;			/* of the runner */
	SlipwayCarried *carried;	/* settings to begin with and to add to; NULL: they end with the block */
} SlipwayBlock;

/* To be called in a fresh transaction without a snapshot. */
extern void slipway_exec_block_begin(void);

/* Runs statements of place->script, and the triggers that they have deferred. */
extern void slipway_exec_block_run(SlipwayRun *run, SlipwayPlace *place, const SlipwayBlock *block);

/*
 * The same in a subtransaction, which is then rolled back; an error is left for the caller to abort
 * the block with.
 */
extern void slipway_exec_block_undone(SlipwayRun *run, SlipwayPlace *place, const SlipwayBlock *block);

/* Returns in another transaction. What ends a run is on disk then. */
extern void slipway_exec_block_commit(SlipwayRun *run, bool ends_run);

#endif							/* SLIPWAY_EXEC_BLOCK_H */
