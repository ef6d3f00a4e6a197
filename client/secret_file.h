/*
 * secret_file.h
 *	  A file of settings as a store of secrets: what its parts share.
 */
#ifndef SLIPWAY_SECRET_FILE_H
#define SLIPWAY_SECRET_FILE_H

#include <sys/stat.h>

#include "dotenv.h"
#include "secret_store.h"

typedef struct SlipwaySecretFile
{
	char	   *path;
	const char *prefix;			/* is the store's */
} SlipwaySecretFile;

/* What is in it; slipway_dotenv_free() wipes and frees that. */
typedef struct SlipwaySecretFileContent
{
	SlipwayDotenv *dotenv;
	struct stat status;
} SlipwaySecretFileContent;

/* Names with the prefix and their new values, NULL for none. The last of a name counts. */
typedef struct SlipwaySecretFileEdit
{
	SlipwayDotenvSetting *settings;
	size_t		count;
} SlipwaySecretFileEdit;

SlipwaySecretFault *slipway_secret_file_load(const SlipwaySecretFile *file, SlipwaySecretFileContent *content);

/* The entry of a name, which is without the prefix; or NULL. */
const SlipwayDotenvEntry *slipway_secret_file_find(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *name);

/* Adds to an edit; the name gets the prefix, both are copied. */
void		slipway_secret_file_set(const SlipwaySecretFile *file, SlipwaySecretFileEdit *edit, const char *name, const char *value);

/*
 * Changes the file in one moment, while nobody else does: asks what is to be changed, perhaps nothing, and writes that. A
 * file that is not there is made, if may_make.
 */
typedef SlipwaySecretFault *(*SlipwaySecretFilePlan) (const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, void *context,
													  SlipwaySecretFileEdit *edit);

SlipwaySecretFault *slipway_secret_file_change(const SlipwaySecretFile *file, bool may_make, SlipwaySecretFilePlan plan,
											   void *context);

/* The answer to a lookup that an entry, or NULL, is. */
void		slipway_secret_file_answer(const SlipwaySecretFile *file, const SlipwayDotenvEntry *entry, SlipwaySecretLookup *lookup);

/*
 * Sets, as secret_store.h has them; state is a SlipwaySecretFile. What was staged is SLIPWAY_NEW_SET_NAME, with the prefix before it; what
 * was in force before a set SLIPWAY_OLD_SET_NAME; and the set that is in force SLIPWAY_SET.
 */
SlipwaySecretFault *slipway_secret_file_stage(void *state, const char *set, const SlipwaySecretItem *items, size_t count);
SlipwaySecretFault *slipway_secret_file_fetch_staged(void *state, const char *set, SlipwaySecretLookup *lookups, size_t count);
SlipwaySecretFault *slipway_secret_file_publish(void *state, const char *set, bool alone);
SlipwaySecretFault *slipway_secret_file_is_published(void *state, const char *set, bool *published);
SlipwaySecretFault *slipway_secret_file_retire(void *state, const char *set);
SlipwaySecretFault *slipway_secret_file_withdraw(void *state, const char *set);
SlipwaySecretFault *slipway_secret_file_find_sets(void *state, const char *name, SlipwaySecretSetList *list);

/* Is it a setting, prefix or not, that is there for sets only? And is one, without it, in the set that is in force? */
bool		slipway_secret_file_is_internal(const char *name);
bool		slipway_secret_file_is_in_set(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *name);

#endif
