/*
 * skipped.h
 *	  What was in a folder and was not taken for a script, and what users are
 *	  told about it: a warning where a script may have been meant, a word
 *	  about left-overs, and all of it with -v.
 */
#ifndef SLIPWAY_SKIPPED_H
#define SLIPWAY_SKIPPED_H

typedef enum SlipwaySkipReason
{
	SLIPWAY_SKIPPED_LOOKALIKE,	/* named nearly as scripts are */
	SLIPWAY_SKIPPED_LEFT_OVER,	/* of an editor or a merge tool */
	SLIPWAY_SKIPPED_IGNORED		/* by .slipwayignore */
} SlipwaySkipReason;

typedef struct SlipwaySkipList SlipwaySkipList;

SlipwaySkipList *slipway_skipped_new(void);
void		slipway_skipped_free(SlipwaySkipList *list);

/* Adds the name of a file, which is copied. */
void		slipway_skipped_add(SlipwaySkipList *list, SlipwaySkipReason reason, const char *file);

/* Tells users about a folder, given by its path. */
void		slipway_skipped_report(SlipwaySkipList *list, const char *folder);

#endif
