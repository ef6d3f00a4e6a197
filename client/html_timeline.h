/*
 * html_timeline.h
 *	  The time line of a rehearsal: when which statement ran, and how long
 *	  which lock was held.
 */
#ifndef SLIPWAY_HTML_TIMELINE_H
#define SLIPWAY_HTML_TIMELINE_H

#include "buffer.h"
#include "rehearsal.h"

/* Adds it as a section, unless nothing ran. */
void		slipway_html_timeline(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal);

#endif
