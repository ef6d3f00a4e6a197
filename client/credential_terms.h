/*
 * credential_terms.h
 *	  How credentials of projects are to be made: in which store of secrets, under which names, how thoroughly looked at.
 *
 * What an application logs in with are the settings DB_USERNAME and DB_PASSWORD of the store, with a prefix of the project's own.
 */
#ifndef SLIPWAY_CREDENTIAL_TERMS_H
#define SLIPWAY_CREDENTIAL_TERMS_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "option.h"
#include "secret_store.h"

#define SLIPWAY_CREDENTIAL_USERNAME "DB_USERNAME"
#define SLIPWAY_CREDENTIAL_PASSWORD "DB_PASSWORD"

/* The same for all projects that a program works on, one after the other. Texts are borrowed from the command line. */
typedef struct SlipwayCredentialTerms
{
	SlipwaySecretStore *store;	/* whose prefix changes from project to project; NULL: none was given */
	char	   *prefix;			/* the prefix of a project's secrets, with %p or %P in it */
	const char *fallback_prefix;	/* of those of the role that projects share, or NULL */
	bool		adopt;			/* takes a role that exists */
	double		grace;			/* ms to wait for sessions of the previous role to end */
	const SlipwayOptionList *health_urls;	/* with %p for the project */
	double		health_timeout; /* ms */
	const char *owned;			/* refuse, drop or reassign: what a rollback does with objects that the role owns */
	const char *heir;			/* to whom; or NULL */

	/* Is told what has been done, for people, without a secret; NULL: nobody is. */
	void		(*say) (void *context, const char *project, const char *text);

	/* Asked between steps: is the work to end? What was begun is undone then. NULL: never. */
	bool		(*is_stopped) (void *context);
	void	   *context;
} SlipwayCredentialTerms;

/*
 * What the options say. Opens the store, which must be one that can be written to; where needs_store is false there may be none. What makes
 * no sense ends the program. slipway_credential_terms_release() closes the store; a process that forks has each
 * child call this for itself.
 */
void		slipway_credential_terms_read(const SlipwayArguments *arguments, bool needs_store, SlipwayCredentialTerms *terms);
void		slipway_credential_terms_release(SlipwayCredentialTerms *terms);

/*
 * The administrator's connection, with the versions compared, as slipway_server_greet() does it. What goes wrong ends the
 * program. Where the store says where to connect to, it is asked with what stands before the project in the prefix.
 */
PGconn	   *slipway_credential_connect(const SlipwayArguments *arguments);

/* The same, but a failure is told: returns NULL and sets *fault, without passwords, which the caller frees. */
PGconn	   *slipway_credential_reconnect(const SlipwayArguments *arguments, char **fault);

/* The prefix of a project's secrets: %p is its name, %P the same in capitals, with _ for what no variable can have. The caller frees it. */
char	   *slipway_credential_terms_prefix(const SlipwayCredentialTerms *terms, const char *project);

/* A URL with %p filled in, escaped; the caller frees it. */
char	   *slipway_credential_terms_url(const char *pattern, const char *project);

#endif
