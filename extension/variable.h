/*
 * variable.h
 *	  Variables of scripts: what a script declares, and the values of a session's call.
 */
#ifndef SLIPWAY_VARIABLE_H
#define SLIPWAY_VARIABLE_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* As a script declares it. */
typedef struct SlipwayVariable
{
	char	   *name;
	char	   *otherwise;		/* the value if none is given, or NULL */
	bool		secret;
} SlipwayVariable;

/* A letter or underscore, then letters, digits and underscores. */
extern int	slipway_variable_name_length(const char *text);

/*
 * Reads "NAME, NAME secret, NAME = value" and adds it to a list of SlipwayVariable. Raises SW007 for
 * what is malformed, or declared twice.
 */
extern List *slipway_variables_declare(List *variables, const char *text);

/*
 * From now on variables have the values that the session was offered by slipway.set_variables(), and over
 * them those of an object of strings (NULL: none): to the end of the transaction, or (call) until
 * slipway_variables_end_call(), which also forgets the offer. An offer with a key is for a call with that key only, which may be one of another session. Raises 22023 for what is no such object. Where a script of a run asks, they stay what they are for the run.
 */
extern void slipway_variables_take(Jsonb *values, bool call, const char *key);
extern void slipway_variables_end_call(void);

/* What would be taken for such a call, as JSON, to be offered to another session; this one has no more of it. */
extern char *slipway_variables_hand_on(Jsonb *values, const char *key);
extern void slipway_variables_offer(const char *json, const char *key);

/* What this session was offered for a call of its own is no more. */
extern void slipway_variables_withdraw(void);

/*
 * For what is to be kept in a table: a text with ${name} in place of the values of those declared variables
 * that are secret, and ${} for any ${ in it; and back, with the values of now. A value of fewer than
 * SLIPWAY_SECRET_SHORT bytes counts only if it is the whole text.
 */
extern char *slipway_variables_to_names(const List *variables, const char *text);
extern char *slipway_variables_from_names(const List *variables, const char *text);

/*
 * Until the call ends values must be plain: no statement, query or call by themselves wherever they are put. Those that a script has
 * itself are as they are.
 */
typedef enum SlipwayPlain
{
	SLIPWAY_PLAIN_NOT,			/* they need not */
	SLIPWAY_PLAIN_APPROVAL,		/* what they are put into was approved, and they were not */
	SLIPWAY_PLAIN_RIGHTS		/* who gives them has neither the rights that the script runs with, nor may write one */
} SlipwayPlain;

extern void slipway_variables_require_plain(SlipwayPlain why);
extern SlipwayPlain slipway_variables_plain(void);

/* Then: is the value of a variable another than the script has itself? */
extern bool slipway_variable_is_foreign(const SlipwayVariable *variable);

/* And is it one that it must not have for that reason? */
extern bool slipway_variable_is_refused(const SlipwayVariable *variable);

/* Called once from _PG_init. */
extern void slipway_variables_init(void);

/* The value of a variable, or NULL. */
extern const char *slipway_variable_value(const SlipwayVariable *variable);

#endif							/* SLIPWAY_VARIABLE_H */
