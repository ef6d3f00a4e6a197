/*
 * side_effect.h
 *	  What the scripts of a rehearsal do that no rollback takes back.
 *
 * Seen are commands and functions of expressions, from whatever depth; not functions that
 * triggers, types or operators call by themselves.
 */
#ifndef SLIPWAY_SIDE_EFFECT_H
#define SLIPWAY_SIDE_EFFECT_H

#include "nodes/nodes.h"
#include "utils/palloc.h"

/* A rehearsal begins, with a context that lasts as long; it ends, also by an error. */
extern void slipway_side_effect_begin(MemoryContext context);
extern void slipway_side_effect_end(void);

/* What follows is done by the statement there. The names must last. */
extern void slipway_side_effect_at(const char *migration, const char *hook, int line);

/* A function is about to be executed; rows are about to be written; a command is about to run; a sequence has been used. */
extern void slipway_side_effect_function(Oid function);
extern void slipway_side_effect_write(void);
extern void slipway_side_effect_command(const Node *command);
extern void slipway_side_effect_sequence(const char *name);

/* Sends all that was seen since the beginning. */
extern void slipway_side_effect_report(void);

#endif							/* SLIPWAY_SIDE_EFFECT_H */
