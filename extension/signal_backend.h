/*
 * signal_backend.h
 *	  Asks another backend to give up what it is doing.
 */
#ifndef SLIPWAY_SIGNAL_BACKEND_H
#define SLIPWAY_SIGNAL_BACKEND_H

/*
 * As pg_cancel_backend(), without its look at rights, which is for the caller.
 * False if there is no such backend.
 */
extern bool slipway_signal_cancel(int pid);

#endif							/* SLIPWAY_SIGNAL_BACKEND_H */
