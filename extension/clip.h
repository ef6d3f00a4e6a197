/*
 * clip.h
 *	  Text that others have written, as long as a record of it is to be.
 */
#ifndef SLIPWAY_CLIP_H
#define SLIPWAY_CLIP_H

/*
 * The text itself, in the form of utf8_form.h, or, if it is long, its beginning and how long it is. NULL for NULL. A script may raise an
 * error of hundreds of megabytes, which would stay in the history for ever.
 */
extern char *slipway_clip(char *text);

#endif							/* SLIPWAY_CLIP_H */
