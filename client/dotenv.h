/*
 * dotenv.h
 *	  The text of a file of settings as applications read it, a .env: taken apart, and written again
 *	  with some settings less and others more.
 *
 * A line is NAME=VALUE, perhaps behind "export", a comment, or empty. A value is bare up to a # behind a blank or to the
 * end of its line; or in single quotes, where all is as it stands; or in double ones, where \n, \r, \t, \", \\, \$ and \`
 * are known. Quoted ones may have several lines. Where readers of such files differ, the file is as the shell has it, with
 * what only a shell would do being a problem of the setting.
 */
#ifndef SLIPWAY_DOTENV_H
#define SLIPWAY_DOTENV_H

#include <stdbool.h>
#include <stddef.h>

#include "secret_buffer.h"

typedef struct SlipwayDotenv SlipwayDotenv;

typedef struct SlipwayDotenvEntry
{
	const char *name;
	size_t		line;			/* where it begins, from 1 */
	bool		is_comment;		/* it is commented out: there is no value */
	bool		is_bare;		/* the value has no quotes */
	const char *value;			/* with ${NAME} filled in from the file */
	size_t		length;
	const char *problem;		/* why the value cannot be told, "has a command in it", or NULL */
} SlipwayDotenvEntry;

/* A setting to write, with a value of one line. */
typedef struct SlipwayDotenvSetting
{
	const char *name;
	const char *value;
} SlipwayDotenvSetting;

typedef bool (*SlipwayDotenvChoice) (void *context, const SlipwayDotenvEntry *entry);

/*
 * Takes a text apart, and copies it. Returns NULL and sets *line and *reason, a constant, where that makes no sense.
 */
SlipwayDotenv *slipway_dotenv_parse(const char *text, size_t length, size_t *line, const char **reason);

/* Wipes and frees it; takes NULL too. */
void		slipway_dotenv_free(SlipwayDotenv *dotenv);

/* The settings in their order, commented out ones too. */
size_t		slipway_dotenv_count(const SlipwayDotenv *dotenv);
const SlipwayDotenvEntry *slipway_dotenv_entry(const SlipwayDotenv *dotenv, size_t number);

/* The last of that name that is no comment, which is the one that counts; or NULL. */
const SlipwayDotenvEntry *slipway_dotenv_find(const SlipwayDotenv *dotenv, const char *name);

/*
 * The text without the lines of the chosen entries. Settings which it has already are changed where they stand; the others
 * are put where the first chosen one stood, else at the end, behind a comment (or NULL), and exported if one of those was. All
 * else is as it was.
 */
void		slipway_dotenv_rewrite(const SlipwayDotenv *dotenv, SlipwayDotenvChoice leaves, void *context,
								   const char *comment, const SlipwayDotenvSetting *settings, size_t count,
								   SlipwaySecretBuffer *result);

#endif
