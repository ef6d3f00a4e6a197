/*
 * credential_role.h
 *	  The role of a credential, in the server.
 *
 * It is made, changed and dropped as the caller, by the functions that stand behind CREATE, ALTER and DROP ROLE and
 * not by such statements: their text, with the verifier of a password, would be for the log, for
 * pg_stat_statements and for pgaudit.
 *
 * A role that was made here bears a mark, its comment, which names database and project: it is known as ours also where the
 * row of the credential is gone.
 */
#ifndef SLIPWAY_CREDENTIAL_ROLE_H
#define SLIPWAY_CREDENTIAL_ROLE_H

#include "credential.h"
#include "query.h"

/* Raises SW016 unless a role may have that name, and none is a part of it only. */
extern void slipway_credential_check_role_name(const char *role);

/* Raises 22023 unless it is a SCRAM-SHA-256 verifier; what it is does not show. */
extern void slipway_credential_check_verifier(const char *verifier);

/* The comment that a role made here has. */
extern char *slipway_credential_mark(const SlipwayCredential *credential);

/* Was the role, which exists, made for this project in this database? For any project, in any database? */
extern bool slipway_credential_is_ours(const SlipwayCredential *credential);
extern bool slipway_credential_is_marked(const SlipwayCredential *credential);

/* Has it a password? */
extern bool slipway_credential_has_password(const char *role);

/* Gives a role another password, and changes nothing else of it. */
extern void slipway_credential_change_password(const char *role, const char *verifier);

/* Makes the role, with its mark, if it does not exist; gives it login, connection limit and password. */
extern void slipway_credential_make_role(const SlipwayCredential *credential, const char *verifier);

/* The same of a role that exists and gets no mark. verifier NULL: it has a password. */
extern void slipway_credential_take_role(const SlipwayCredential *credential, const char *verifier);

/* Puts back what such a role was before, but for its rights. */
extern void slipway_credential_restore_role(const SlipwayCredential *credential);

/* What to do with objects that a role owns which is to be dropped. */
typedef struct SlipwayOwned
{
	enum
	{
		SLIPWAY_OWNED_REFUSE,
		SLIPWAY_OWNED_DROP,
		SLIPWAY_OWNED_REASSIGN
	}			how;
	const char *heir;			/* of SLIPWAY_OWNED_REASSIGN */
} SlipwayOwned;

/* A query with the name of a role: what keeps it from being dropped, by database, kind and object. */
#define SLIPWAY_CREDENTIAL_OBJECTS "WITH given AS (" SLIPWAY_QUERY_CREDENTIAL_GIVEN "),\n" \
	"listed AS (" SLIPWAY_QUERY_CREDENTIAL_LISTED ")\n" \
	SLIPWAY_QUERY_CREDENTIAL_OBJECTS

/* Reads arguments owned and heir; 22023 for other words, or for one without the other. */
extern SlipwayOwned slipway_credential_owned(FunctionCallInfo fcinfo, int arg);

/*
 * Drops the role, if it exists, with all its rights in this database. Raises SW043, with a list, if it owns something
 * that is not to be dropped or reassigned, others have rights from it, or it has something in another database.
 */
extern void slipway_credential_drop_role(const char *role, const SlipwayOwned *owned);

#endif							/* SLIPWAY_CREDENTIAL_ROLE_H */
