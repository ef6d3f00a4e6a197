/*
 * spi.h
 *	  Bookkeeping queries: the only door from this extension to SPI.
 *
 * A scope runs as the owner of slipway.history, under search_path
 * "pg_catalog, pg_temp", whatever role and settings the caller has, and with
 * an active snapshot. It is a security-restricted operation: a trigger which
 * the owner puts on a tracking table cannot be deferred to the commit, where
 * it would run as the caller. Scopes do not nest, but for those in which statements of others run. An error inside one needs no
 * clean-up: the abort of the (sub)transaction takes all of it back.
 */
#ifndef SLIPWAY_SPI_H
#define SLIPWAY_SPI_H

#include "executor/spi.h"

#define SLIPWAY_QUERY_ARGS 29

/*
 * A query with its parameter types, prepared at first use and kept for the
 * session. Declare it static.
 */
typedef struct SlipwayQuery
{
	const char *sql;
	int			nargs;
	Oid			types[SLIPWAY_QUERY_ARGS];
	bool		generic;		/* not to be planned for its values: it runs often, or they are large and
								 * each plan would copy them */
	SPIPlanPtr	plan;
} SlipwayQuery;

/* Values for one execution; a member of nulls is true for NULL. */
typedef struct SlipwayArgs
{
	Datum		values[SLIPWAY_QUERY_ARGS];
	char		nulls[SLIPWAY_QUERY_ARGS];
	int			n;
} SlipwayArgs;

extern void slipway_spi_begin(void);
extern void slipway_spi_end(void);

/* The same as another role: for GRANT, which the owner of an object gives. */
extern void slipway_spi_begin_as(Oid role);

/*
 * The same as the caller, under its own search_path, and restricted in nothing: for
 * statements that it has given itself, and for its own tables.
 */
extern void slipway_spi_begin_caller(void);

/* The same, but as another role, and restricted: what runs by the way is that one's, and not to have the caller's rights. */
extern void slipway_spi_begin_restricted(Oid role);

/* True between begin and end: hooks let such statements pass. */
extern bool slipway_spi_active(void);

/* Append a value; NULL pointers become NULL. Text is in the server's encoding. */
extern void slipway_arg_text(SlipwayArgs *args, const char *value);
extern void slipway_arg_int8(SlipwayArgs *args, int64 value);
extern void slipway_arg_datum(SlipwayArgs *args, Datum value, bool isnull);
extern void slipway_arg_hash(SlipwayArgs *args, const uint8 *hash);

/* Arrays; nulls may be NULL. The element type is a varlena one. Of hashes, NULL ones are null. */
extern void slipway_arg_array(SlipwayArgs *args, Datum *values, bool *nulls, int n, Oid type);
extern void slipway_arg_hashes(SlipwayArgs *args, const uint8 *const *hashes, int n);

/*
 * Runs a query inside a scope; returns the number of rows, which are in
 * SPI_tuptable. limit 0: all rows.
 */
extern uint64 slipway_query(SlipwayQuery *query, SlipwayArgs *args, long limit);

/*
 * The same for one that writes a row of what has to be on record, or nothing that it is about may be done. 55000 if somebody else's trigger on the
 * table, which the message names, has left it out.
 */
extern void slipway_query_record(SlipwayQuery *query, SlipwayArgs *args, const char *table);

/* The column (from 1) of a row of the last query; NULL for NULL. Palloc'd. */
extern char *slipway_row_text(uint64 row, int column);
extern Datum slipway_row_datum(uint64 row, int column, bool *isnull);
extern int64 slipway_row_int8(uint64 row, int column);

/*
 * For a function that returns a set of rows: those of the last query, whose columns are the function's.
 * InitMaterializedSRF() was called before the scope began.
 */
extern void slipway_return_rows(FunctionCallInfo fcinfo, uint64 rows);

/* Copies a hash column into 32 bytes at hash; false for NULL. */
extern bool slipway_row_hash(uint64 row, int column, uint8 *hash);

/* Called once from _PG_init. */
extern void slipway_spi_init(void);

#endif							/* SLIPWAY_SPI_H */
