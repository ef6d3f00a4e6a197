/*
 * line_diff.h
 *	  What differs between two texts, line by line.
 */
#ifndef SLIPWAY_LINE_DIFF_H
#define SLIPWAY_LINE_DIFF_H

#include <stddef.h>

typedef enum SlipwayLineChange
{
	SLIPWAY_LINE_SAME,
	SLIPWAY_LINE_REMOVED,
	SLIPWAY_LINE_ADDED,
	SLIPWAY_LINE_GAP			/* stands for lines that are the same; count says how many */
} SlipwayLineChange;

typedef struct SlipwayLine
{
	SlipwayLineChange change;
	const char *text;			/* in the text it comes from, without its line feed; a gap: NULL */
	size_t		length;
	size_t		count;			/* of a gap, else 1 */
} SlipwayLine;

typedef struct SlipwayLineDiff
{
	SlipwayLine *lines;
	size_t		count;
} SlipwayLineDiff;

/*
 * The least lines to take out of before and to put in for after (of large texts
 * that have hardly anything in common: not quite the least), with so many
 * of those around them that stay. Either may be NULL, which has no line. The texts
 * are borrowed. Without a difference there are no lines.
 */
SlipwayLineDiff *slipway_line_diff_make(const char *before, const char *after, size_t context);
void		slipway_line_diff_free(SlipwayLineDiff *diff);

#endif
