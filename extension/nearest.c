/*
 * nearest.c
 *	  What somebody probably meant to write.
 */
#include "postgres.h"

#include "utils/varlena.h"

#include "nearest.h"

/* Longer names are no misspelt ones, and would take long. In bytes. */
#define LONGEST 100

const char *
slipway_nearest_find(const char *word, List *names)
{
	const char *best = NULL;
	int			best_edits = 0;
	ListCell   *cell;

	if (strlen(word) > LONGEST)
		return NULL;
	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		int			length = strlen(name);
		int			edits;

		if (length > LONGEST)
			continue;
		edits = varstr_levenshtein(word, strlen(word), name, length, 1, 1, 1, true);
		/* What shares nothing but length is no help. */
		if (edits > (length + 2) / 3 || (best && edits >= best_edits))
			continue;
		best = name;
		best_edits = edits;
	}
	return best;
}
