/*
 * html.h
 *	  A page for a browser, in one file: it fetches nothing and runs nothing.
 *
 * Light or dark as the reader's system is, from the width of a phone on, and
 * fit to be printed (what is folded up is unfolded there).
 *
 * What the style knows, for those who write parts of a page:
 *
 *	<section id="x"><h2>...</h2>...</section>	a part; <p class="hint"> for a remark
 *	<dl class="facts"><div><dt>what<dd>value</div>...</dl>
 *	<div class="scroll"><table>...</table></div>	<td class="number">; .scroll may be wider than the window
 *	<span class="badge danger">	also warning, note, good, added, dropped, changed, or none of them
 *	<article class="card danger">	also warning, note, good, or none
 *	<details class="card"><summary>...</summary>...</details>
 *	<pre>, <code>				scripts, names
 *	<pre class="diff">			its lines in <span class="added">, <span class="dropped"> or
 *								<span class="same">, each with its line feed inside; <span class="gap"> for "..."
 */
#ifndef SLIPWAY_HTML_H
#define SLIPWAY_HTML_H

#include "buffer.h"

/* Begins a page with its title. */
void		slipway_html_begin(SlipwayBuffer *page, const char *title);

/*
 * Adds markup, in which %s is a text that is escaped, within elements as in
 * attributes with quotation marks. Of printf's, there are %d, %ld, %zu and
 * %.2f besides, and %%.
 */
void		slipway_html_add(SlipwayBuffer *page, const char *markup,...)
			__attribute__((format(printf, 2, 3)));

/*
 * Adds so many bytes of text, escaped. Nothing of it can end up as markup, change the
 * direction of what stands around it, or go unseen: control characters and
 * such are shown by their names, bytes that are no UTF-8 as U+FFFD.
 */
void		slipway_html_text(SlipwayBuffer *page, const char *text, size_t length);

/* Ends it. */
void		slipway_html_end(SlipwayBuffer *page);

#endif
