/*
 * html_style.h
 *	  How pages look.
 */
#ifndef SLIPWAY_HTML_STYLE_H
#define SLIPWAY_HTML_STYLE_H

/* The style sheet; html.h says what of it parts of a page use. */
extern const char slipway_html_style[];

#endif
