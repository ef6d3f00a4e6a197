/*
 * transaction.h
 *	  Ending one transaction and beginning the next inside a CALL.
 *
 * What SPI_commit() does for procedural languages, without SPI. Between
 * transactions the user and security context must be those of the caller, as
 * the server insists. Memory contexts survive if their parent does.
 */
#ifndef SLIPWAY_TRANSACTION_H
#define SLIPWAY_TRANSACTION_H

#include "fmgr.h"

/*
 * Raises 25001 unless the procedure may commit: called by CALL on its own, not
 * inside a transaction block, a function, DO, another procedure or a string
 * of several statements. name is for the message.
 */
extern void slipway_transaction_require_top_level(FunctionCallInfo fcinfo, const char *name);

/* Commits; no transaction is open afterwards. Errors of the commit are raised. */
extern void slipway_transaction_commit(void);

/*
 * Starts a transaction for bookkeeping, in isolation level read committed and
 * without a snapshot; now() is the time of this call.
 */
extern void slipway_transaction_start(void);

/* Both. */
extern void slipway_transaction_next(void);

/* After FlushErrorState(): rolls back whatever is open and starts afresh. */
extern void slipway_transaction_recover(void);

/*
 * Turns the fresh transaction into a block, as BEGIN does, in the session's
 * default isolation level.
 */
extern void slipway_transaction_begin_block(void);

/*
 * Commits the block, as COMMIT does; no transaction is open afterwards. A
 * lazy commit returns before it is on disk, as synchronous_commit = off does:
 * a crash of the server may lose it, whole, with all lazy ones after it.
 */
extern void slipway_transaction_commit_block(bool lazy);

/* Waits until this session's last commit, and so every earlier one, is on disk here. */
extern void slipway_transaction_flush(void);

#endif							/* SLIPWAY_TRANSACTION_H */
