/*
 * dotenv.c
 *	  The text of a file of settings as applications read it.
 */
#include "dotenv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* Of variables in the values of variables; more would be a circle. And how long they may become. */
#define MAX_DEPTH 10
#define MAX_LENGTH (1024 * 1024)

/* An entry with where it stands in the text. */
typedef struct Place
{
	SlipwayDotenvEntry entry;
	size_t		start;			/* of its first line */
	size_t		end;			/* behind the line feed of its last */
	const char *raw;			/* the value as it stands, without its quotes */
	size_t		raw_length;
	char		quote;			/* or 0 */
	bool		is_exported;	/* it has "export" before it */
	SlipwaySecretBuffer value;
} Place;

struct SlipwayDotenv
{
	char	   *text;
	size_t		length;
	Place	   *places;
	size_t		count;
};

/* A text while it is taken apart. */
typedef struct Reader
{
	SlipwayDotenv *dotenv;
	const char *p;
	size_t		line;			/* of p */
	const char *reason;
} Reader;

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

static bool
is_end(const char *p)
{
	return *p == '\0' || *p == '\n' || (*p == '\r' && (p[1] == '\n' || p[1] == '\0'));
}

static const char *
skip_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p == '\n' ? p + 1 : p;
}

static size_t
name_length(const char *p)
{
	size_t		length = 0;

	if (!isalpha((unsigned char) *p) && *p != '_')
		return 0;
	while (isalnum((unsigned char) p[length]) || (p[length] != '\0' && strchr("_.-", p[length]) != NULL))
		length++;
	return length;
}

/* Of a name in a value: there the shell does not take what readers of files take. */
static size_t
variable_length(const char *p, const char *end)
{
	size_t		length = 0;

	while (p + length < end && (isalpha((unsigned char) p[length]) || p[length] == '_' ||
								(length > 0 && isdigit((unsigned char) p[length]))))
		length++;
	return length;
}

/* Behind "export", if it stands there. */
static const char *
skip_export(const char *p)
{
	return strncmp(p, "export", 6) == 0 && isblank((unsigned char) p[6]) ? skip_blanks(p + 6) : p;
}

/* The closing quote, or NULL. */
static const char *
find_quote(const char *p, char quote)
{
	for (; *p != '\0' && *p != quote; p++)
		if (quote == '"' && *p == '\\' && p[1] != '\0')
			p++;
	return *p == quote ? p : NULL;
}

/* Where a bare value ends; something stands before it. */
static const char *
find_bare_end(const char *start)
{
	const char *p = start;

	while (!is_end(p) && !(*p == '#' && isblank((unsigned char) p[-1])))
		p++;
	while (p > start && isspace((unsigned char) p[-1]))
		p--;
	return p;
}

static const char *
add_place(Reader *reader, const Place *place, const char *end)
{
	SlipwayDotenv *dotenv = reader->dotenv;

	dotenv->places = slipway_memory_resize(dotenv->places, dotenv->count + 1, sizeof(Place));
	dotenv->places[dotenv->count] = *place;
	dotenv->places[dotenv->count].end = (size_t) (end - dotenv->text);
	dotenv->count++;
	return end;
}

/* "# NAME=VALUE": somebody may have left a password there. */
static const char *
read_comment(Reader *reader, const char *p)
{
	const char *name = skip_export(skip_blanks(p + strspn(p, "#")));
	size_t		length = name_length(name);
	const char *equals = skip_blanks(name + length);
	Place		place = {.entry = {.line = reader->line,.is_comment = true}};

	if (length == 0 || *equals != '=' || is_end(skip_blanks(equals + 1)))
		return skip_line(p);
	place.entry.name = slipway_memory_copy_bytes(name, length);
	place.start = (size_t) (reader->p - reader->dotenv->text);
	return add_place(reader, &place, skip_line(p));
}

