/*
 * offer.h
 *	  A text that one session leaves for another, in shared memory.
 *
 * It is there for sessions of the same database and role that know its key, as long as the session that leaves it lives, until
 * somebody has taken it for good; for an hour at least, unless the session leaves four others meanwhile.
 */
#ifndef SLIPWAY_OFFER_H
#define SLIPWAY_OFFER_H

/* Leaves a text under a key. Returns the key by which other sessions find it; or NULL: there is no memory to be had. */
extern char *slipway_offer_leave(const char *text, const char *key);

/* The text, to stay where it is or (last) not; NULL: there is none by that key. */
extern char *slipway_offer_take(const char *key, bool last);

#endif							/* SLIPWAY_OFFER_H */
