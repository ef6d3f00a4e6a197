/*
 * excerpt.h
 *	  A line of a script with a caret under one of its characters.
 */
#ifndef SLIPWAY_EXCERPT_H
#define SLIPWAY_EXCERPT_H

#include <stddef.h>

/*
 * Renders a line (from 1) of the text as compilers do: number, bar, the line,
 * and below it a caret at the column (characters, from 1; less than 1: no
 * caret; past the end: just behind it). Lines wider than width are cut on
 * both sides of the caret. The result ends in a line feed and is the
 * caller's to free; NULL when there is no such line.
 */
char	   *slipway_excerpt_render(const char *text, size_t length, int line, int column,
								   int width);

#endif
