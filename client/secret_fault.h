/*
 * secret_fault.h
 *	  Why something did not work with a store of secrets. No secret is in it, nor in its hint.
 */
#ifndef SLIPWAY_SECRET_FAULT_H
#define SLIPWAY_SECRET_FAULT_H

#include "exit_code.h"

typedef enum SlipwaySecretFaultKind
{
	SLIPWAY_SECRET_FAULT_USAGE,		/* what is asked for, or how the store is set up, makes no sense */
	SLIPWAY_SECRET_FAULT_UNREACHABLE,	/* no answer, not in time, or 5xx after all tries */
	SLIPWAY_SECRET_FAULT_LOGIN,		/* user, password, project or credential are not known, or are not valid any more */
	SLIPWAY_SECRET_FAULT_FORBIDDEN, /* the role may not do this */
	SLIPWAY_SECRET_FAULT_MISSING,	/* what it is about does not exist */
	SLIPWAY_SECRET_FAULT_CONFLICT,	/* somebody else has changed the same at the same time */
	SLIPWAY_SECRET_FAULT_MALFORMED, /* an answer or a secret that is not what it ought to be */
	SLIPWAY_SECRET_FAULT_UNSUPPORTED,	/* this kind of store has no such thing */
	SLIPWAY_SECRET_FAULT_KINDS
} SlipwaySecretFaultKind;

typedef struct SlipwaySecretFault
{
	SlipwaySecretFaultKind kind;
	char	   *text;			/* as of slipway_die() */
	char	   *hint;			/* or NULL */
} SlipwaySecretFault;

/* hint may be NULL and is copied. */
SlipwaySecretFault *slipway_secret_fault_new(SlipwaySecretFaultKind kind, const char *hint, const char *format,...)
			__attribute__((format(printf, 3, 4)));

/* Takes NULL too. */
void		slipway_secret_fault_free(SlipwaySecretFault *fault);

/* "unreachable", "login", ...: for counters and programs. */
const char *slipway_secret_fault_name(SlipwaySecretFaultKind kind);

/* 8 for what is unreachable, 2 for usage, else 1. */
SlipwayExitCode slipway_secret_fault_exit_code(const SlipwaySecretFault *fault);

/* Ends the program with it, unless it is NULL. */
void		slipway_secret_fault_check(SlipwaySecretFault *fault);

#endif
