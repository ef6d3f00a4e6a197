/*
 * config.c
 *	  slipway.conf.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buffer.h"
#include "conninfo.h"
#include "die.h"
#include "line_reader.h"
#include "memory.h"
#include "nearest.h"
#include "output.h"

typedef struct Value
{
	char	   *text;			/* as it stands in the file, or NULL */
	int			line;
} Value;

struct SlipwayEnvironment
{
	char	   *path;
	char	   *source;
	bool		is_public;		/* may others than its owner read the file? */
	Value		values[SLIPWAY_CONFIG_COUNT];
};

/* A file that is being read. */
typedef struct Parser
{
	SlipwayLineReader lines;
	const char *wanted;			/* name of a section, or NULL */
	char	  **sections;		/* names, in order */
	size_t		section_count;
	bool		seen[SLIPWAY_CONFIG_COUNT]; /* keys of the current section */
	SlipwayEnvironment *environment;
} Parser;

static const char *const key_names[SLIPWAY_CONFIG_COUNT] = {
	[SLIPWAY_CONFIG_URL] = "url",
	[SLIPWAY_CONFIG_APP_URL] = "app_url",
	[SLIPWAY_CONFIG_DIR] = "dir",
	[SLIPWAY_CONFIG_PROJECT] = "project",
	[SLIPWAY_CONFIG_ORDER] = "order",
	[SLIPWAY_CONFIG_REHEARSE] = "rehearse",
	[SLIPWAY_CONFIG_SNAPSHOT] = "snapshot",
	[SLIPWAY_CONFIG_IGNORE] = "ignore",
};

