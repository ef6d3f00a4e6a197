/*
 * caller_session.h
 *	  What the session of a caller has prepared, which could change what scripts mean.
 *
 * Where scripts run with the rights of the project's owner role, or as somebody has approved them, the
 * caller has a say in whether they run, and none in what they do. A temporary table is found before any other of
 * its name: with a trigger on it, or a view in its place, his code would run with those rights.
 */
#ifndef SLIPWAY_CALLER_SESSION_H
#define SLIPWAY_CALLER_SESSION_H

#include "run.h"

/*
 * Of a run that has begun to remember what the session has: raises 55000 if it has temporary objects,
 * settings under which the same text is other SQL, or a search_path with schemas in which the caller may put
 * what he likes, where that is his to choose.
 */
extern void slipway_caller_session_check(const SlipwayRun *run);

/* Do its scripts run with rights of an owner role that the caller has not? */
extern bool slipway_caller_session_borrows(const SlipwayRun *run);

#endif							/* SLIPWAY_CALLER_SESSION_H */
