/*
 * html_diff.h
 *	  What differs between two schemas, as part of a page.
 */
#ifndef SLIPWAY_HTML_DIFF_H
#define SLIPWAY_HTML_DIFF_H

#include "buffer.h"
#include "difference.h"

/* Adds a card for each object, which unfolds to show the lines that differ. */
void		slipway_html_diff_add(SlipwayBuffer *page, const SlipwayDifferenceList *list);

#endif
