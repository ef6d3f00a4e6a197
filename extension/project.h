/*
 * project.h
 *	  Projects: a line of migrations with its own history, lock and settings.
 */
#ifndef SLIPWAY_PROJECT_H
#define SLIPWAY_PROJECT_H

#include "nodes/pg_list.h"
#include "utils/array.h"

typedef struct SlipwayProject
{
	char	   *name;
	char	   *search_path;	/* as for SET search_path; NULL: the caller's */
	char	   *owner;			/* role its scripts run as; NULL: the caller */
	bool		has_schemas;	/* search_path is its own, and not one that the caller has offered */
	int64		lock_key;
} SlipwayProject;

/* Loads a project into the current memory context; SW012 if there is none. */
extern SlipwayProject *slipway_project_load(const char *name);

/*
 * Gives a loaded project that has no schemas of its own this search_path (NULL: none); raises
 * 22023 unless it is one. A pooler's client cannot rely on that of the session.
 */
extern void slipway_project_offer_search_path(SlipwayProject *project, char *search_path);

/* Makes project "default" if it is that and does not exist; SW012 for any other. Opens a scope. */
extern void slipway_project_require(const char *name);

/*
 * Registers a project, or changes what is not NULL of an existing one, as slipway.create_project() does: raises 42501
 * unless the caller is an admin of all projects. Opens scopes.
 */
extern void slipway_project_create(const char *name, ArrayType *schemas, const char *owner);

/* Raises SW016 unless name can name a thing of this kind ("project", ...). */
extern void slipway_check_name(const char *kind, const char *name);

/*
 * Raises 42501 unless scripts may run as the role: it is no superuser and has
 * no rights on the tracking tables.
 */
extern void slipway_project_check_owner(const char *project, Oid role);

/* Key of the project's advisory lock: 8 bytes of SHA-256 over its name. */
extern int64 slipway_project_lock_key(const char *name);

#endif							/* SLIPWAY_PROJECT_H */