/* Cuts blanks off both ends, in place. */
static char *
trim(char *text)
{
	size_t		length;

	while (isspace((unsigned char) *text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* "Perhaps you meant "url"." or "There are a, b." */
static const char *
make_hint(const char *word, const char *const names[], size_t count)
{
	const char *near = slipway_nearest_find(word, names, count);
	SlipwayBuffer list = {0};

	if (near != NULL)
		return slipway_memory_format("Perhaps you meant \"%s\".", near);
	for (size_t i = 0; i < count; i++)
	{
		slipway_buffer_add(&list, i == 0 ? (count == 1 ? "There is " : "There are ") : ", ");
		slipway_buffer_add(&list, names[i]);
	}
	slipway_buffer_add(&list, count == 0 ? "There is none." : ".");
	return slipway_buffer_take(&list);
}

static void
parse_section(Parser *parser, char *line)
{
	const SlipwayLineReader *lines = &parser->lines;
	size_t		length = strlen(line);
	bool		closed = line[length - 1] == ']';
	const char *name;

	if (closed)
		line[length - 1] = '\0';
	name = trim(line + 1);
	if (!closed || *name == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, "Write [NAME].", "%s:%d: malformed section", lines->path,
					lines->number);
	for (size_t i = 0; i < parser->section_count; i++)
		if (strcmp(parser->sections[i], name) == 0)
			slipway_die(SLIPWAY_EXIT_USAGE, "Make one of both.",
						"%s:%d: section [%s] is there twice",
						lines->path, lines->number, name);
	parser->sections = slipway_memory_resize(parser->sections, parser->section_count + 1,
											 sizeof(char *));
	parser->sections[parser->section_count++] = slipway_memory_copy(name);
	memset(parser->seen, 0, sizeof(parser->seen));
}

static SlipwayConfigKey
find_key(const SlipwayLineReader *lines, const char *name)
{
	for (int key = 0; key < SLIPWAY_CONFIG_COUNT; key++)
		if (strcmp(key_names[key], name) == 0)
			return (SlipwayConfigKey) key;
	slipway_die(SLIPWAY_EXIT_USAGE, make_hint(name, key_names, SLIPWAY_CONFIG_COUNT),
				"%s:%d: unknown key \"%s\"", lines->path, lines->number, name);
}

/* Parses "key = value"; no message shows the value, which may hold a password. */
static void
parse_pair(Parser *parser, char *line)
{
	const SlipwayLineReader *lines = &parser->lines;
	char	   *equals = strchr(line, '=');
	const char *value;
	SlipwayConfigKey key;

	if (equals == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Lines are [SECTION], KEY = VALUE, or comments behind # or ;.",
					"%s:%d: malformed line", lines->path, lines->number);
	*equals = '\0';
	key = find_key(lines, trim(line));
	value = trim(equals + 1);
	if (parser->section_count == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Put it below a line [NAME].",
					"%s:%d: key \"%s\" is in no section",
					lines->path, lines->number, key_names[key]);
	if (parser->seen[key])
		slipway_die(SLIPWAY_EXIT_USAGE, "Remove one of both.", "%s:%d: key \"%s\" is there twice",
					lines->path, lines->number, key_names[key]);
	if (*value == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, "Remove the line, or complete it.",
					"%s:%d: key \"%s\" has no value",
					lines->path, lines->number, key_names[key]);
	parser->seen[key] = true;
	if (parser->wanted != NULL &&
		strcmp(parser->sections[parser->section_count - 1], parser->wanted) == 0)
		parser->environment->values[key] = (Value) {slipway_memory_copy(value), lines->number};
}

static void
parse_lines(Parser *parser)
{
	struct stat status;
	char	   *line;

	if (!slipway_line_reader_open(&parser->lines, parser->environment->path) ||
		fstat(fileno(parser->lines.file), &status) != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Name the file with --config.", "could not read \"%s\": %s",
					parser->environment->path, strerror(errno));
	parser->environment->is_public = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
	while ((line = slipway_line_reader_next(&parser->lines)) != NULL)
	{
		line = trim(line);
		if (*line == '[')
			parse_section(parser, line);
		else if (*line != '\0' && *line != '#' && *line != ';')
			parse_pair(parser, line);
	}
	slipway_line_reader_close(&parser->lines);
}

static bool
has_section(const Parser *parser, const char *name)
{
	for (size_t i = 0; i < parser->section_count; i++)
		if (strcmp(parser->sections[i], name) == 0)
			return true;
	return false;
}

SlipwayEnvironment *
slipway_config_read(const char *path, const char *name)
{
	Parser		parser = {.wanted = name};

	parser.environment = slipway_memory_new(sizeof(SlipwayEnvironment));
	parser.environment->path = slipway_memory_copy(path);
	parser.environment->source =
		slipway_memory_format("section [%s] of %s", name != NULL ? name : "", path);
	parse_lines(&parser);
	if (name != NULL && !has_section(&parser, name))
		slipway_die(SLIPWAY_EXIT_USAGE,
					make_hint(name, (const char *const *) parser.sections, parser.section_count),
					"\"%s\" has no section [%s]", path, name);
	for (size_t i = 0; i < parser.section_count; i++)
		free(parser.sections[i]);
	free(parser.sections);
	if (name != NULL)
		return parser.environment;
	slipway_config_free(parser.environment);
	return NULL;
}

void
slipway_config_free(SlipwayEnvironment *environment)
{
	for (int key = 0; key < SLIPWAY_CONFIG_COUNT; key++)
		free(environment->values[key].text);
	free(environment->source);
	free(environment->path);
	free(environment);
}

const char *
slipway_config_source(const SlipwayEnvironment *environment)
{
	return environment->source;
}

/* Adds the variable of "${NAME}" at *text and goes behind it. */
static void
add_variable(const SlipwayEnvironment *environment, SlipwayBuffer *result, int line,
			 const char **text)
{
	const char *start = *text + 2;
	size_t		length = strcspn(start, "}");
	char	   *name = slipway_memory_copy_bytes(start, length);
	const char *value = getenv(name);

	if (start[length] != '}' || length == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write ${NAME}, or $${ for the characters themselves.",
					"%s:%d: malformed variable", environment->path, line);
	if (value == NULL || *value == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%d: environment variable %s is not set",
					environment->path, line, name);
	slipway_buffer_add(result, value);
	free(name);
	*text = start + length + 1;
}

static char *
fill_in(const SlipwayEnvironment *environment, const Value *value)
{
	SlipwayBuffer result = {0};
	const char *text = value->text;

	while (*text != '\0')
	{
		if (strncmp(text, "${", 2) == 0)
		{
			add_variable(environment, &result, value->line, &text);
			continue;
		}
		if (strncmp(text, "$${", 3) == 0)
			text++;
		slipway_buffer_add_char(&result, *text++);
	}
	return slipway_buffer_take(&result);
}

static void
note_literal(void *context, const char *start, size_t length)
{
	bool	   *found = context;

	if (length > 0 && memmem(start, length, "${", 2) == NULL)
		*found = true;
}

bool
slipway_config_exposes_password(const SlipwayEnvironment *environment, SlipwayConfigKey key)
{
	const char *text = environment->values[key].text;
	bool		found = false;

	if (environment->is_public && text != NULL)
		slipway_conninfo_each_password(text, note_literal, &found);
	return found;
}

static void
warn_of_password(const SlipwayEnvironment *environment)
{
	char	   *hint = slipway_memory_format("Run chmod 600 %s, or write ${NAME} for the password.",
											 environment->path);

	slipway_output_warn(hint, "\"%s\" holds a password and others may read it",
						environment->path);
	free(hint);
}

/* A folder as seen from that of the file. */
static char *
resolve_folder(const char *path, char *folder)
{
	const char *slash = strrchr(path, '/');
	char	   *resolved;

	if (slash == NULL || folder[0] == '/')
		return folder;
	resolved = slipway_memory_format("%.*s/%s", (int) (slash - path), path, folder);
	free(folder);
	return resolved;
}

char *
slipway_config_value(const SlipwayEnvironment *environment, SlipwayConfigKey key)
{
	const Value *value = &environment->values[key];
	char	   *text;

	if (value->text == NULL)
		return NULL;
	text = fill_in(environment, value);
	if (key == SLIPWAY_CONFIG_DIR)
		text = resolve_folder(environment->path, text);
	else if ((key == SLIPWAY_CONFIG_URL || key == SLIPWAY_CONFIG_APP_URL) &&
			 slipway_config_exposes_password(environment, key))
		warn_of_password(environment);
	return text;
}
