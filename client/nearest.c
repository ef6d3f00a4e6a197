/*
 * nearest.c
 *	  What somebody probably meant to type.
 */
#include "nearest.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 40				/* longer words are no misspelt names */

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

/* Edit distance with swaps of neighbours; both at most LONGEST bytes. */
static int
count_edits(const char *a, const char *b)
{
	int			rows[LONGEST + 1][LONGEST + 1];
	size_t		a_length = strlen(a);
	size_t		b_length = strlen(b);

	for (size_t i = 0; i <= a_length; i++)
	{
		for (size_t j = 0; j <= b_length; j++)
		{
			if (i == 0 || j == 0)
			{
				rows[i][j] = (int) (i + j);
				continue;
			}
			rows[i][j] = smaller(rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1),
								 smaller(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				rows[i][j] = smaller(rows[i][j], rows[i - 2][j - 2] + 1);
		}
	}
	return rows[a_length][b_length];
}

const char *
slipway_nearest_find(const char *word, const char *const names[], size_t count)
{
	const char *best = NULL;
	int			best_edits = 0;

	if (strlen(word) > LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++)
	{
		int			edits;
		int			length = names[i] == NULL ? LONGEST + 1 : (int) strlen(names[i]);
		/* what shares nothing but length is no help */
		int			most = (length + 2) / 3;

		if (length > LONGEST || abs(length - (int) strlen(word)) > most)
			continue;
		edits = count_edits(word, names[i]);
		if (edits > most)
			continue;
		if (best == NULL || edits < best_edits)
		{
			best = names[i];
			best_edits = edits;
		}
	}
	return best;
}
