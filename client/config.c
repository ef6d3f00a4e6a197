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
#include "option_default.h"
#include "option_value.h"
#include "output.h"

typedef struct Value
{
	char	   *text;			/* as it stands in the file, or NULL */
	int			line;
} Value;

typedef struct Default
{
	SlipwayOptionId id;
	Value		value;
} Default;

struct SlipwayEnvironment
{
	char	   *path;
	char	   *source;
	bool		is_public;		/* may others than its owner read the file? */
	Value		values[SLIPWAY_CONFIG_COUNT];
	Default    *defaults;
	size_t		default_count;
};

/* What a key of a file means: one of ours, or with SLIPWAY_CONFIG_COUNT the default of an option. */
typedef struct Meaning
{
	SlipwayConfigKey key;
	SlipwayOptionId option;
} Meaning;

/* A file that is being read. */
typedef struct Parser
{
	SlipwayLineReader lines;
	const char *wanted;			/* name of a section, or NULL */
	char	  **sections;		/* names, in order */
	size_t		section_count;
	bool		seen[SLIPWAY_CONFIG_COUNT]; /* keys of the current section */
	bool		seen_option[SLIPWAY_OPTION_COUNT];
	SlipwayEnvironment *environment;
} Parser;

static const char *const key_names[SLIPWAY_CONFIG_COUNT] = {
	[SLIPWAY_CONFIG_URL] = "url",
	[SLIPWAY_CONFIG_APP_URL] = "app_url",
	[SLIPWAY_CONFIG_SEARCH_PATH] = "search_path",
	[SLIPWAY_CONFIG_REHEARSE] = "rehearse",
};

const char *
slipway_config_key_name(SlipwayConfigKey key)
{
	return key_names[key];
}

char *
slipway_config_spell(const char *name)
{
	char	   *key = slipway_memory_copy(name);

	for (char *p = key; (p = strchr(p, '-')) != NULL;)
		*p = '_';
	return key;
}

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
	memset(parser->seen_option, 0, sizeof(parser->seen_option));
}

static _Noreturn void
die_unknown(const SlipwayLineReader *lines, const char *name, const char *key)
{
	const char *names[SLIPWAY_CONFIG_COUNT + SLIPWAY_OPTION_COUNT];
	SlipwayBuffer hint = {0};
	const char *near;

	for (int i = 0; i < SLIPWAY_CONFIG_COUNT; i++)
		names[i] = key_names[i];
	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
		names[SLIPWAY_CONFIG_COUNT + id] = slipway_option_may_default((SlipwayOptionId) id)
			? slipway_config_spell(slipway_option_table[id].name) : NULL;
	near = slipway_nearest_find(key, names, SLIPWAY_CONFIG_COUNT + SLIPWAY_OPTION_COUNT);
	slipway_buffer_add(&hint, near != NULL ? "Perhaps you meant \"" : "Keys are ");
	for (int i = 0; near == NULL && i < SLIPWAY_CONFIG_COUNT; i++)
	{
		slipway_buffer_add(&hint, key_names[i]);
		slipway_buffer_add(&hint, i + 1 < SLIPWAY_CONFIG_COUNT ? ", " : "");
	}
	slipway_buffer_add(&hint, near != NULL ? near : " and the options that \"slipway config\" lists");
	slipway_buffer_add(&hint, near != NULL ? "\"." : ".");
	slipway_die(SLIPWAY_EXIT_USAGE, hint.data, "%s:%d: unknown key \"%s\"", lines->path,
				lines->number, name);
}

static Meaning
find_meaning(const SlipwayLineReader *lines, const char *name)
{
	char	   *key = slipway_config_spell(name);
	Meaning		meaning = {SLIPWAY_CONFIG_COUNT, SLIPWAY_OPTION_COUNT};

	for (int i = 0; i < SLIPWAY_CONFIG_COUNT; i++)
		if (strcmp(key_names[i], key) == 0)
			meaning.key = (SlipwayConfigKey) i;
	for (int id = 0; id < SLIPWAY_OPTION_COUNT && meaning.key == SLIPWAY_CONFIG_COUNT; id++)
	{
		char	   *option = slipway_config_spell(slipway_option_table[id].name);

		if (strcmp(option, key) == 0)
			meaning.option = (SlipwayOptionId) id;
		free(option);
	}
	if (meaning.key == SLIPWAY_CONFIG_COUNT && meaning.option == SLIPWAY_OPTION_COUNT)
		die_unknown(lines, name, key);
	if (meaning.key == SLIPWAY_CONFIG_COUNT && !slipway_option_may_default(meaning.option))
		slipway_die(SLIPWAY_EXIT_USAGE,
					slipway_option_is_connection(meaning.option)
					? "A connection is what \"url\" says." : "Give it on the command line.",
					"%s:%d: option \"--%s\" cannot have a default", lines->path, lines->number,
					slipway_option_table[meaning.option].name);
	free(key);
	return meaning;
}

