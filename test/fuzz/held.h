/*
 * held.h
 *	  What the client holds while a target tries it: memory and files. What slipway_die() would have left to the end of the
 *	  process is let go, so that a target can run for hours, and what else is lost is a leak.
 *
 * The linker puts the functions of held.c in the place of those of the C library, in objects of the client and of the target.
 */
#ifndef HELD_H
#define HELD_H

/* From now on it is noted. */
void		held_begin(void);

/* No longer; what is held now belongs to the caller. */
void		held_end(void);

/* No longer; what is held now is freed and closed. */
void		held_release(void);

#endif
