/*
 * expand.h
 *	  A script with the values of its variables in it.
 *
 * ${name} becomes the value, ${name:literal} the value as a string of SQL and ${name:identifier} as a name of SQL,
 * wherever they stand: also in strings, bodies of functions and data of COPY, but not in the lines of the directives.
 */
#ifndef SLIPWAY_EXPAND_H
#define SLIPWAY_EXPAND_H

#include "nodes/pg_list.h"

struct SlipwayPlace;
struct SlipwayDirectives;

/* A value in the text, and what it stands for in the script; in bytes. */
typedef struct SlipwayHole
{
	int			raw;			/* where in the script, and how long */
	int			raw_length;
	int			at;				/* where in the text, and how long */
	int			length;
	bool		secret;
	bool		bare;			/* without quotes around it that are ours */
	bool		foreign;		/* nobody has approved it: see slipway_variable_is_foreign() */
} SlipwayHole;

typedef struct SlipwayExpansion
{
	const char *raw;			/* the script */
	char	   *text;			/* with the values in it */
	SlipwayHole *holes;			/* in order */
	int			n;
	char	   *record;			/* the values, as a JSON object, as jsonb writes it; secret ones are "***" */
} SlipwayExpansion;

/*
 * Of place->script, whose directives are known and end at byte from; in the current memory context. Raises SW028 for
 * variables without a value, SW007 for a name that is not declared and a form that is unknown, SW008 for a value that was
 * not approved and is more than a word in its place, placed. Secret
 * values are kept out of messages from then on: see secret.h.
 */
extern SlipwayExpansion *slipway_expand(struct SlipwayPlace *place, const struct SlipwayDirectives *directives, int from);

/* The byte of the script that a byte of the text stands for; of a value, its ${. */
extern int	slipway_expansion_raw(const SlipwayExpansion *expansion, int at);

/* Where line number n, from 0, behind byte at of the text begins. */
extern int	slipway_expansion_line(const SlipwayExpansion *expansion, int at, int n);

/* Is there a secret among these bytes of the text? */
extern bool slipway_expansion_has_secret(const SlipwayExpansion *expansion, int at, int length);

/*
 * Replaces secrets in a copy of these bytes, by as many others: what is not known of a statement
 * that the server, other extensions and people are shown.
 */
extern void slipway_expansion_mask(const SlipwayExpansion *expansion, int at, int length, char *copy);

#endif							/* SLIPWAY_EXPAND_H */
