/*
 * settle.h
 *	  What became of a statement that commits by itself, when nobody was left
 *	  to write that down.
 */
#ifndef SLIPWAY_SETTLE_H
#define SLIPWAY_SETTLE_H

#include "journal.h"
#include "nodes/parsenodes.h"

typedef enum SlipwayFate
{
	SLIPWAY_FATE_DONE,
	SLIPWAY_FATE_UNDONE,		/* it can be run, perhaps again */
	SLIPWAY_FATE_UNKNOWN		/* the catalogs do not tell */
} SlipwayFate;

/*
 * What has to be known of the time before the statement, as text, or NULL. To be called with
 * the settings under which it will run.
 */
extern char *slipway_settle_facts(const Node *stmt);

/* Can the fate of such a statement be told at all? */
extern bool slipway_settle_can_tell(const Node *stmt);

/*
 * The fate of a unit by the catalogs. What the statement left half done is to be
 * tidied up first, by commands that commit by themselves: their texts are added to *commands.
 */
extern SlipwayFate slipway_settle(const Node *stmt, const char *project, const SlipwayOpenUnit *unit,
								  List **commands);

#endif							/* SLIPWAY_SETTLE_H */
