/*
 * options.h
 *	  The options of a run: a JSON object, over the defaults of settings.h.
 */
#ifndef SLIPWAY_OPTIONS_H
#define SLIPWAY_OPTIONS_H

#include "utils/jsonb.h"

/* What commits together. */
typedef enum SlipwayMode
{
	SLIPWAY_MODE_EACH,			/* each migration by itself */
	SLIPWAY_MODE_ALL			/* all that a run applies */
} SlipwayMode;

typedef struct SlipwayOptions
{
	char	   *manifest;		/* hash in hex; NULL: the newest */
	char	   *to;				/* last migration to apply, NULL: all; of a rollback: last to stay */
	int			steps;			/* how many to roll back; 0: not given */
	bool		all;			/* of them */
	char	   *script;			/* hash in hex of one for all that are rolled back, or NULL */
	bool		newest_down_scripts;	/* those of the manifest, not those as of when it was applied */
	char	   *expected_head;	/* of the history, hash in hex; NULL: any */
	char	   *client_version;
	char	   *search_path;	/* of a project without schemas; NULL: the session's */
	char	   *labels;			/* a JSON object */
	Jsonb	   *variables;		/* or NULL */
	char	   *variables_key;	/* of those that were offered; or NULL */
	int			lock_wait;		/* ms, 0: no limit; so the next two */
	int			lock_timeout;
	int			statement_timeout;
	int			retries;
	char	   *cancel_blockers;	/* see cancel_blockers.h */
	SlipwayMode mode;
	int			out_of_order;	/* SlipwayOutOfOrder */
	bool		allow_out_of_order; /* another word for "allow" */
	bool		verify;			/* each migration, before it is recorded as applied */
	char	   *migration;		/* the only one to verify; NULL: all */
	char	   *verify_scripts; /* of verify: "applied" (NULL) or "newest" */
	int			lock_hold;		/* of a rehearsal: ms that it may hold a strong lock; 0: no limit */
	bool		plain_indexes;	/* it builds concurrent indexes as plain ones, however large the table is */
	int64		plain_indexes_below;	/* or if that has fewer bytes than these */
	bool		snapshot;		/* store one of the schema at the end; of a rehearsal: compare it */
	bool		recut;			/* cut a script where a statement turns out to refuse its transaction */
} SlipwayOptions;

/*
 * Those of the procedure "slipway.ACTION()". Raises 22023 for an unknown key, with the known
 * ones, or a bad value.
 */
extern SlipwayOptions *slipway_options_parse(Jsonb *json, const char *action);

#endif							/* SLIPWAY_OPTIONS_H */
