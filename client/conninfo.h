/*
 * conninfo.h
 *	  Connection strings and URIs as text: what libpq would refuse taken out
 *	  of them, and what nobody may see.
 */
#ifndef SLIPWAY_CONNINFO_H
#define SLIPWAY_CONNINFO_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

/* Is it a connection string or URI, rather than the name of a database? */
bool		slipway_conninfo_is_string(const char *text);
bool		slipway_conninfo_is_uri(const char *text);

/*
 * A copy of a connection string or URI without search_path, which libpq does
 * not know. Sets *search_path to its value, decoded, or to NULL; the last one
 * counts. The caller frees both. Malformed strings are copied as they are.
 */
char	   *slipway_conninfo_split(const char *text, char **search_path);

/* Does a URI have parameters already? A '?' of its password is no beginning of them. */
bool		slipway_conninfo_has_query(const char *uri);

/* A copy with *** for each password in it, also when it is malformed. */
char	   *slipway_conninfo_scrub(const char *text);

/*
 * Is it a URI whose credentials hold an unescaped '/' or '@'? libpq takes it apart there, and
 * has the rest of a password for a host or the name of a database, also where
 * parameters give other ones.
 */
bool		slipway_conninfo_is_torn(const char *text);

/* Frees what libpq has made of a string, and wipes it before. Takes NULL too. */
void		slipway_conninfo_free(PQconninfoOption *options);

/* Gets a password as it stands in a text: raw, not decoded. */
typedef void (*SlipwayConninfoPassword) (void *context, const char *start, size_t length);

/* Calls function with each password in a text, and with what else libpq knows that is secret. */
void		slipway_conninfo_each_password(const char *text, SlipwayConninfoPassword function,
										   void *context);

/* Such a password, of a URI or a keyword string, decoded; the caller frees it. */
char	   *slipway_conninfo_decode(bool uri, const char *start, size_t length);

/* What a text becomes where it is put into a connection string. */
typedef enum SlipwayConninfoPlace
{
	SLIPWAY_CONNINFO_AS_IS,
	SLIPWAY_CONNINFO_PERCENT,	/* in role, password or a parameter's value of a URI */
	SLIPWAY_CONNINFO_BACKSLASH	/* in a value of a keyword string, with quotes or without */
} SlipwayConninfoPlace;

/* Which of them it is at an offset of an unfinished string. */
SlipwayConninfoPlace slipway_conninfo_place(const char *text, size_t offset);

/* Adds a value so that libpq, in that place, reads it as it is. */
void		slipway_conninfo_add(SlipwayBuffer *result, SlipwayConninfoPlace place, const char *value);

/* A copy of a message with *** for each occurrence of a secret (none empty). */
char	   *slipway_conninfo_hide(const char *message, const char *secret);

#endif
