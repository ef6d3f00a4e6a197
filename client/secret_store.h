/*
 * secret_store.h
 *	  Where secrets are kept: the process environment, a file, or OpenStack Barbican.
 *
 * A store is opened with a prefix, which is put in front of each name that it is asked for: with
 * PROD_, DB_PASSWORD is PROD_DB_PASSWORD. Names here are those without it.
 *
 * Nothing here ends the program, but for memory that is out and for slipway_secret_store_find(). What does not
 * work is returned as a fault, which the caller frees or gives to slipway_secret_fault_check(); NULL: it
 * has worked.
 */
#ifndef SLIPWAY_SECRET_STORE_H
#define SLIPWAY_SECRET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "option.h"
#include "secret_buffer.h"
#include "secret_fault.h"

/* A secret is at most as long as Barbican takes them by default, 20000 bytes. */
#define SLIPWAY_SECRET_MAX_LENGTH 20000

/* The name of the TLS material of a connection. */
#define SLIPWAY_SECRET_TLS "DB_TLS"

/* Of 32 hexadecimal digits and a NUL; see slipway_secret_store_make_set(). */
#define SLIPWAY_SECRET_SET_SIZE 33

typedef enum SlipwaySecretState
{
	SLIPWAY_SECRET_UNKNOWN,		/* not asked for yet */
	SLIPWAY_SECRET_FOUND,
	SLIPWAY_SECRET_MISSING,
	SLIPWAY_SECRET_FAILED		/* it may be there */
} SlipwaySecretState;

/* A question and its answer. */
typedef struct SlipwaySecretLookup
{
	const char *name;			/* is borrowed */
	SlipwaySecretState state;
	SlipwaySecretBuffer value;	/* if found; any bytes, perhaps none */
	SlipwaySecretFault *fault;	/* if failed */
} SlipwaySecretLookup;

/* What is known of a secret beside its value; NULL and 0: nothing. */
typedef struct SlipwaySecretPolicy
{
	const char *purpose;
	const char *environment;
	int			rotation_days;	/* after how many it is to be replaced */
} SlipwaySecretPolicy;

/* What is to be stored; all of it is borrowed. */
typedef struct SlipwaySecretItem
{
	const char *name;
	const char *bytes;
	size_t		length;
	SlipwaySecretPolicy policy;
} SlipwaySecretItem;

/* A line of a list. Times are 0 where the store does not know them. */
typedef struct SlipwaySecretEntry
{
	char	   *name;			/* without the prefix */
	bool		is_certificate;
	bool		in_set;
	time_t		created_at;		/* this version of it */
	time_t		updated_at;
	char	   *purpose;		/* or NULL */
	char	   *environment;	/* or NULL */
	int			rotation_days;	/* 0: no policy */
	time_t		rotation_due_at;
} SlipwaySecretEntry;

typedef struct SlipwaySecretList
{
	SlipwaySecretEntry *entries;	/* by name */
	size_t		count;
} SlipwaySecretList;

/* A set, see slipway_secret_store_make_set(), and the prefix that its secrets have. */
typedef struct SlipwaySecretSet
{
	char		name[SLIPWAY_SECRET_SET_SIZE];
	char	   *prefix;
} SlipwaySecretSet;

typedef struct SlipwaySecretSetList
{
	SlipwaySecretSet *sets;
	size_t		count;
} SlipwaySecretSetList;

/* TLS material, each in PEM; empty: there is none. root is what the server's certificate is verified with. */
typedef struct SlipwaySecretCertificate
{
	SlipwaySecretBuffer root;
	SlipwaySecretBuffer certificate;
	SlipwaySecretBuffer private_key;
} SlipwaySecretCertificate;

/* A step of a health check. Lives as long as the call that it is given to. */
typedef struct SlipwaySecretStep
{
	const char *name;			/* "log in to Keystone" */
	const char *detail;			/* what was found, for people; or NULL */
	const SlipwaySecretFault *fault;	/* NULL: it has worked */
	double		duration;		/* ms */
} SlipwaySecretStep;

/* A variable that leads others to a store; nothing secret. */
typedef struct SlipwaySecretVariable
{
	const char *name;
	char	   *value;
} SlipwaySecretVariable;

#define SLIPWAY_SECRET_MAX_VARIABLES 8

typedef void (*SlipwaySecretReport) (void *context, const SlipwaySecretStep *step);

/*
 * What every kind of store is made of. The functions below, which say what each does, call them; nobody else
 * does. A function that is NULL is one that this kind of store has not.
 */
