/*
 * schema_list.h
 *	  The value of --schemas.
 */
#ifndef SLIPWAY_SCHEMA_LIST_H
#define SLIPWAY_SCHEMA_LIST_H

/*
 * An array literal, for a query, of a comma-separated list of names as they are; NULL for NULL.
 * An empty name ends the program with SLIPWAY_EXIT_USAGE. The caller frees it.
 */
char	   *slipway_schema_list(const char *list);

#endif
