/*
 * copy_inline.h
 *	  Runs COPY ... FROM STDIN with data that stand in the script.
 */
#ifndef SLIPWAY_COPY_INLINE_H
#define SLIPWAY_COPY_INLINE_H

#include "nodes/parsenodes.h"
#include "script.h"

/*
 * Says where the data of the statement are that is run next, if it is such a
 * COPY; to be called before each statement. The script must outlive its execution.
 */
extern void slipway_copy_inline_prepare(const char *script, const SlipwayStatement *statement,
										RawStmt *raw);

/*
 * To be called around the execution of a utility statement; false: it is not that COPY,
 * and no end is needed. Raises an error for one that would talk to the client.
 */
extern bool slipway_copy_inline_begin(const Node *stmt);
extern void slipway_copy_inline_end(void);

/* Instead of the latter in PG_CATCH: raises the error again, in this memory context. */
extern void slipway_copy_inline_fail(MemoryContext context);

/* While it runs: the server has checked the rights to insert rows. */
extern void slipway_copy_inline_allowed(void);

/* While a message is made: the line, from 1, of the data that is being read; 0: none is. */
extern int	slipway_copy_inline_line(void);

/* Called once from _PG_init. */
extern void slipway_copy_inline_init(void);

#endif							/* SLIPWAY_COPY_INLINE_H */
