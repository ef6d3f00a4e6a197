/*
 * file_name.c
 *	  What the name of a file in a folder says about it.
 */
#include "file_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define EXTENSION ".sql"

static const struct
{
	const char *suffix;
	SlipwayScriptRole role;
}			roles[] = {
	{".up", SLIPWAY_ROLE_UP}, {".down", SLIPWAY_ROLE_DOWN}, {".verify", SLIPWAY_ROLE_VERIFY}
};

/* Does the text of that length end in a suffix, in upper or lower case, behind something else? */
static bool
ends_in(const char *text, size_t length, const char *suffix)
{
	size_t		suffix_length = strlen(suffix);

	return length > suffix_length &&
		strncasecmp(text + length - suffix_length, suffix, suffix_length) == 0;
}

/* Is ".sql" in it as an extension, if only in the middle or in capitals? */
static bool
mentions_extension(const char *file)
{
	for (const char *p = strcasestr(file, EXTENSION); p != NULL; p = strcasestr(p + 1, EXTENSION))
		if (!isalnum((unsigned char) p[strlen(EXTENSION)]))
			return true;
	return false;
}

static bool
is_left_over(const char *file, size_t length)
{
	static const char *const suffixes[] = {"~", ".bak", ".swp", ".swo", ".tmp", ".orig", ".rej"};

	/* hidden: vim's swap file, the lock of emacs, what macOS adds to a file */
	if (file[0] == '.' || (file[0] == '#' && ends_in(file, length, "#")))
		return true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends_in(file, length, suffixes[i]))
			return true;
	return false;
}

/* Cuts the role off a name without its extension. */
static SlipwayFileKind
classify_script(const char *file, SlipwayScriptRole *role, size_t *length)
{
	*role = SLIPWAY_ROLE_UP;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
	{
		size_t		suffix_length = strlen(roles[i].suffix);

		if (!ends_in(file, *length, roles[i].suffix))
			continue;
		*length -= suffix_length;
		*role = roles[i].role;
		return memcmp(file + *length, roles[i].suffix, suffix_length) == 0
			? SLIPWAY_FILE_SCRIPT : SLIPWAY_FILE_MISSPELT;
	}
	return SLIPWAY_FILE_SCRIPT;
}

SlipwayFileKind
slipway_file_name_classify(const char *file, SlipwayScriptRole *role, size_t *length)
{
	size_t		extension = strlen(EXTENSION);

	*length = strlen(file);
	if (file[0] != '.' && *length > extension && strcmp(file + *length - extension, EXTENSION) == 0)
	{
		*length -= extension;
		return classify_script(file, role, length);
	}
	if (!mentions_extension(file))
		return SLIPWAY_FILE_OTHER;
	return is_left_over(file, *length) ? SLIPWAY_FILE_LEFT_OVER : SLIPWAY_FILE_LOOKALIKE;
}
