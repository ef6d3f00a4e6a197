/*
 * html_touched.h
 *	  What a rehearsal has locked, rewritten or read as a whole: the largest
 *	  tables first.
 */
#ifndef SLIPWAY_HTML_TOUCHED_H
#define SLIPWAY_HTML_TOUCHED_H

#include "buffer.h"
#include "rehearsal.h"

/* Adds it as a section, unless nothing that was there before was touched. */
void		slipway_html_touched(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal);

#endif
