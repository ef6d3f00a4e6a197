/*
 * exec_statement.h
 *	  Runs one statement as if a client had sent it.
 */
#ifndef SLIPWAY_EXEC_STATEMENT_H
#define SLIPWAY_EXEC_STATEMENT_H

#include "tcop/cmdtag.h"

#include "script_error.h"

/*
 * Parses, plans and runs a statement of place->script in the current
 * transaction, as the current user; rows it returns are dropped. A parse tree
 * that it has is used up. It is logged, shown in pg_stat_activity and seen by
 * other extensions' hooks like a statement of its own, under its own
 * statement_timeout. context is reset. *qc is what it has completed.
 */
extern void slipway_exec_statement(SlipwayPlace *place, SlipwayStatement *statement,
								   MemoryContext context, QueryCompletion *qc);

/* What all who look on are shown of a statement: without secrets, and positions in it are the same. */
extern char *slipway_exec_statement_text(const SlipwayPlace *place, const SlipwayStatement *statement);

#endif							/* SLIPWAY_EXEC_STATEMENT_H */
