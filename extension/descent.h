/*
 * descent.h
 *	  What a rollback takes back: migrations that are applied, the last applied first.
 */
#ifndef SLIPWAY_DESCENT_H
#define SLIPWAY_DESCENT_H

#include "options.h"
#include "task.h"

typedef struct SlipwayDescentStep
{
	char	   *name;
	SlipwayKind kind;
	bool		baselined;		/* no script of it ever ran */
	bool		part_way;		/* its rollback has begun, and stopped */
	bool		bound;			/* the script with which that has begun rolls this one back, too */
	bool		has_script;
	uint8		script[SLIPWAY_HASH_LEN];	/* that rolls it back */
	SlipwayOutline *outline;	/* once that was checked; with a script for all, the first one's alone */
	const char *approved_by;	/* the script, once that was looked up for a run; or NULL */
} SlipwayDescentStep;

typedef struct SlipwayDescent
{
	SlipwayDescentStep *steps;
	int			n;
	bool		one_script;		/* takes all of them back at once */
} SlipwayDescent;

/*
 * Which ones go, by the options of a rollback, in the current memory context. Raises 22023 where
 * those do not say so, or name what is not applied; SW021 while a migration is applied in part. Opens
 * scopes of spi.h.
 */
extern SlipwayDescent *slipway_descent_make(const SlipwayProject *project, const SlipwayManifest *manifest,
											const SlipwayOptions *options);

/* Raises SW020 for those that have no script, and what is wrong with the scripts. */
extern void slipway_descent_check(SlipwayDescent *descent, const SlipwayProject *project);

/* Raises 42501 unless the caller may run the scripts, which were checked, as the roles that they name. */
extern void slipway_descent_check_roles(const SlipwayDescent *descent);

/* Those of a descent that was checked, with room for so many more behind them. Sets *n. */
extern SlipwayTask *slipway_descent_tasks(const SlipwayDescent *descent, int more, int *n);

#endif							/* SLIPWAY_DESCENT_H */
