/*
 * advice.h
 *	  What a rehearsal has seen that is better written otherwise.
 *
 * The rules look at what was observed of statements and at their trees, so that nothing is said
 * about what cost nothing here, or about tables that the scripts made themselves.
 */
#ifndef SLIPWAY_ADVICE_H
#define SLIPWAY_ADVICE_H

#include "exec_rehearsal.h"

/* Sends the findings, and counts them by severity. Opens scopes of spi.h. */
extern void slipway_advice_report(const SlipwayRehearsal *rehearsal, int *counts);

#endif							/* SLIPWAY_ADVICE_H */
