/*
 * utility.h
 *	  How utility statements pass this extension's hook.
 */
#ifndef SLIPWAY_UTILITY_H
#define SLIPWAY_UTILITY_H

/*
 * Shall the statements of scripts be run as top-level ones? Else one that
 * refuses a transaction block says that it "cannot be executed from a
 * function", with the same SQLSTATE.
 */
extern bool slipway_utility_top_level(void);

/* Called once from _PG_init. */
extern void slipway_utility_init(void);

#endif							/* SLIPWAY_UTILITY_H */
