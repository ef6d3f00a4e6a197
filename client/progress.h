/*
 * progress.h
 *	  How far a run is, on a terminal: one line about its migrations, one
 *	  about the statement that takes long, and one about who is in its way. Elsewhere there is none of it, and
 *	  every function takes NULL for that.
 */
#ifndef SLIPWAY_PROGRESS_H
#define SLIPWAY_PROGRESS_H

typedef struct SlipwayProgress
{
	long		done;			/* migrations */
	long		total;			/* 0: not known */
	char	   *migration;		/* the current one, or NULL */
	double		started_at;		/* slipway_clock_now() of the run */
	double		migration_started_at;
	long		unit;			/* of the current one, which is stepwise, from 1 */
	long		units;			/* 0: it is not, or not known */
	char	   *statement;		/* or NULL */
	char	   *blocker;		/* who is in its way, or NULL */
	double		drawn_at;
} SlipwayProgress;

/* How often it is drawn at most. */
#define SLIPWAY_PROGRESS_INTERVAL_MS 100

/* Starts to show a run; NULL where lines cannot be drawn again. */
SlipwayProgress *slipway_progress_new(void);

/* It takes its lines away. */
void		slipway_progress_free(SlipwayProgress *progress);

/* The run is at a migration now (NULL: at none) that began so many ms ago. */
void		slipway_progress_move(SlipwayProgress *progress, const char *migration, double ago);

/* What the server does for it, or NULL. */
void		slipway_progress_set_statement(SlipwayProgress *progress, const char *statement);

/* Who is in its way, or NULL. */
void		slipway_progress_set_blocker(SlipwayProgress *progress, const char *blocker);

/* Draws it, unless it has just been. */
void		slipway_progress_draw(SlipwayProgress *progress);

/*
 * The lines as they are at a moment of the clock, none over width columns.
 * The caller frees them.
 */
char	   *slipway_progress_render(const SlipwayProgress *progress, double now, int width);

#endif
