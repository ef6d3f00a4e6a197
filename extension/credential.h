/*
 * credential.h
 *	  The credential of a project: the role as which its application logs in.
 *
 * What is done of it say generated, made and updated; the status is a word for that, or "failed", "rolled_back".
 */
#ifndef SLIPWAY_CREDENTIAL_H
#define SLIPWAY_CREDENTIAL_H

#include "fmgr.h"

#include "history.h"
#include "project.h"

typedef struct SlipwayCredential
{
	SlipwayProject *project;
	char	   *role;
	char	   *preset;
	char	   *status;
	char	   *previous_role;	/* these are NULL if there is none */
	char	   *application;
	char	   *mapping;		/* JSON */
	char	   *reference;
	char	   *before;			/* JSON, of an adopted role */
	char	   *mapped;			/* JSON */
	int			connection_limit;
	bool		adopted;
	bool		generated;
	bool		made;
	bool		updated;
} SlipwayCredential;

/* The credential of a project; NULL if none is registered. Opens a scope of spi.h. */
extern SlipwayCredential *slipway_credential_find(SlipwayProject *project);

/*
 * For a function that looks: the project in its argument, with its credential. Raises 42501 unless the caller is a
 * reader, SW012, and SW040 if none is registered.
 */
extern SlipwayCredential *slipway_credential_look(FunctionCallInfo fcinfo, int arg);

/*
 * For a function ("slipway.create_credential()") that changes it: the same for an admin. Nobody else changes it to the
 * end of the transaction, and no run goes on in the project: SW006; SW017 inside a script.
 */
extern SlipwayCredential *slipway_credential_begin(FunctionCallInfo fcinfo, int arg, const char *function);

/* Raises SW041: the step is not possible in the state it is in. */
extern _Noreturn void slipway_credential_refuse(const SlipwayCredential *credential, const char *why, const char *hint);

/*
 * Writes down the credential as it is now, with a status, and the entry of the history. reason and error may be NULL.
 * The last thing of a step: see slipway_history_append(). Opens a scope.
 */
extern void slipway_credential_record(SlipwayCredential *credential, const char *status, const char *action,
									  const char *reason, const ErrorData *error);

/* A text argument, or NULL; empty counts as NULL. */
extern char *slipway_credential_argument(FunctionCallInfo fcinfo, int arg);

#endif							/* SLIPWAY_CREDENTIAL_H */
