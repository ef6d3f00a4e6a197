/*
 * caller_cursor.h
 *	  Cursors that the session of a caller holds, which are not for scripts.
 *
 * Whoever knows its name can fetch from a cursor, whatever the role that has opened it may read, and close it.
 */
#ifndef SLIPWAY_CALLER_CURSOR_H
#define SLIPWAY_CALLER_CURSOR_H

#include "utils/palloc.h"

/* Before scripts run: until they are given back nobody can fetch from them or close them. context must last as long. */
extern void slipway_caller_cursor_take(MemoryContext context);
extern void slipway_caller_cursor_give_back(void);

/* Are there any that were taken? */
extern bool slipway_caller_cursor_any(void);

#endif							/* SLIPWAY_CALLER_CURSOR_H */
