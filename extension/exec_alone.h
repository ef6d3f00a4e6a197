/*
 * exec_alone.h
 *	  Runs a statement that refuses a transaction block.
 */
#ifndef SLIPWAY_EXEC_ALONE_H
#define SLIPWAY_EXEC_ALONE_H

#include "carried.h"
#include "run.h"
#include "script_error.h"

/*
 * Two steps, as something may be written down between them: the session gets the settings
 * of the script, which take effect at once, so that the facts of settle.h can be asked for, as the role
 * that the statement will run as; then, in another transaction, without a snapshot, it runs. The session is put back, and what the
 * statement has SET was added to carried. Returns in another transaction.
 *
 * After an error in either, and recovery, slipway_exec_alone_recover() puts
 * the session back; it does nothing where there is nothing to put back. If the error came behind
 * the statement, place->in_statement is false.
 */
extern void slipway_exec_alone_enter(SlipwayRun *run, const SlipwayCarried *carried,
									 const Node *stmt);
extern char *slipway_exec_alone_facts(const SlipwayRun *run, const Node *stmt);
extern void slipway_exec_alone(SlipwayRun *run, SlipwayPlace *place, SlipwayStatement *statement,
							   SlipwayCarried *carried);
extern void slipway_exec_alone_recover(void);

/* May it run in this project? If not, entering raises SW007. */
extern bool slipway_exec_alone_is_allowed(const SlipwayRun *run, const Node *stmt);

/* A parse tree of it, in the current memory context, that running it does not use up. */
extern RawStmt *slipway_exec_alone_tree(const char *script, const SlipwayStatement *statement);

#endif							/* SLIPWAY_EXEC_ALONE_H */
