/*
 * ignore.c
 *	  The file .slipwayignore of a folder.
 */
#include "ignore.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "die.h"
#include "line_reader.h"
#include "memory.h"

typedef struct Pattern
{
	char	   *text;
	bool		take_back;
} Pattern;

struct SlipwayIgnore
{
	Pattern    *patterns;
	size_t		count;
};

/* Removes blanks from the end, except one behind a backslash. */
static void
trim_end(char *line)
{
	size_t		length = strlen(line);

	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t') &&
		   !(length > 1 && line[length - 2] == '\\'))
		length--;
	line[length] = '\0';
}

/* What fnmatch() would take for a literal '[': a bracket that is never closed. */
static bool
is_bracket_open(const char *pattern)
{
	for (const char *p = pattern; *p != '\0'; p++)
	{
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '[')
		{
			/* a ']' that comes first stands for itself */
			p += p[1] == '!' || p[1] == '^' ? 2 : 1;
			p = *p != '\0' ? strchr(p + 1, ']') : NULL;
			if (p == NULL)
				return true;
		}
	}
	return false;
}

static bool
ends_in_backslash(const char *pattern)
{
	size_t		count = 0;

	for (size_t length = strlen(pattern); length > count && pattern[length - 1 - count] == '\\';)
		count++;
	return count % 2 == 1;
}

/* What is wrong with a pattern, or NULL. */
static const char *
find_fault(const char *pattern)
{
	if (*pattern == '\0')
		return "there is no pattern behind the \"!\"";
	if (strchr(pattern, '/') != NULL)
		return "a pattern is for names of files in this folder and has no \"/\"";
	if (is_bracket_open(pattern))
		return "a \"[\" is not closed";
	if (ends_in_backslash(pattern))
		return "nothing follows the last backslash";
	return NULL;
}

static void
add_line(SlipwayIgnore *ignore, const SlipwayLineReader *reader, char *line)
{
	bool		take_back = line[0] == '!';
	const char *text = take_back ? line + 1 : line;
	const char *fault;

	trim_end(line);
	if (line[0] == '\0' || line[0] == '#')
		return;
	fault = find_fault(text);
	if (fault != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Lines are patterns such as draft_*.sql, comments (#), or !PATTERN.",
					"%s:%d: %s", reader->path, reader->number, fault);
	ignore->patterns = slipway_memory_resize(ignore->patterns, ignore->count + 1, sizeof(Pattern));
	ignore->patterns[ignore->count++] = (Pattern) {slipway_memory_copy(text), take_back};
}

SlipwayIgnore *
slipway_ignore_read(const char *folder)
{
	SlipwayIgnore *ignore = slipway_memory_new(sizeof(SlipwayIgnore));
	char	   *path = slipway_memory_format("%s/%s", folder, SLIPWAY_IGNORE_FILE);
	SlipwayLineReader reader;
	struct stat status;
	char	   *line;

	/* a pipe would be waited for, and a device may have no end; that of a folder is said below */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" is not a file", path);
	if (slipway_line_reader_open(&reader, path))
	{
		while ((line = slipway_line_reader_next(&reader)) != NULL)
			add_line(ignore, &reader, line);
		slipway_line_reader_close(&reader);
	}
	else if (errno != ENOENT)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read \"%s\": %s", path, strerror(errno));
	free(path);
	return ignore;
}

void
slipway_ignore_free(SlipwayIgnore *ignore)
{
	for (size_t i = 0; i < ignore->count; i++)
		free(ignore->patterns[i].text);
	free(ignore->patterns);
	free(ignore);
}

bool
slipway_ignore_matches(const SlipwayIgnore *ignore, const char *file)
{
	for (size_t i = ignore->count; i > 0; i--)
		if (fnmatch(ignore->patterns[i - 1].text, file, 0) == 0)
			return !ignore->patterns[i - 1].take_back;
	return false;
}
