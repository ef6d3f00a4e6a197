/*
 * credential_work.h
 *	  One project while its credential is worked on: what the files that do so share.
 *
 * Functions that return bool return false after a failure, which is in the end then.
 */
#ifndef SLIPWAY_CREDENTIAL_WORK_H
#define SLIPWAY_CREDENTIAL_WORK_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "credential_move.h"
#include "secret_store.h"
#include "stored_login.h"

/* The secret by which a set of ours is known: it says whose it is. */
#define SLIPWAY_CREDENTIAL_MARKER "DB_CREDENTIAL"

typedef struct SlipwayCredentialWork
{
	PGconn	   *conn;
	const SlipwayCredentialTerms *terms;
	SlipwaySecretStore *store;	/* with the project's prefix; or NULL */
	const char *project;
	SlipwayCredentialEnd *end;
	bool		is_locked;

	/* what the database says of it */
	bool		is_registered;
	bool		is_made;
	bool		is_updated;
	bool		is_validated;
	bool		is_adopted;
	char	   *role;
	char	   *status;
	char	   *previous_role;	/* or NULL */
	char	   *reference;		/* or NULL */
	char		set[SLIPWAY_SECRET_SET_SIZE];	/* that the reference names; or "" */

	/* what the store said, until that is changed here; each may be NULL */
	SlipwayStoredLogin *login;	/* in force */
	char	   *password;		/* that was staged; a secret block */
} SlipwayCredentialWork;

/*
 * Begins: nobody else works on the project until slipway_credential_work_end(), which is to be called in any
 * case. Reads what the database says, which slipway_credential_work_read() does again.
 */
bool		slipway_credential_work_begin(SlipwayCredentialWork *work, PGconn *conn, const SlipwayCredentialTerms *terms,
										  const char *project, SlipwayCredentialEnd *end);
bool		slipway_credential_work_read(SlipwayCredentialWork *work);
void		slipway_credential_work_end(SlipwayCredentialWork *work);

/* Fails with an exit code and a message; with a fault of the store, which is released, or with an error of the server. */
bool		slipway_credential_work_fail(SlipwayCredentialWork *work, SlipwayExitCode code, const char *hint, const char *format,...)
			__attribute__((format(printf, 4, 5)));
bool		slipway_credential_work_check(SlipwayCredentialWork *work, SlipwaySecretFault *fault);
bool		slipway_credential_work_fail_server(SlipwayCredentialWork *work, const PGresult *result);

/* Asks the server; NULL after a failure. */
PGresult   *slipway_credential_work_ask(SlipwayCredentialWork *work, const char *sql, int count, const char *const *values);

/* The same where the answer is of no interest. */
bool		slipway_credential_work_do(SlipwayCredentialWork *work, const char *sql, int count, const char *const *values);

/* Takes back a transaction that something has failed in; what has failed stays the failure. */
void		slipway_credential_work_abort(SlipwayCredentialWork *work);

/* Tells who is to be told. */
void		slipway_credential_work_say(const SlipwayCredentialWork *work, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* Is the work to end? That is a failure. */
bool		slipway_credential_work_goes_on(SlipwayCredentialWork *work);

/* "barbican:SHOP_@", with which the references of a project begin; the caller frees it. */
char	   *slipway_credential_work_reference(const SlipwayCredentialWork *work);

/*
 * What the store has. stage: makes a password, or takes the role's own where it has one, and puts it into the set with
 * all settings that name the role, unless the set is in force already. password: that of the set, or of what is in force for this role; NULL: there is none;
 * a secret block.
 */
bool		slipway_credential_secret_stage(SlipwayCredentialWork *work);
bool		slipway_credential_secret_password(SlipwayCredentialWork *work, char **password);

/* Is this the role that is in force in the store, with a password, which a caller may want as a secret block; why not, or NULL. */
bool		slipway_credential_secret_in_force(SlipwayCredentialWork *work, const char *role, char **password, char **why);

/* Is a set of this project and database in force, or one that has come after it, whatever else is? */
bool		slipway_credential_secret_is_marked(SlipwayCredentialWork *work, bool *marked);

/* Puts the password of the set in force again, or a new one if there is none. */
bool		slipway_credential_secret_renew(SlipwayCredentialWork *work);

/* Asks the store again the next time; to be called when its prefix has changed. */
void		slipway_credential_secret_forget(SlipwayCredentialWork *work);

bool		slipway_credential_secret_publish(SlipwayCredentialWork *work);

/* Takes the set away, or only out of force. */
bool		slipway_credential_secret_withdraw(SlipwayCredentialWork *work, bool clean_up);

/*
 * Logs in where the application does, else where this program did, as a role with a password. NULL: it does not work, and *fault says
 * why, which the caller frees.
 */
PGconn	   *slipway_credential_login(SlipwayCredentialWork *work, const char *role, const char *password, char **fault);

/* The steps. */
bool		slipway_credential_work_generate(SlipwayCredentialWork *work);
bool		slipway_credential_work_create(SlipwayCredentialWork *work);
bool		slipway_credential_work_update(SlipwayCredentialWork *work);
bool		slipway_credential_work_validate(SlipwayCredentialWork *work);
bool		slipway_credential_work_undo(SlipwayCredentialWork *work, const char *reason, bool clean_up);

/* Takes back a generation only. */
bool		slipway_credential_work_forget(SlipwayCredentialWork *work);

/* After an undoing: does the previous role work again? Says how far that was tried. */
bool		slipway_credential_work_fallback(SlipwayCredentialWork *work);

#endif
