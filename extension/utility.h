/*
 * utility.h
 *	  How utility statements pass this extension's hook.
 */
#ifndef SLIPWAY_UTILITY_H
#define SLIPWAY_UTILITY_H

/* Called once from _PG_init. */
extern void slipway_utility_init(void);

#endif							/* SLIPWAY_UTILITY_H */
