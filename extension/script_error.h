/*
 * script_error.h
 *	  Where in which script an error was raised.
 *
 * While a place is pushed, every message gets a last line of context,
 *		migration "NAME", line L, column C
 * or, of a stepwise migration,
 *		migration "NAME", unit U of N, line L, column C
 * or, found before anything runs,
 *		check of migration "NAME", line L, column C
 * or, in a script of another part, such as that which verifies it,
 *		migration "NAME", verify script, line L, column C
 * or, in a row of the data of COPY, the same without a column,
 * and an error that points into the statement points into its text instead of
 * the CALL that the client sent. The client reads that line: its form is part
 * of the interface.
 */
#ifndef SLIPWAY_SCRIPT_ERROR_H
#define SLIPWAY_SCRIPT_ERROR_H

#include "expand.h"
#include "script.h"

typedef struct SlipwayPlace
{
	const char *migration;
	const char *part;			/* which of its scripts: "down", "verify"; NULL: up. To be set after the push */
	const char *script;
	bool		checking;		/* before anything runs */
	int			unit;			/* of a stepwise migration, from 1; 0: of another one */
	int			units;
	SlipwayStatement statement; /* what is being parsed or run */
	bool		in_statement;	/* false: no line can be given */
	const char *text;			/* of the statement as it is shown, if parsed by itself */
	const SlipwayExpansion *expansion;	/* whose text the script is; NULL: it is as it was written */
	ErrorContextCallback callback;
} SlipwayPlace;

extern void slipway_place_push(SlipwayPlace *place, const char *migration,
							   const char *script, bool checking);
/* From now on its script is the text of an expansion, unless NULL. */
extern void slipway_place_expand(SlipwayPlace *place, const SlipwayExpansion *expansion);

extern void slipway_place_pop(SlipwayPlace *place);

/* Pushes one again that was popped, as it was. */
extern void slipway_place_resume(SlipwayPlace *place);

/* That of the last message raised while a place was pushed. */
extern SlipwayPosition slipway_place_last(void);
extern const char *slipway_place_last_migration(void);

/* Did that message point into the value of a secret variable? It may show a part of it. */
extern bool slipway_place_last_in_secret(void);

#endif							/* SLIPWAY_SCRIPT_ERROR_H */
