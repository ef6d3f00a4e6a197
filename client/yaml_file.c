/*
 * yaml_file.c
 *	  A YAML file as JSON.
 */
#include "yaml_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "memory.h"
#include "secret_buffer.h"

#define LIBRARY "libyaml-0.so.2"
#define MAX_FILE (4 * 1024 * 1024)
#define MAX_DEPTH 64

/* The functions that are used, as the header declares them. */
static struct
{
	bool		loaded;
	int			(*parser_initialize) (yaml_parser_t *parser);
	void		(*parser_set_input_string) (yaml_parser_t *parser, const unsigned char *input, size_t size);
	int			(*parser_parse) (yaml_parser_t *parser, yaml_event_t *event);
	void		(*parser_delete) (yaml_parser_t *parser);
	void		(*event_delete) (yaml_event_t *event);
}			yaml;

/* What is read. */
typedef struct Reader
{
	yaml_parser_t parser;
	json_t	   *anchors;		/* name: value */
	const char *fault;			/* what makes no sense, or NULL */
	size_t		line;
} Reader;

static bool
find_function(void *library, const char *name, void *function)
{
	void	   *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static const char *
load(void)
{
	void	   *library;

	if (yaml.loaded)
		return NULL;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return LIBRARY " is not installed (package libyaml-0-2)";
	if (!find_function(library, "yaml_parser_initialize", &yaml.parser_initialize) ||
		!find_function(library, "yaml_parser_set_input_string", &yaml.parser_set_input_string) ||
		!find_function(library, "yaml_parser_parse", &yaml.parser_parse) ||
		!find_function(library, "yaml_parser_delete", &yaml.parser_delete) ||
		!find_function(library, "yaml_event_delete", &yaml.event_delete))
		return LIBRARY " does not work";
	yaml.loaded = true;
	return NULL;
}

static json_t *read_node(Reader *reader, const yaml_event_t *event, int depth);

static json_t *
blame(Reader *reader, const char *fault, const yaml_mark_t *mark)
{
	if (reader->fault == NULL)
	{
		reader->fault = fault;
		reader->line = mark->line + 1;
	}
	return NULL;
}

/* The next event, which the caller releases. */
static bool
next(Reader *reader, yaml_event_t *event)
{
	if (yaml.parser_parse(&reader->parser, event) != 0)
		return true;
	(void) blame(reader, "malformed YAML", &reader->parser.problem_mark);
	return false;
}

static void
set_anchor(Reader *reader, const yaml_char_t *anchor, json_t *value)
{
	if (anchor != NULL && value != NULL)
		(void) json_object_set(reader->anchors, (const char *) anchor, value);
}

/* One without quotes; an empty one is left a text. */
static bool
is_null(const yaml_event_t *event)
{
	static const char *const words[] = {"~", "null", "Null", "NULL"};
	const char *text = (const char *) event->data.scalar.value;

	for (size_t i = 0; event->data.scalar.plain_implicit != 0 && i < sizeof(words) / sizeof(words[0]); i++)
		if (event->data.scalar.length == strlen(words[i]) && strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static json_t *
read_text(Reader *reader, const yaml_event_t *event)
{
	json_t	   *text = json_stringn((const char *) event->data.scalar.value, event->data.scalar.length);

	return text != NULL ? text : blame(reader, "what stands there makes no sense", &event->start_mark);
}

static json_t *
read_sequence(Reader *reader, int depth)
{
	json_t	   *array = json_array();

	for (;;)
	{
		yaml_event_t event;
		json_t	   *item;
		bool		ended;

		if (!next(reader, &event))
			break;
		ended = event.type == YAML_SEQUENCE_END_EVENT;
		item = ended ? NULL : read_node(reader, &event, depth);
		yaml.event_delete(&event);
		if (ended)
			return array;
		if (item == NULL || json_array_append_new(array, item) != 0)
			break;
	}
	json_decref(array);
	return NULL;
}

/* What the key itself says counts more than what is merged in. */
static void
merge(json_t *object, json_t *value)
{
	size_t		index;
	json_t	   *item;

	if (json_is_object(value))
		(void) json_object_update_missing(object, value);
	else
		json_array_foreach(value, index, item)
			(void) json_object_update_missing(object, item);
}

static bool
read_pair(Reader *reader, const yaml_event_t *key_event, json_t *object, json_t *merged, int depth)
{
	yaml_event_t event;
	json_t	   *key = key_event->type == YAML_SCALAR_EVENT ? read_text(reader, key_event)
		: blame(reader, "a key that is no text", &key_event->start_mark);
	json_t	   *value = NULL;

	if (key != NULL && next(reader, &event))
	{
		value = read_node(reader, &event, depth);
		yaml.event_delete(&event);
	}
	if (value != NULL && strcmp(json_string_value(key), "<<") == 0)
		(void) json_array_append(merged, value);
	else if (value != NULL)
		(void) json_object_set(object, json_string_value(key), value);
	json_decref(key);
	json_decref(value);
	return value != NULL;
}

static json_t *
read_mapping(Reader *reader, int depth)
{
	json_t	   *object = json_object();
	json_t	   *merged = json_array();
	bool		ended = false;
	bool		good = true;

	while (good && !ended)
	{
		yaml_event_t event;

		good = next(reader, &event);
		if (!good)
			break;
		ended = event.type == YAML_MAPPING_END_EVENT;
		if (!ended)
			good = read_pair(reader, &event, object, merged, depth);
		yaml.event_delete(&event);
	}
	for (size_t i = 0; i < json_array_size(merged); i++)
		merge(object, json_array_get(merged, i));
	json_decref(merged);
	if (good)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *
read_node(Reader *reader, const yaml_event_t *event, int depth)
{
	json_t	   *value = NULL;

	if (depth > MAX_DEPTH)
		return blame(reader, "it is nested too deeply", &event->start_mark);
	switch (event->type)
	{
		case YAML_SCALAR_EVENT:
			value = is_null(event) ? json_null() : read_text(reader, event);
			set_anchor(reader, event->data.scalar.anchor, value);
			break;
		case YAML_SEQUENCE_START_EVENT:
			value = read_sequence(reader, depth + 1);
			set_anchor(reader, event->data.sequence_start.anchor, value);
			break;
		case YAML_MAPPING_START_EVENT:
			value = read_mapping(reader, depth + 1);
			set_anchor(reader, event->data.mapping_start.anchor, value);
			break;
		case YAML_ALIAS_EVENT:
			value = json_incref(json_object_get(reader->anchors, (const char *) event->data.alias.anchor));
			break;
		default:
			break;
	}
	return value != NULL ? value : blame(reader, "what stands there makes no sense", &event->start_mark);
}

/* What is in front of the document is skipped. */
static json_t *
read_document(Reader *reader)
{
	for (;;)
	{
		yaml_event_t event;
		yaml_event_type_t type;
		json_t	   *value;

		if (!next(reader, &event))
			return NULL;
		type = event.type;
		value = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ? NULL
			: type == YAML_STREAM_END_EVENT ? json_object() : read_node(reader, &event, 0);
		yaml.event_delete(&event);
		if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT)
			return value;
	}
}

static int
read_bytes(const char *path, SlipwaySecretBuffer *text)
{
	int			file = open(path, O_RDONLY | O_CLOEXEC);
	int			error;

	if (file < 0)
		return errno;
	error = slipway_secret_buffer_read(text, file, MAX_FILE);
	(void) close(file);
	return error != 0 ? error : text->length > MAX_FILE ? EFBIG : 0;
}

char *
slipway_yaml_file_read(const char *path, json_t **document)
{
	SlipwaySecretBuffer text = {0};
	Reader		reader = {0};
	const char *fault = load();
	int			error;

	*document = NULL;
	if (fault != NULL)
		return slipway_memory_copy(fault);
	error = read_bytes(path, &text);
	if (error != 0)
	{
		slipway_secret_buffer_release(&text);
		return slipway_memory_format("could not read \"%s\": %s", path, strerror(error));
	}
	if (yaml.parser_initialize(&reader.parser) == 0)
	{
		slipway_secret_buffer_release(&text);
		return slipway_memory_copy("out of memory");
	}
	yaml.parser_set_input_string(&reader.parser, (const unsigned char *) text.data, text.length);
	reader.anchors = json_object();
	*document = read_document(&reader);
	json_decref(reader.anchors);
	yaml.parser_delete(&reader.parser);
	slipway_secret_buffer_release(&text);
	if (*document != NULL)
		return NULL;
	return slipway_memory_format("%s:%zu: %s", path, reader.line, reader.fault != NULL ? reader.fault : "malformed YAML");
}
