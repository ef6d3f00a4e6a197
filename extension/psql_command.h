/*
 * psql_command.h
 *	  Lines of a script that are meant for psql: they begin with a backslash.
 */
#ifndef SLIPWAY_PSQL_COMMAND_H
#define SLIPWAY_PSQL_COMMAND_H

/* What \restrict said. */
typedef struct SlipwayRestriction
{
	const char *key;			/* in the script; NULL: it is not in force */
	int			length;
} SlipwayRestriction;

/*
 * Takes the command at text, up to the end of its line, and returns its length. Only
 * \restrict and \unrestrict, which pg_dump writes, are taken, and must match; raises SW007
 * for any other.
 */
extern int	slipway_psql_command_take(const char *text, SlipwayRestriction *restriction);

/* Is it a command that psql takes for the end of a query, as \gexec? */
extern bool slipway_psql_command_ends_query(const char *text);

/* Raises SW007 for the command at text. */
extern void slipway_psql_command_refuse(const char *text);

/* Raises SW007: \restrict is in force at the end of the script. */
extern void slipway_psql_command_refuse_end(void);

#endif							/* SLIPWAY_PSQL_COMMAND_H */
