/*
 * snapshot_scope.h
 *	  Which objects a snapshot has: those that the project covers, without those to be ignored.
 *
 * A project with schemas covers what is in them, and these schemas; one without covers the whole
 * database but the schemas of other projects.
 *
 * Patterns are "schema:GLOB", "kind:GLOB", "extension:GLOB" or a GLOB over the identity, where
 * "*" stands for any characters and "?" for one. What belongs to a table that is ignored (columns, indexes, ...) is ignored, too.
 */
#ifndef SLIPWAY_SNAPSHOT_SCOPE_H
#define SLIPWAY_SNAPSHOT_SCOPE_H

#include "postgres.h"

typedef struct SlipwayScope SlipwayScope;

/* In the current context. SW012 if there is no such project, 22023 for a pattern that is none. */
extern SlipwayScope *slipway_scope_make(const char *project, const char *const *ignore, int n_ignore);

/* Is anything in this schema covered? */
extern bool slipway_scope_covers_schema(const SlipwayScope *scope, const char *schema);

/*
 * Is this object covered, and not ignored? schema: NULL for those in none; parent: identity of
 * what it belongs to, or NULL.
 */
extern bool slipway_scope_covers(const SlipwayScope *scope, const char *kind, const char *identity, const char *schema,
								 const char *parent);

#endif							/* SLIPWAY_SNAPSHOT_SCOPE_H */
