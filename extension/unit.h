/*
 * unit.h
 *	  How a script is cut into units: what commits together.
 */
#ifndef SLIPWAY_UNIT_H
#define SLIPWAY_UNIT_H

#include "nodes/pg_list.h"
#include "script.h"

/*
 * What is known of a script before it runs. Body and parse trees are kept as
 * far as memory allows; running a tree uses it up.
 */
typedef struct SlipwayOutline
{
	MemoryContext context;		/* holds all of this */
	char	   *body;			/* or NULL */
	SlipwayStatement *statements;	/* to run, BEGIN and COMMIT left out */
	int			nstatements;
	int			units;
	List	   *begin_options;	/* of a BEGIN in the script: DefElems */
	char	   *stepwise_reason;	/* NULL: transactional */
	SlipwayStatement stepwise_at;	/* what is the reason */
} SlipwayOutline;

/*
 * Parses and checks a whole script, into the current memory context, and keeps
 * parse trees until that holds limit bytes. Raises the parser's errors and
 * those of slipway_refuse_check(), placed as "check of migration".
 */
extern SlipwayOutline *slipway_outline(const char *migration, const char *script, bool fixed_role,
									   Size limit);

#endif							/* SLIPWAY_UNIT_H */
