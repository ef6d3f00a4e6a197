/*
 * outbox.h
 *	  Messages to the client that wait.
 *
 * A client that does not read keeps the server from going on, which then reacts to no cancel. So where
 * others wait for a lock of ours, nothing is sent: neither what we have to say nor what scripts raise.
 */
#ifndef SLIPWAY_OUTBOX_H
#define SLIPWAY_OUTBOX_H

/* From now on messages wait, but for errors that end the session. */
extern void slipway_outbox_open(void);

/* Sends what waits, in order, and whatever follows at once. */
extern void slipway_outbox_send(void);

/* After an error: what waits is lost. */
extern void slipway_outbox_forget(void);

/* What is said until the next call is kept even if there is a great deal: of scripts no more than 16 MB are. */
extern void slipway_outbox_must_keep(bool must);

#endif							/* SLIPWAY_OUTBOX_H */
