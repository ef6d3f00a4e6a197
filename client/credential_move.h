/*
 * credential_move.h
 *	  Moves one project from the role that it shares with others to one of its own, in a database and a store of secrets.
 *
 * The steps are those of the extension: generate puts a new password into the store, not in force; create makes the role,
 * with the verifier of that password; update puts it in force, which is when the application begins to use the role; validate
 * looks at all of it and logs in. Each looks first at what is there, so that it can be done again after whatever has ended the program, the
 * server or the store in between.
 *
 * Before anything is put into the store the database says where (the reference of the credential), and after it is
 * taken away that goes too: so no secret is without a project that knows of it. The server never gets the password, and its
 * verifier by the function call protocol only.
 *
 * Nothing here ends the program but for memory that is out.
 */
#ifndef SLIPWAY_CREDENTIAL_MOVE_H
#define SLIPWAY_CREDENTIAL_MOVE_H

#include <libpq-fe.h>

#include "credential_terms.h"
#include "exit_code.h"

typedef enum SlipwayCredentialStep
{
	SLIPWAY_CREDENTIAL_GENERATE,
	SLIPWAY_CREDENTIAL_CREATE,
	SLIPWAY_CREDENTIAL_UPDATE,
	SLIPWAY_CREDENTIAL_VALIDATE,
	SLIPWAY_CREDENTIAL_ROLLBACK,
	SLIPWAY_CREDENTIAL_STEPS
} SlipwayCredentialStep;

typedef enum SlipwayCredentialOutcome
{
	SLIPWAY_CREDENTIAL_DONE,
	SLIPWAY_CREDENTIAL_ROLLED_BACK, /* a step has failed; all is as it was before */
	SLIPWAY_CREDENTIAL_FAILED,	/* a step has failed, and something is left of it: see rest */
	SLIPWAY_CREDENTIAL_LOCKED,	/* somebody else does the same now; nothing was done */
	SLIPWAY_CREDENTIAL_LOST		/* the connection is gone: call it again with a new one */
} SlipwayCredentialOutcome;

typedef struct SlipwayCredentialEnd
{
	SlipwayCredentialOutcome outcome;
	SlipwayCredentialStep step; /* that has failed */
	SlipwayExitCode exit_code;
	char		sqlstate[6];	/* of the server's error, or "" */
	char	   *message;		/* what has failed, in a line; NULL: nothing */
	char	   *detail;			/* more of it, lines; or NULL */
	char	   *hint;			/* or NULL */
	char	   *rest;			/* what was put back, or what is left and why; or NULL */
	double		durations[SLIPWAY_CREDENTIAL_STEPS];	/* ms; 0: was not done */
} SlipwayCredentialEnd;

/* "generate", ..., as the history has it behind "credential_"; and "done", "rolled_back", "failed", "locked", "lost". */
const char *slipway_credential_step_name(SlipwayCredentialStep step);
const char *slipway_credential_outcome_name(SlipwayCredentialOutcome outcome);

/*
 * All steps that are not done yet, and validate. The terms must have a store. If one fails, all of them are undone, those too that an earlier, interrupted call has
 * done, and the history says why; but what was active and validated before stays, and the end is SLIPWAY_CREDENTIAL_FAILED
 * with SLIPWAY_EXIT_INVALID then. If what was made cannot be undone either, as the store cannot be reached, it stays
 * known to the database: the next call finishes it.
 *
 * conn is outside of a transaction, and is so afterwards. slipway_credential_end_release() frees what is in the end.
 */
void		slipway_credential_move(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
									SlipwayCredentialEnd *end);

/* One step only, which leaves all as it was if it fails. */
void		slipway_credential_step(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
									SlipwayCredentialStep step, SlipwayCredentialEnd *end);

/*
 * Undoes all of it, and has the application use what it did before; the secret stays in the store, not in force, unless it is cleaned up. Then
 * looks whether the previous role works again, as far as that can be found out.
 */
void		slipway_credential_undo(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, bool clean_up,
									SlipwayCredentialEnd *end);

/*
 * Brings back what is not as it was made, of one that is active: rights that are missing or superfluous, the role, the secret, for which a
 * new password is made. Says each thing done, or that would be; then validates.
 */
void		slipway_credential_repair(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
									  SlipwayCredentialEnd *end);
void		slipway_credential_plan_repair(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
										   SlipwayCredentialEnd *end);

/* Removes from the store what was in force before, of one that was validated: slipway_credential_undo() does not bring it back then. */
void		slipway_credential_retire(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
									  SlipwayCredentialEnd *end);

void		slipway_credential_end_release(SlipwayCredentialEnd *end);

/* Says how it has ended: a line for people, on stderr unless it is done; an object under --json. */
void		slipway_credential_end_tell(const SlipwayCredentialEnd *end, const char *project);

#endif
