/*
 * directive.h
 *	  What a script says of itself in its first lines: "-- slipway: no-transaction".
 */
#ifndef SLIPWAY_DIRECTIVE_H
#define SLIPWAY_DIRECTIVE_H

#include "script_error.h"

typedef struct SlipwayDirectives
{
	bool		no_transaction; /* every statement is a unit */
	SlipwayStatement no_transaction_at;
	bool		repeatable;		/* to be run again when it has changed */
} SlipwayDirectives;

/*
 * Reads those of place->script, into the current memory context. Raises SW007, at its place, for one
 * that is unknown or given twice: a misspelt one must not be taken for a comment.
 */
extern void slipway_directives_read(SlipwayDirectives *directives, SlipwayPlace *place);

/* Has the script that directive? Raises nothing: for scripts that are not to be checked yet. */
extern bool slipway_directive_is_there(const char *script, const char *name);

#endif							/* SLIPWAY_DIRECTIVE_H */
