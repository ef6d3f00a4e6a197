/*
 * difference.h
 *	  What differs between two schemas, object by object.
 */
#ifndef SLIPWAY_DIFFERENCE_H
#define SLIPWAY_DIFFERENCE_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct SlipwayDifference
{
	char	   *kind;			/* "table", "column", ... */
	char	   *identity;
	char	   *before;			/* definition; NULL: it was not there */
	char	   *after;			/* definition; NULL: it is not there any more */
} SlipwayDifference;

/* Starts as {0}. */
typedef struct SlipwayDifferenceList
{
	SlipwayDifference *items;
	size_t		count;
	size_t		added;
	size_t		dropped;
	size_t		changed;
} SlipwayDifferenceList;

/* Adds a copy; one of before and after may be NULL. */
void		slipway_difference_add(SlipwayDifferenceList *list, const char *kind, const char *identity,
								   const char *before, const char *after);
void		slipway_difference_free(SlipwayDifferenceList *list);

/*
 * Adds what differs between two schemas: rows of kind, identity, definition and hash, as slipway.snapshot() has
 * them, in any order.
 */
void		slipway_difference_compare(SlipwayDifferenceList *list, const PGresult *before, const PGresult *after);

/* "added", "dropped" or "changed" */
const char *slipway_difference_change(const SlipwayDifference *difference);

/* "1 added, 2 changed", which the caller frees; of an empty list "nothing". */
char	   *slipway_difference_counts(const SlipwayDifferenceList *list);

/*
 * Prints a line for each object, "+ column public.t.c", "- ..." or "~ ...", and with
 * definitions below it those of their lines that differ, with some around them.
 */
void		slipway_difference_print(FILE *stream, const SlipwayDifferenceList *list, bool definitions);

/* The event "difference" of --json. */
json_t	   *slipway_difference_json(const SlipwayDifference *difference);

/* What there is to show of a change without any line that differs: one text ends in an end of line. */
#define SLIPWAY_DIFFERENCE_AT_END "... only the end of line behind the last one differs"

#endif
