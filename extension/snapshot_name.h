/*
 * snapshot_name.h
 *	  Names of what an object of a snapshot refers to.
 *
 * Rows are those of one MVCC snapshot, names are looked up as they are now: somebody may have dropped meanwhile
 * what a row refers to. Where the server would then give no name, or a number, these raise an error,
 * for which the schema is read again.
 */
#ifndef SLIPWAY_SNAPSHOT_NAME_H
#define SLIPWAY_SNAPSHOT_NAME_H

#include "postgres.h"

/* Quoted. */
extern const char *slipway_name_schema(Oid oid);
extern const char *slipway_name_tablespace(Oid oid);
extern const char *slipway_name_access_method(Oid oid);

/* Qualified, with the types of the arguments. */
extern const char *slipway_name_routine(Oid oid);
extern const char *slipway_name_operator(Oid oid);

/* Qualified, with what the modifier stands for, if there is one. */
extern const char *slipway_name_type(Oid oid, int32 typmod);

#endif							/* SLIPWAY_SNAPSHOT_NAME_H */