/* The value behind "NAME="; returns what follows it, or NULL. */
static const char *
read_value(Reader *reader, Place *place, const char *p)
{
	const char *close;

	if (*p != '"' && *p != '\'' && *p != '`')
	{
		place->entry.is_bare = true;
		place->raw = p;
		place->raw_length = (size_t) (find_bare_end(p) - p);
		return p + strcspn(p, "\n");
	}
	place->quote = *p;
	place->raw = p + 1;
	close = find_quote(p + 1, *p);
	if (close == NULL)
	{
		reader->reason = "a quote is not closed";
		return NULL;
	}
	place->raw_length = (size_t) (close - p - 1);
	p = skip_blanks(close + 1);
	if (!is_end(p) && *p != '#')
	{
		reader->reason = "there is text behind the closing quote";
		return NULL;
	}
	return p + strcspn(p, "\n");
}

/* What begins at the start of a line; returns the start of the next, or NULL. */
static const char *
read_line(Reader *reader)
{
	const char *p = skip_blanks(reader->p);
	Place		place = {.entry = {.line = reader->line}};
	const char *name;
	size_t		length;

	if (is_end(p))
		return skip_line(p);
	if (*p == '#')
		return read_comment(reader, p);
	name = skip_export(p);
	length = name_length(name);
	p = skip_blanks(name + length);
	/* a name alone is passed on, or exported, as it is */
	if (length > 0 && is_end(p))
		return skip_line(p);
	if (length == 0 || *p != '=')
	{
		reader->reason = "this is neither NAME=VALUE nor a comment";
		return NULL;
	}
	p = read_value(reader, &place, skip_blanks(p + 1));
	if (p == NULL)
		return NULL;
	place.entry.name = slipway_memory_copy_bytes(name, length);
	place.start = (size_t) (reader->p - reader->dotenv->text);
	place.is_exported = name != skip_blanks(reader->p);
	return add_place(reader, &place, skip_line(p));
}

/* The entry that a variable in the value of another one means: the last before it, else the last of all. */
static const Place *
find_variable(const SlipwayDotenv *dotenv, size_t before, const char *name, size_t length)
{
	const Place *found = NULL;

	for (size_t i = 0; i < dotenv->count; i++)
	{
		const Place *place = &dotenv->places[i];

		if (place->entry.is_comment || i == before || strlen(place->entry.name) != length ||
			strncmp(place->entry.name, name, length) != 0)
			continue;
		if (i < before || found == NULL || found > &dotenv->places[before])
			found = place;
	}
	return found;
}

static const char *expand(const SlipwayDotenv *dotenv, const Place *place, SlipwaySecretBuffer *value, int depth);

/*
 * A $ in a value: *p is moved behind the variable. Without braces it is one only where the file has it, as a password may
 * have a $ too.
 */
static const char *
expand_variable(const SlipwayDotenv *dotenv, const Place *place, const char **p, SlipwaySecretBuffer *value, int depth)
{
	const char *end = place->raw + place->raw_length;
	bool		braces = *p + 1 < end && (*p)[1] == '{';
	const char *name = *p + (braces ? 2 : 1);
	size_t		length = variable_length(name, end);
	const Place *variable;

	if (*p + 1 < end && (*p)[1] == '(')
		return "has a command in it";
	if (braces && (length == 0 || name + length == end || name[length] != '}'))
		return "has an expression with a variable in it";
	variable = length > 0 ? find_variable(dotenv, (size_t) (place - dotenv->places), name, length) : NULL;
	if (variable == NULL && braces)
		return "has a variable in it which the file does not set";
	if (variable == NULL)
	{
		slipway_secret_buffer_add_bytes(value, *p, 1);
		(*p)++;
		return NULL;
	}
	*p = name + length + (braces ? 1 : 0);
	return depth < MAX_DEPTH ? expand(dotenv, variable, value, depth + 1) : "has a variable in it which refers to itself";
}

