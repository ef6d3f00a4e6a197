/*
 * batch_worker.h
 *	  One of the processes that work on a batch, each with a connection and a store of its own.
 *
 * It takes an item each time when it is told to by a byte on its channel, SLIPWAY_BATCH_GO, and ends when that is closed: so the items that
 * are begun are finished, whatever becomes of its parent. SLIPWAY_BATCH_STOP has it undo what it is at and end. Signals are for the parent.
 *
 * What it tells is a JSON object in a line each, with "event":
 *
 *	begun		an item, with "project"
 *	done		it has "project", "outcome" (as finish_item() has it), "duration" (ms), "exit_code", and "message" unless it succeeded
 *	left		it has not ended, with "project" and "message": somebody will be given it again
 *	nothing		there is no item for it
 *	fault		it cannot go on, with "message" and "exit_code", and ends
 *	say			"text", of "project"
 *
 * Any other line is talk.
 */
#ifndef SLIPWAY_BATCH_WORKER_H
#define SLIPWAY_BATCH_WORKER_H

#include "option.h"

#define SLIPWAY_BATCH_GO 'g'
#define SLIPWAY_BATCH_STOP 's'

/* In a process that was forked for this; channel is one end of a socket. */
_Noreturn void slipway_batch_worker_run(const SlipwayArguments *arguments, const char *batch, int channel);

#endif
