/*
 * directive.h
 *	  What a script says of itself in its first lines: "-- slipway: repeatable".
 */
#ifndef SLIPWAY_DIRECTIVE_H
#define SLIPWAY_DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Has a script of that beginning the directive, without a value? The server reads them all,
 * and says what is wrong with them; here is what a manifest has to say.
 */
bool		slipway_directive_is_there(const char *text, size_t length, const char *name);

#endif