typedef struct SlipwaySecretProvider
{
	const char *name;			/* as --secrets has it */
	bool		keeps_policies;

	/* Gets ready, without asking a server; place is what stands behind "name:", or NULL. Sets *state. */
	SlipwaySecretFault *(*open) (const char *place, const char *prefix, void **state);

	/*
	 * Answers all lookups, each for itself, in parallel where that is faster. A fault says that none could be answered;
	 * what is wrong with one of them only is in that one.
	 */
	SlipwaySecretFault *(*fetch) (void *state, SlipwaySecretLookup *lookups, size_t count);
	SlipwaySecretFault *(*put) (void *state, const SlipwaySecretItem *item);
	SlipwaySecretFault *(*remove) (void *state, const char *name, bool *existed);
	SlipwaySecretFault *(*list) (void *state, SlipwaySecretList *list);
	SlipwaySecretFault *(*fetch_certificate) (void *state, const char *name, bool *found,
											  SlipwaySecretCertificate *certificate);
	SlipwaySecretFault *(*put_certificate) (void *state, const char *name, const SlipwaySecretCertificate *certificate);

	SlipwaySecretFault *(*stage) (void *state, const char *set, const SlipwaySecretItem *items, size_t count);
	SlipwaySecretFault *(*fetch_staged) (void *state, const char *set, SlipwaySecretLookup *lookups, size_t count);
	SlipwaySecretFault *(*publish) (void *state, const char *set, bool alone);
	SlipwaySecretFault *(*is_published) (void *state, const char *set, bool *published);
	SlipwaySecretFault *(*retire) (void *state, const char *set);
	SlipwaySecretFault *(*withdraw) (void *state, const char *set);

	SlipwaySecretFault *(*find_sets) (void *state, const char *name, SlipwaySecretSetList *list);

	void		(*check) (void *state, SlipwaySecretReport report, void *context);

	/* Adds at most SLIPWAY_SECRET_MAX_VARIABLES. */
	SlipwaySecretFault *(*describe) (void *state, SlipwaySecretVariable *variables, size_t *count);

	/* Releases the state, wiping what is secret. */
	void		(*close) (void *state);
} SlipwaySecretProvider;

extern const SlipwaySecretProvider slipway_secret_environment;
extern const SlipwaySecretProvider slipway_secret_file;
extern const SlipwaySecretProvider slipway_secret_barbican;

typedef struct SlipwaySecretStore SlipwaySecretStore;

/*
 * Is it a good name, prefix included? Letters, digits and _ . - / : of ASCII, at most 200 of them.
 */
bool		slipway_secret_is_name(const char *name);

/*
 * The store of --secrets and --secret-prefix, which is closed at the end of the program, or when another one is asked
 * for; NULL when there is no such option. Faults end the program.
 */
SlipwaySecretStore *slipway_secret_store_find(const SlipwayArguments *arguments);

/*
 * Closes that one, if there is one, with what is open for it: for who becomes another program, which would inherit that, or is
 * going to fork, as connections to a store are not to be shared by processes.
 */
void		slipway_secret_store_forget(void);

/* Opens "environment", "file:PATH" or "barbican" without asking a server; prefix may be NULL. */
SlipwaySecretFault *slipway_secret_store_open(const char *where, const char *prefix, SlipwaySecretStore **store);
void		slipway_secret_store_close(SlipwaySecretStore *store);

/* Another prefix from now on, at most of 200 bytes; what the store was asked for before is forgotten. */
SlipwaySecretFault *slipway_secret_store_set_prefix(SlipwaySecretStore *store, const char *prefix);

/*
 * "barbican", "file:/etc/shop.env": for people; the prefix, perhaps ""; does it have sets? And does it keep what is known of
 * a secret beside its value?
 */
const char *slipway_secret_store_place(const SlipwaySecretStore *store);
const char *slipway_secret_store_prefix(const SlipwaySecretStore *store);
bool		slipway_secret_store_has_sets(const SlipwaySecretStore *store);
bool		slipway_secret_store_keeps_policies(const SlipwaySecretStore *store);

/* Can others change what is in it while this process runs? And: what was found so far is asked for again. */
bool		slipway_secret_store_may_change(const SlipwaySecretStore *store);
void		slipway_secret_store_refresh(SlipwaySecretStore *store);

/*
 * Looks several names up. What was found in the last SECRETS_CACHE_TTL seconds (default 300, 0: never) is
 * not asked for again. Of a fault with a single name see the lookup.
 */
SlipwaySecretFault *slipway_secret_store_fetch(SlipwaySecretStore *store, SlipwaySecretLookup *lookups, size_t count);

/*
 * The text of a lookup, with *text NULL if it is missing: what could not be looked up, is empty, or has a NUL or
 * other bytes that are no UTF-8, is a fault. The text lives as long as the lookup.
 */
