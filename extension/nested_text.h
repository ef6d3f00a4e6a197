/*
 * nested_text.h
 *	  The texts of statements that functions and DO run, as other extensions are shown them.
 *
 * Those of a script are masked beforehand: see expand.h. In these secrets are looked for. Utility statements pass
 * by utility.h.
 */
#ifndef SLIPWAY_NESTED_TEXT_H
#define SLIPWAY_NESTED_TEXT_H

/* Called once from _PG_init. */
extern void slipway_nested_text_init(void);

#endif							/* SLIPWAY_NESTED_TEXT_H */
