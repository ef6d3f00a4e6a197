/*
 * copy_data.h
 *	  The data of COPY ... FROM STDIN in a script.
 */
#ifndef SLIPWAY_COPY_DATA_H
#define SLIPWAY_COPY_DATA_H

#include "nodes/nodes.h"

/* Where in a script they are, in bytes, without the line that ends them. */
typedef struct SlipwayCopyData
{
	int			location;		/* 0: there are none */
	int			length;
	int			line;			/* of their first row */
} SlipwayCopyData;

/* Is it a COPY whose data are in the script? */
extern bool slipway_copy_data_wanted(const Node *stmt);

/* One in binary format, which no script can hold? */
extern bool slipway_copy_data_binary(const Node *stmt);

/*
 * Finds the end of data that begin at byte from: sets data->location and length, and
 * returns where the script goes on; or -1 if nothing ends them.
 */
extern int	slipway_copy_data_find(const char *script, int from, int length, SlipwayCopyData *data);

#endif							/* SLIPWAY_COPY_DATA_H */