SlipwaySecretFault *slipway_secret_lookup_text(const SlipwaySecretStore *store, SlipwaySecretLookup *lookup,
											   const char **text);

/* Wipes and frees the answers; the names stay, and can be looked up again. */
void		slipway_secret_lookup_release(SlipwaySecretLookup *lookups, size_t count);

/*
 * Stores a secret in place of the one of that name. Who looks it up meanwhile finds either, and after a failure the old
 * one, unless the fault says that it may be either. What the policy leaves open stays as it was. What was there before and cannot be
 * removed is warned of.
 */
SlipwaySecretFault *slipway_secret_store_put(SlipwaySecretStore *store, const SlipwaySecretItem *item);

/* Removes all versions of a secret, or a certificate. */
SlipwaySecretFault *slipway_secret_store_remove(SlipwaySecretStore *store, const char *name, bool *existed);

/* Lists what has the prefix, sorted by name, without values. */
SlipwaySecretFault *slipway_secret_store_list(SlipwaySecretStore *store, SlipwaySecretList *list);
void		slipway_secret_list_release(SlipwaySecretList *list);

/* TLS material of that name; a store that cannot hold any has none. */
SlipwaySecretFault *slipway_secret_store_fetch_certificate(SlipwaySecretStore *store, const char *name, bool *found,
														   SlipwaySecretCertificate *certificate);
SlipwaySecretFault *slipway_secret_store_put_certificate(SlipwaySecretStore *store, const char *name,
														 const SlipwaySecretCertificate *certificate);
void		slipway_secret_certificate_release(SlipwaySecretCertificate *certificate);

/*
 * Sets: several secrets that come into force together, in one moment. All of these may be called again after a
 * failure, or by another process that knows no more than the name of the set; each leaves what is done already.
 *
 * stage: stores the items where nobody finds them who does not know the set. A name that was staged in this set
 * before is replaced.
 * fetch_staged: looks up what was staged, not from a cache.
 * publish: from now on the lookups find what was staged; alone: and no other secret of the set before, else with those
 * of its secrets that were not staged anew. Fails with SLIPWAY_SECRET_FAULT_CONFLICT when somebody else has published one
 * at the same time; then it is as before.
 * is_published: is it in force? False too if another has come after it.
 * retire: removes what the sets before had that this one has not. Single secrets of the same names stay: they may be somebody
 * else's.
 * withdraw: removes the set and all that was staged in it; until it is retired, the one before is in force again then.
 * find_sets: lists the sets, of whatever prefix, in which a secret of that name was staged.
 */
void		slipway_secret_store_make_set(char set[SLIPWAY_SECRET_SET_SIZE]);
SlipwaySecretFault *slipway_secret_store_stage(SlipwaySecretStore *store, const char *set,
											   const SlipwaySecretItem *items, size_t count);
SlipwaySecretFault *slipway_secret_store_fetch_staged(SlipwaySecretStore *store, const char *set,
													  SlipwaySecretLookup *lookups, size_t count);
SlipwaySecretFault *slipway_secret_store_publish(SlipwaySecretStore *store, const char *set, bool alone);
SlipwaySecretFault *slipway_secret_store_is_published(SlipwaySecretStore *store, const char *set, bool *published);
SlipwaySecretFault *slipway_secret_store_retire(SlipwaySecretStore *store, const char *set);
SlipwaySecretFault *slipway_secret_store_withdraw(SlipwaySecretStore *store, const char *set);
SlipwaySecretFault *slipway_secret_store_find_sets(SlipwaySecretStore *store, const char *name, SlipwaySecretSetList *list);

/* Adds a set to a list, unless it is there; length is that of the prefix. */
void		slipway_secret_set_list_add(SlipwaySecretSetList *list, const char *set, const char *prefix, size_t length);
void		slipway_secret_set_list_release(SlipwaySecretSetList *list);

/*
 * Until this is called again with NULL, lookups find what was staged in that set, and unless it is alone what it lacks where
 * it is found otherwise: for who wants to know whether it works before it is published.
 */
void		slipway_secret_store_look_into(SlipwaySecretStore *store, const char *set, bool alone);

/*
 * The variables with which another program finds the store, beside those of --secrets and --secret-prefix and without who logs in:
 * names are constants, and each value is freed by the caller.
 */
SlipwaySecretFault *slipway_secret_store_describe(SlipwaySecretStore *store,
												  SlipwaySecretVariable variables[SLIPWAY_SECRET_MAX_VARIABLES], size_t *count);

/* Tries, step by step up to the first that fails, whether the store can be used. */
void		slipway_secret_store_check(SlipwaySecretStore *store, SlipwaySecretReport report, void *context);

#endif