/* An escape in double quotes; *p is moved behind it. */
static void
add_escaped(const char **p, const char *end, SlipwaySecretBuffer *value)
{
	static const char from[] = "nrt\"\\$`";
	static const char to[] = "\n\r\t\"\\$`";
	const char *known = *p + 1 < end ? memchr(from, (*p)[1], sizeof(from) - 1) : NULL;

	slipway_secret_buffer_add_bytes(value, known != NULL ? &to[known - from] : *p, 1);
	*p += known != NULL ? 2 : 1;
}

/* Adds what the value is; returns a problem with it, or NULL. */
static const char *
expand(const SlipwayDotenv *dotenv, const Place *place, SlipwaySecretBuffer *value, int depth)
{
	const char *end = place->raw + place->raw_length;
	const char *problem = NULL;

	slipway_secret_buffer_add(value, "");
	for (const char *p = place->raw; p < end && problem == NULL;)
	{
		if (*p == '\r' && p + 1 < end && p[1] == '\n')
			p++;
		else if (*p == '\\' && place->quote == '"')
			add_escaped(&p, end, value);
		else if (*p == '$' && (place->quote == '"' || place->quote == '\0'))
			problem = expand_variable(dotenv, place, &p, value, depth);
		else
			slipway_secret_buffer_add_bytes(value, p++, 1);
		if (value->length > MAX_LENGTH)
			problem = "is too long with its variables";
	}
	if (problem == NULL && place->quote == '`')
		problem = "has a command in it";
	return problem;
}

static void
expand_all(SlipwayDotenv *dotenv)
{
	for (size_t i = 0; i < dotenv->count; i++)
	{
		Place	   *place = &dotenv->places[i];

		if (place->entry.is_comment)
			continue;
		place->entry.problem = expand(dotenv, place, &place->value, 0);
		place->entry.value = place->value.data;
		place->entry.length = place->value.length;
	}
}

SlipwayDotenv *
slipway_dotenv_parse(const char *text, size_t length, size_t *line, const char **reason)
{
	SlipwayDotenv *dotenv = slipway_memory_new(sizeof(SlipwayDotenv));
	Reader		reader = {.dotenv = dotenv,.line = 1};

	dotenv->text = slipway_secret_copy_bytes(text, length);
	dotenv->length = length;
	reader.p = dotenv->text;
	if (strlen(dotenv->text) != length)
		reader.reason = "this is not text";
	else if (strncmp(reader.p, "\xEF\xBB\xBF", 3) == 0)
		reader.p += 3;
	while (reader.reason == NULL && *reader.p != '\0')
	{
		const char *next = read_line(&reader);

		for (; next != NULL && reader.p < next; reader.p++)
			reader.line += *reader.p == '\n';
	}
	*line = reader.line;
	*reason = reader.reason;
	if (reader.reason != NULL)
	{
		slipway_dotenv_free(dotenv);
		return NULL;
	}
	expand_all(dotenv);
	return dotenv;
}

void
slipway_dotenv_free(SlipwayDotenv *dotenv)
{
	if (dotenv == NULL)
		return;
	for (size_t i = 0; i < dotenv->count; i++)
	{
		free((char *) dotenv->places[i].entry.name);
		slipway_secret_buffer_release(&dotenv->places[i].value);
	}
	free(dotenv->places);
	slipway_secret_free(dotenv->text);
	free(dotenv);
}

size_t
slipway_dotenv_count(const SlipwayDotenv *dotenv)
{
	return dotenv->count;
}

const SlipwayDotenvEntry *
slipway_dotenv_entry(const SlipwayDotenv *dotenv, size_t number)
{
	return &dotenv->places[number].entry;
}

