/*
 * normal_form.h
 *	  The form in which script bodies are hashed and stored.
 */
#ifndef SLIPWAY_NORMAL_FORM_H
#define SLIPWAY_NORMAL_FORM_H

#include "c.h"

/*
 * Gives a body its normal form, in which it is hashed and stored: no byte order
 * mark at its beginning, no CR before an LF. Raises 22021 where a server that does not check
 * encodings (SQL_ASCII) was given something that is not UTF-8.
 */
extern void slipway_normal_form(char *body);

/*
 * The same of bytes of UTF-8, that need no end, in place; returns how many are left. start
 * says that they begin the body. Not to be cut inside a character, or between CR and LF.
 */
extern size_t slipway_normal_form_part(char *bytes, size_t length, bool start);

#endif							/* SLIPWAY_NORMAL_FORM_H */
