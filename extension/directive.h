/*
 * directive.h
 *	  What a script says of itself in its first lines: "-- slipway: no-transaction".
 */
#ifndef SLIPWAY_DIRECTIVE_H
#define SLIPWAY_DIRECTIVE_H

#include "nodes/pg_list.h"

#include "script_error.h"

/* Another migration that must have been applied before. */
typedef struct SlipwayRequirement
{
	char	   *name;
	SlipwayStatement at;
} SlipwayRequirement;

typedef struct SlipwayDirectives
{
	bool		no_transaction; /* every statement is a unit */
	SlipwayStatement no_transaction_at;
	bool		repeatable;		/* to be run again when it has changed */
	SlipwayStatement repeatable_at;
	List	   *requirements;	/* of SlipwayRequirement */
	int			lock_timeout;	/* ms, 0: no limit, -1: not given; so the next */
	int			statement_timeout;
	char	   *run_as;			/* role, or NULL */
	SlipwayStatement run_as_at;
	List	   *variables;		/* of SlipwayVariable */
	SlipwayStatement variables_at;	/* the last of them */
} SlipwayDirectives;

/*
 * Reads those of place->script, into the current memory context. Raises SW007, at its place, for one
 * that is unknown, malformed or given twice: a misspelt one must not be taken for a comment. Returns
 * the length of the text that they are in, in bytes.
 */
extern int	slipway_directives_read(SlipwayDirectives *directives, SlipwayPlace *place);

/* Has the script that directive? Raises nothing: for scripts that are not to be checked yet. */
extern bool slipway_directive_is_there(const char *script, const char *name);

#endif							/* SLIPWAY_DIRECTIVE_H */