const SlipwayDotenvEntry *
slipway_dotenv_find(const SlipwayDotenv *dotenv, const char *name)
{
	for (size_t i = dotenv->count; i > 0; i--)
	{
		const SlipwayDotenvEntry *entry = &dotenv->places[i - 1].entry;

		if (!entry->is_comment && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

/* A text that is being written again. */
typedef struct Writer
{
	const SlipwayDotenv *dotenv;
	const char *comment;
	const SlipwayDotenvSetting *settings;
	size_t		count;
	const char *line_end;
	SlipwaySecretBuffer *result;
	bool		is_exported;	/* of those that go one was */
	bool		is_added;		/* the settings are written that it had not */
} Writer;

static const SlipwayDotenvSetting *
find_setting(const Writer *writer, const SlipwayDotenvEntry *entry)
{
	for (size_t i = 0; i < writer->count; i++)
		if (!entry->is_comment && strcmp(writer->settings[i].name, entry->name) == 0)
			return &writer->settings[i];
	return NULL;
}

/* Bare where all readers of such files agree on it. */
static void
add_setting(const Writer *writer, const SlipwayDotenvSetting *setting, bool is_exported)
{
	SlipwaySecretBuffer *result = writer->result;
	bool		bare = setting->value[strspn(setting->value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-[]")] == '\0';

	slipway_secret_buffer_add(result, is_exported ? "export " : "");
	slipway_secret_buffer_add(result, setting->name);
	slipway_secret_buffer_add(result, bare ? "=" : "=\"");
	for (const char *p = setting->value; *p != '\0'; p++)
	{
		if (!bare && strchr("\"\\$`", *p) != NULL)
			slipway_secret_buffer_add(result, "\\");
		slipway_secret_buffer_add_bytes(result, p, 1);
	}
	slipway_secret_buffer_add(result, bare ? "" : "\"");
	slipway_secret_buffer_add(result, writer->line_end);
}

/* Those that the text has not, once. */
static void
add_block(Writer *writer)
{
	bool		is_first = true;

	if (writer->is_added)
		return;
	writer->is_added = true;
	for (size_t i = 0; i < writer->count; i++)
	{
		if (slipway_dotenv_find(writer->dotenv, writer->settings[i].name) != NULL)
			continue;
		if (is_first && writer->comment != NULL)
		{
			slipway_secret_buffer_add(writer->result, "# ");
			slipway_secret_buffer_add(writer->result, writer->comment);
			slipway_secret_buffer_add(writer->result, writer->line_end);
		}
		is_first = false;
		add_setting(writer, &writer->settings[i], writer->is_exported);
	}
}

/* The line end that the text has, by its first. */
static const char *
find_line_end(const SlipwayDotenv *dotenv)
{
	const char *feed = strchr(dotenv->text, '\n');

	return feed != NULL && feed > dotenv->text && feed[-1] == '\r' ? "\r\n" : "\n";
}

void
slipway_dotenv_rewrite(const SlipwayDotenv *dotenv, SlipwayDotenvChoice leaves, void *context,
					   const char *comment, const SlipwayDotenvSetting *settings, size_t count,
					   SlipwaySecretBuffer *result)
{
	Writer		writer = {
		.dotenv = dotenv,.comment = comment,.settings = settings,.count = count,
		.line_end = find_line_end(dotenv),.result = result
	};
	size_t		done = 0;

	for (size_t i = 0; i < dotenv->count; i++)
		writer.is_exported = writer.is_exported || (dotenv->places[i].is_exported && leaves(context, &dotenv->places[i].entry));
	slipway_secret_buffer_add(result, "");
	for (size_t i = 0; i < dotenv->count; i++)
	{
		const Place *place = &dotenv->places[i];
		const SlipwayDotenvSetting *setting = find_setting(&writer, &place->entry);
		bool		goes = leaves(context, &place->entry);

		if (!goes && setting == NULL)
			continue;
		slipway_secret_buffer_add_bytes(result, dotenv->text + done, place->start - done);
		done = place->end;
		/* of several of one name the last counts */
		if (setting != NULL && &place->entry == slipway_dotenv_find(dotenv, setting->name))
			add_setting(&writer, setting, place->is_exported);
		if (goes)
			add_block(&writer);
	}
	slipway_secret_buffer_add_bytes(result, dotenv->text + done, dotenv->length - done);
	if (!writer.is_added && result->length > 0 && result->data[result->length - 1] != '\n')
		slipway_secret_buffer_add(result, result->data[result->length - 1] == '\r' ? "\n" : writer.line_end);
	add_block(&writer);
}
