/*
 * detached.h
 *	  Deploys that outlive the session which began them.
 */
#ifndef SLIPWAY_DETACHED_H
#define SLIPWAY_DETACHED_H

/* The number of the detached deploy that this process is the worker of, or 0. */
extern int64 slipway_detached_number(void);

#endif							/* SLIPWAY_DETACHED_H */
