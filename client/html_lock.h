/*
 * html_lock.h
 *	  Modes of locks in a page: what they block is what counts.
 */
#ifndef SLIPWAY_HTML_LOCK_H
#define SLIPWAY_HTML_LOCK_H

#include "buffer.h"
#include "rehearsal.h"

/* Adds the mode as a badge. */
void		slipway_html_lock(SlipwayBuffer *page, const char *mode);

/* Class of a bar of the time line. */
const char *slipway_html_lock_bar(SlipwayLockReach reach);

#endif