/* May the same key stand in a section twice? */
static bool
is_list(Meaning meaning)
{
	return meaning.key == SLIPWAY_CONFIG_COUNT &&
		slipway_option_table[meaning.option].kind == SLIPWAY_OPTION_KIND_LIST;
}

/* May its value be empty? */
static bool
is_optional(Meaning meaning)
{
	return meaning.key == SLIPWAY_CONFIG_COUNT &&
		slipway_option_table[meaning.option].kind == SLIPWAY_OPTION_KIND_OPTIONAL;
}

/* What is wrong with a value of a key of ours; connections are for who connects. */
static const char *
key_fault(SlipwayConfigKey key, const char *text)
{
	if (key != SLIPWAY_CONFIG_REHEARSE || slipway_option_value_choice(text, "allow|ask"))
		return NULL;
	return "It is allow or ask.";
}

/* What holds a variable is checked once that is filled in. */
static void
check_value(const char *path, int line, Meaning meaning, const char *text, bool filled)
{
	bool		is_option = meaning.option != SLIPWAY_OPTION_COUNT;
	const char *fault;

	if (!filled && strstr(text, "${") != NULL)
		return;
	fault = is_option ? slipway_option_value_fault(&slipway_option_table[meaning.option], text)
		: key_fault(meaning.key, text);
	if (fault != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, fault, "%s:%d: invalid value \"%s\" of key \"%s\"",
					path, line, text, is_option ? slipway_config_spell(slipway_option_table[meaning.option].name)
					: key_names[meaning.key]);
}

static void
keep_value(SlipwayEnvironment *environment, Meaning meaning, const char *text, int line)
{
	Value		value = {slipway_memory_copy(text), line};

	if (meaning.key != SLIPWAY_CONFIG_COUNT)
	{
		environment->values[meaning.key] = value;
		return;
	}
	environment->defaults = slipway_memory_resize(environment->defaults,
												  environment->default_count + 1, sizeof(Default));
	environment->defaults[environment->default_count++] = (Default) {meaning.option, value};
}

/* Parses "key = value"; no message shows a value that may hold a password. */
static void
parse_pair(Parser *parser, char *line)
{
	const SlipwayLineReader *lines = &parser->lines;
	char	   *equals = strchr(line, '=');
	const char *name;
	const char *value;
	Meaning		meaning;
	bool	   *seen;

	if (equals == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Lines are [SECTION], KEY = VALUE, or comments behind # or ;.",
					"%s:%d: malformed line", lines->path, lines->number);
	*equals = '\0';
	name = trim(line);
	meaning = find_meaning(lines, name);
	value = trim(equals + 1);
	seen = meaning.key != SLIPWAY_CONFIG_COUNT ? &parser->seen[meaning.key]
		: &parser->seen_option[meaning.option];
	if (parser->section_count == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Put it below a line [NAME].",
					"%s:%d: key \"%s\" is in no section", lines->path, lines->number, name);
	if (*seen && !is_list(meaning))
		slipway_die(SLIPWAY_EXIT_USAGE, "Remove one of both.", "%s:%d: key \"%s\" is there twice",
					lines->path, lines->number, name);
	if (*value == '\0' && !is_optional(meaning))
		slipway_die(SLIPWAY_EXIT_USAGE, "Remove the line, or complete it.",
					"%s:%d: key \"%s\" has no value", lines->path, lines->number, name);
	*seen = true;
	check_value(lines->path, lines->number, meaning, value, false);
	if (parser->wanted != NULL &&
		strcmp(parser->sections[parser->section_count - 1], parser->wanted) == 0)
		keep_value(parser->environment, meaning, value, lines->number);
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
	for (size_t i = 0; i < environment->default_count; i++)
		free(environment->defaults[i].value.text);
	free(environment->defaults);
	free(environment->source);
	free(environment->path);
	free(environment);
}

const char *
slipway_config_source(const SlipwayEnvironment *environment)
{
	return environment->source;
}

/* The name in "${NAME}" at text, which the caller frees; ends the program where it is malformed. */
static char *
read_name(const SlipwayEnvironment *environment, int line, const char *text)
{
	size_t		length = strcspn(text + 2, "}");

	if (text[2 + length] != '}' || length == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write ${NAME}, or $${ for the characters themselves.",
					"%s:%d: malformed variable", environment->path, line);
	return slipway_memory_copy_bytes(text + 2, length);
}

/* The next "${" that is meant as a variable, or NULL. */
static const char *
find_variable(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (strncmp(text, "${", 2) == 0)
			return text;
		if (strncmp(text, "$${", 3) == 0)
			text += 2;
	}
	return NULL;
}

/* A value whose variables are being filled in. */
typedef struct Filling
{
	const SlipwayEnvironment *environment;
	const Value *value;
	bool		is_connection;
	SlipwayConfigLookup lookup; /* for what the process environment lacks, or NULL */
	void	   *context;
	SlipwayBuffer result;
} Filling;

