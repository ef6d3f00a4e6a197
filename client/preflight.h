/*
 * preflight.h
 *	  slipway check: what is looked at before a deploy, a line for each.
 */
#ifndef SLIPWAY_PREFLIGHT_H
#define SLIPWAY_PREFLIGHT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "load.h"
#include "manifest.h"
#include "option.h"

typedef enum SlipwayOutcome
{
	SLIPWAY_OUTCOME_OK,
	SLIPWAY_OUTCOME_WARNING,	/* the deploy may go on */
	SLIPWAY_OUTCOME_FAILED,		/* it had better not */
	SLIPWAY_OUTCOME_SKIPPED,	/* could not be looked at */
	SLIPWAY_OUTCOME_COUNT
} SlipwayOutcome;

typedef struct SlipwayPreflight
{
	const SlipwayArguments *arguments;
	PGconn	   *conn;			/* the administrator's; NULL: it cannot be had */
	const char *project;
	const SlipwayManifest *manifest;	/* of the folder; NULL: there is none */
	bool		has_extension;	/* one that fits */
	bool		is_registered;	/* the project is there, and may be read */
	char	   *schemas;		/* see slipway_preflight_schemas(); freed by who made this */
	const SlipwayLoad *baseline;	/* to compare with, or NULL */
	int			counts[SLIPWAY_OUTCOME_COUNT];
} SlipwayPreflight;

/* Reports what a check has found; hint may be NULL. */
void		slipway_preflight_note(SlipwayPreflight *preflight, const char *check, SlipwayOutcome outcome,
								   const char *hint, const char *format,...)
			__attribute__((format(printf, 5, 6)));

/*
 * Asks a server for a check, with up to two values, which may be NULL. NULL
 * if that fails, which is reported as a check that failed, or, where the role may not see that, one that could
 * not be made; else the caller clears the result.
 */
PGresult   *slipway_preflight_ask(SlipwayPreflight *preflight, PGconn *conn, const char *check,
								  const char *sql, const char *first, const char *second);

/* The first rows of a result's text column in one line: "a, b, c and 4 more". The caller frees it. */
char	   *slipway_preflight_list(const PGresult *result, int column);

/* A name as SQL has it, for hints. The caller frees it. */
char	   *slipway_preflight_quote(PGconn *conn, const char *name);

/* The hint where it may not. */
#define SLIPWAY_PREFLIGHT_SEE_SESSIONS "Grant the role pg_monitor."

/* May the role see what sessions of others do? Without that the server shows as much as nothing of them. */
bool		slipway_preflight_sees_sessions(SlipwayPreflight *preflight);

/*
 * Schemas of the project, as an array's text for a query: those that it was registered with, else
 * of --schemas, else those of the search_path.
 */
const char *slipway_preflight_schemas(SlipwayPreflight *preflight);

/* The groups of checks. Each reports for itself. That of the store does nothing where there is none. */
void		slipway_preflight_store(SlipwayPreflight *preflight);
void		slipway_preflight_server(SlipwayPreflight *preflight);
void		slipway_preflight_rights(SlipwayPreflight *preflight);
void		slipway_preflight_plan(SlipwayPreflight *preflight);
void		slipway_preflight_application(SlipwayPreflight *preflight);
void		slipway_preflight_tenants(SlipwayPreflight *preflight, PGconn *application);

#endif
