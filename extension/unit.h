/*
 * unit.h
 *	  How a script is cut into units: what commits together.
 */
#ifndef SLIPWAY_UNIT_H
#define SLIPWAY_UNIT_H

#include "nodes/pg_list.h"

#include "directive.h"
#include "script.h"

/* Statements in a row that commit together. */
typedef struct SlipwayUnit
{
	int			first;			/* index of its first statement */
	int			n;
	bool		alone;			/* one statement, which refuses a transaction block */
	List	   *options;		/* of the BEGIN in front of it: DefElems */
} SlipwayUnit;

/*
 * What is known of a script before it runs. Body and parse trees are kept as
 * far as memory allows; running a tree uses it up.
 */
typedef struct SlipwayOutline
{
	MemoryContext context;		/* holds all of this */
	SlipwayDirectives directives;
	SlipwayExpansion *expansion;	/* NULL: the script has no variables */
	char	   *body;			/* or NULL */
	SlipwayStatement *statements;	/* to run, BEGIN and COMMIT left out */
	int			nstatements;
	SlipwayUnit *units;			/* none if there is no statement */
	int			nunits;
	char	   *stepwise_reason;	/* NULL: transactional, one unit at most */
} SlipwayOutline;

/*
 * Parses and checks a whole script, into the current memory context, and keeps
 * parse trees until that holds limit bytes. Raises the parser's errors and
 * those of slipway_refuse_check(), placed as "check of migration". part: NULL for
 * an up script, else see script_error.h.
 */
extern SlipwayOutline *slipway_outline(const char *migration, const char *part, const char *script,
									   bool fixed_role, Size limit);

/* The text that the statements of an outline are in, given the body of its script. */
extern const char *slipway_outline_text(const SlipwayOutline *outline, const char *body);

/*
 * Cuts the unit that this statement is in: before it, and behind it, too, if it is
 * to stand alone. False if that changes nothing.
 */
extern bool slipway_outline_cut(SlipwayOutline *outline, int statement, bool alone);

#endif							/* SLIPWAY_UNIT_H */