/* Adds the variable of "${NAME}" at *text and goes behind it. */
static void
add_variable(Filling *filling, const char **text)
{
	const SlipwayEnvironment *environment = filling->environment;
	int			line = filling->value->line;
	SlipwayConninfoPlace place = filling->is_connection
		? slipway_conninfo_place(filling->value->text, (size_t) (*text - filling->value->text))
		: SLIPWAY_CONNINFO_AS_IS;
	char	   *name = read_name(environment, line, *text);
	const char *value = getenv(name);

	if ((value == NULL || *value == '\0') && filling->lookup != NULL)
		value = filling->lookup(filling->context, name);
	if (value == NULL || *value == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%d: environment variable %s is not set",
					environment->path, line, name);
	slipway_conninfo_add(&filling->result, place, value);
	*text += strlen("${}") + strlen(name);
	free(name);
}

static char *
fill_in(Filling *filling)
{
	const char *text = filling->value->text;

	filling->result.is_secret = filling->is_connection;
	while (*text != '\0')
	{
		if (strncmp(text, "${", 2) == 0)
		{
			add_variable(filling, &text);
			continue;
		}
		if (strncmp(text, "$${", 3) == 0)
		{
			slipway_buffer_add(&filling->result, "${");
			text += 3;
			continue;
		}
		slipway_buffer_add_char(&filling->result, *text++);
	}
	return slipway_buffer_take(&filling->result);
}

void
slipway_config_each_variable(const SlipwayEnvironment *environment, SlipwayConfigKey key,
							 void (*function) (void *context, const char *name), void *context)
{
	const Value *value = &environment->values[key];
	const char *text = value->text;

	while (text != NULL && (text = find_variable(text)) != NULL)
	{
		char	   *name = read_name(environment, value->line, text);

		function(context, name);
		text += strlen("${}") + strlen(name);
		free(name);
	}
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
	static bool warned = false;
	char	   *hint;

	if (warned)
		return;
	warned = true;
	hint = slipway_memory_format("Run chmod 600 %s, or write ${NAME} for the password.",
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

/* The same for a store of secrets that is a file. */
static char *
resolve_store(const char *path, char *store)
{
	static const char kind[] = "file:";
	size_t		length = strlen(kind);
	char	   *file;
	char	   *resolved;

	if (strncmp(store, kind, length) != 0)
		return store;
	file = resolve_folder(path, slipway_memory_copy(store + length));
	resolved = slipway_memory_format("%s%s", kind, file);
	free(file);
	free(store);
	return resolved;
}

static bool
is_connection(SlipwayConfigKey key)
{
	return key == SLIPWAY_CONFIG_URL || key == SLIPWAY_CONFIG_APP_URL;
}

char *
slipway_config_value_with(const SlipwayEnvironment *environment, SlipwayConfigKey key,
						  SlipwayConfigLookup lookup, void *context)
{
	Filling		filling = {
		.environment = environment,
		.value = &environment->values[key],
		.is_connection = is_connection(key),
		.lookup = lookup,
		.context = context,
	};
	char	   *text;

	if (filling.value->text == NULL)
		return NULL;
	if (filling.is_connection && slipway_config_exposes_password(environment, key))
		warn_of_password(environment);
	text = fill_in(&filling);
	check_value(environment->path, filling.value->line, (Meaning) {key, SLIPWAY_OPTION_COUNT}, text, true);
	return text;
}

char *
slipway_config_value(const SlipwayEnvironment *environment, SlipwayConfigKey key)
{
	return slipway_config_value_with(environment, key, NULL, NULL);
}

static char *
name_place(const SlipwayEnvironment *environment, const Value *value)
{
	return value->text == NULL ? NULL
		: slipway_memory_format("%s:%d", environment->path, value->line);
}

char *
slipway_config_place(const SlipwayEnvironment *environment, SlipwayConfigKey key)
{
	return name_place(environment, &environment->values[key]);
}

size_t
slipway_config_default_count(const SlipwayEnvironment *environment)
{
	return environment->default_count;
}

SlipwayOptionId
slipway_config_default_option(const SlipwayEnvironment *environment, size_t number)
{
	return environment->defaults[number].id;
}

char *
slipway_config_default_value(const SlipwayEnvironment *environment, size_t number)
{
	const Default *given = &environment->defaults[number];
	char	   *text = fill_in(&(Filling) {.environment = environment, .value = &given->value});

	check_value(environment->path, given->value.line,
				(Meaning) {SLIPWAY_CONFIG_COUNT, given->id}, text, true);
	if (given->id == SLIPWAY_OPTION_SECRETS)
		return resolve_store(environment->path, text);
	return given->id == SLIPWAY_OPTION_DIR ? resolve_folder(environment->path, text) : text;
}

char *
slipway_config_default_place(const SlipwayEnvironment *environment, size_t number)
{
	return name_place(environment, &environment->defaults[number].value);
}
