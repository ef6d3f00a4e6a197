/*
 * html_rehearsal.h
 *	  The report of a rehearsal, as a page for a browser.
 */
#ifndef SLIPWAY_HTML_REHEARSAL_H
#define SLIPWAY_HTML_REHEARSAL_H

#include "buffer.h"
#include "rehearsal.h"

/* Where and when it was. Texts may be NULL. */
typedef struct SlipwayRehearsalFrame
{
	const char *project;
	const char *database;
	const char *host;
	const char *server_version;
	double		duration;		/* ms, as seen from here */
} SlipwayRehearsalFrame;

/* Adds the whole page, dated now. */
void		slipway_html_rehearsal(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal,
								   const SlipwayRehearsalFrame *frame);

#endif
