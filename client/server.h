/*
 * server.h
 *	  The SQL interface of pg_slipway, typed. Any error of the server ends
 *	  the program with the exit code that fits it.
 */
#ifndef SLIPWAY_SERVER_H
#define SLIPWAY_SERVER_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "manifest.h"

/*
 * Expressions for a time in UTC: for people, and for programs. By an interval, as the name is whatever the session's time zone
 * calls so: in server 18 and with TimeZone = 'UTC+5' that is another one.
 */
#define SLIPWAY_SERVER_UTC(column) \
	"pg_catalog.to_char(" column " AT TIME ZONE INTERVAL '0', 'YYYY-MM-DD HH24:MI:SS')"
#define SLIPWAY_SERVER_UTC_ISO(column) \
	"pg_catalog.to_char(" column " AT TIME ZONE INTERVAL '0', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/*
 * An interval in milliseconds. Without the schema, an operator for numeric and integer, of whoever may create one in a schema of the
 * search_path, would fit better than the server's own for numeric and numeric. So it is with all whose types are not exactly those of one
 * in pg_catalog.
 */
#define SLIPWAY_SERVER_MS(interval) "extract(epoch FROM " interval ") OPERATOR(pg_catalog.*) 1000"

typedef enum SlipwayStateKind
{
	SLIPWAY_STATE_APPLIED,
	SLIPWAY_STATE_PENDING,
	SLIPWAY_STATE_FAILED,		/* pending, and its last try failed */
	SLIPWAY_STATE_CHANGED,
	SLIPWAY_STATE_MISSING,
	SLIPWAY_STATE_FUTURE,
	SLIPWAY_STATE_OUT_OF_ORDER,
	SLIPWAY_STATE_ROLLED_BACK_PART
} SlipwayStateKind;

#define SLIPWAY_STATE_COUNT (SLIPWAY_STATE_ROLLED_BACK_PART + 1)

/* A migration of the manifest or of the history. Strings may be NULL. */
typedef struct SlipwayState
{
	const char *migration;
	SlipwayStateKind kind;
	const char *applied_at;		/* UTC, for people */
	const char *applied_at_iso; /* UTC, for programs */
	const char *applied_by;
	const char *run;
	const char *script_hash;
	const char *applied_hash;
	double		duration;		/* milliseconds; negative: unknown */
	int			units_done;		/* of a stepwise one that has stopped part way; else 0 */
	bool		repeatable;
	const char *approval;		/* "given", "missing"; NULL: none is needed */
} SlipwayState;

typedef struct SlipwayStateList
{
	PGresult   *result;			/* owns the strings */
	SlipwayState *states;
	size_t		count;
	const char *out_of_order;	/* the policy that the server has for it */
} SlipwayStateList;

/* Word for a state, as the server and users spell it. */
const char *slipway_server_state_name(SlipwayStateKind kind);

/*
 * Hands on what a server has answered. If libpq could not read that, what it gives next would be taken for the answer to
 * another question: that ends the program. For questions that may fail.
 */
PGresult   *slipway_server_answer(const PGconn *conn, PGresult *result);

/* The same, but it is the end of the connection only; and PQexec() with that. For those who have something to put right. */
PGresult   *slipway_server_answer_or_lose(PGconn *conn, PGresult *result);
PGresult   *slipway_server_exec(PGconn *conn, const char *sql);

/* Runs a statement with text values; the caller clears the result. */
PGresult   *slipway_server_query(PGconn *conn, const char *sql, int count,
								 const char *const *values);

/*
 * A server may take its time, or not answer at all. From now on, until it is
 * called with NULL, a signal while a statement is waited for calls this, which
 * does not return. Signals are to be watched meanwhile, see interrupt.h.
 */
void		slipway_server_set_leave(void (*leave) (const void *argument), const void *argument);

/*
 * The same for rows whose column outcome says "interrupted" where a process is gone that had not
 * written its end. It may have done so since the rows were read: so that is asked again.
 */
PGresult   *slipway_server_query_outcome(PGconn *conn, const char *sql, int count, const char *const *values);

/*
 * Sets the search_path that the connection was asked for, asks for the
 * extension's version and whether there is a pooler (see pooler.h), and runs a statement, all in one exchange. Ends the
 * program with SLIPWAY_EXIT_VERSION unless client and extension fit, with
 * SLIPWAY_EXIT_ERROR and a hint where there is no extension, and with
 * SLIPWAY_EXIT_USAGE if the search_path is none. Without sql it only does
 * that, and returns NULL.
 */
PGresult   *slipway_server_greet(PGconn *conn, const char *sql, int count,
								 const char *const *values);

/*
 * Sends all of that without waiting for an answer; the same statement is then to be given to
 * slipway_server_greet(), which also reports an error of this.
 */
void		slipway_server_greet_early(PGconn *conn, const char *sql, int count,
									   const char *const *values);

/*
 * Do these versions fit: same major, minor at most one apart? Negative: the
 * client is too old, positive: the extension is.
 */
int			slipway_server_compare_versions(const char *client, const char *extension);

/* greet() with compare(): the folder against the history. */
SlipwayStateList *slipway_server_compare(PGconn *conn, const SlipwayManifest *manifest,
										 const char *project);
void		slipway_server_free_states(SlipwayStateList *list);

/* Says why slipway.drift() has failed, which is nothing to fail for. */
void		slipway_server_warn_of_drift(const PGresult *result);

/*
 * The value of a field, which an answer may lack that does not come from a server with slipway, or comes through a pooler that mixes up
 * answers: that ends the program. What libpq has for it is NULL, and nobody looks; so this is what stands there for all who include this.
 */
char	   *slipway_server_value(const PGresult *result, int row, int field);

#define PQgetvalue(result, row, field) slipway_server_value(result, row, field)

/* An answer of COPY, which nobody here asks for, and which has no end for libpq: that ends the program. */
void		slipway_server_check_copy(const PGresult *result);
bool		slipway_server_is_copy(const PGresult *result);

/* Value of a field, or NULL; a number of a field, or otherwise. */
const char *slipway_server_text(const PGresult *result, int row, int field);
double		slipway_server_number(const PGresult *result, int row, int field, double otherwise);

#endif
