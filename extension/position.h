/*
 * position.h
 *	  Places in the text of a script.
 */
#ifndef SLIPWAY_POSITION_H
#define SLIPWAY_POSITION_H

/* A place in a script: all count from 1, 0 is unknown. */
typedef struct SlipwayPosition
{
	int			position;		/* characters from the beginning */
	int			line;
	int			column;			/* characters */
} SlipwayPosition;

/* The position nbytes of text after one that is known. */
extern SlipwayPosition slipway_position_advance(SlipwayPosition from, const char *text, int nbytes);

#endif							/* SLIPWAY_POSITION_H */
