/*
 * html_statements.h
 *	  The statements of a rehearsal with all that was seen of each.
 */
#ifndef SLIPWAY_HTML_STATEMENTS_H
#define SLIPWAY_HTML_STATEMENTS_H

#include "buffer.h"
#include "rehearsal.h"

/* Adds them as a section, unless there are none. That of number N has the id sN. */
void		slipway_html_statements(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal);

#endif
