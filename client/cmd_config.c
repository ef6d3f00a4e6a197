/*
 * cmd_config.c
 *	  slipway config
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "conninfo.h"
#include "folder.h"
#include "http.h"
#include "label.h"
#include "memory.h"
#include "option_default.h"
#include "output.h"
#include "table.h"
#include "target.h"
#include "variable.h"
#include "webhook.h"

#define DEFAULT "default"

/* Rows that were added; what they show lasts until the end. */
typedef struct Listing
{
	SlipwayTable *table;		/* NULL: with --json */
	char	  **kept;			/* what is shown and belongs to nobody else */
	size_t		kept_count;
	SlipwayTarget target;
	SlipwayTarget application;
} Listing;

/* Takes a text, which may be NULL, over. */
static const char *
keep(Listing *listing, char *text)
{
	listing->kept = slipway_memory_resize(listing->kept, listing->kept_count + 1, sizeof(char *));
	listing->kept[listing->kept_count++] = text;
	return text;
}

static void
release(Listing *listing)
{
	for (size_t i = 0; i < listing->kept_count; i++)
		free(listing->kept[i]);
	free(listing->kept);
	slipway_target_release(&listing->target);
	slipway_target_release(&listing->application);
}

static void
add_row(const Listing *listing, const char *setting, const char *value, const char *source)
{
	const char *cells[] = {setting, value, source};

	if (listing->table != NULL)
		slipway_table_add(listing->table, cells, 0, SLIPWAY_COLOR_NONE);
	else
	{
		json_t	   *object = json_pack("{s:s, s:s}", "setting", setting, "source", source);

		(void) json_object_set_new(object, "value", slipway_output_json_text(value));
		slipway_output_json(object);
	}
}

/* Where the section says it, else the words for where it is from. */
static const char *
name_source(Listing *listing, const SlipwayArguments *arguments, const SlipwayTarget *target,
			SlipwayConfigKey key)
{
	const char *place = arguments->environment != NULL
		? keep(listing, slipway_config_place(arguments->environment, key)) : NULL;

	/* of an option or a variable, the section's own name is not the source */
	return place != NULL && strstr(target->source, "section [") != NULL ? place : target->source;
}

/* The string without its passwords, or the names that a store has it under. */
static const char *
describe(Listing *listing, const SlipwayArguments *arguments, const SlipwayTarget *target)
{
	if (!target->is_given)
		return NULL;
	/* all of the string is in the store */
	if (target->conninfo != NULL && strcmp(target->conninfo, "***") == 0)
		return target->conninfo;
	return keep(listing, !target->in_store ? slipway_target_describe(target)
				: slipway_stored_connection_names(arguments, target->is_application));
}

static void
add_connections(Listing *listing, const SlipwayArguments *arguments)
{
	SlipwayTarget *target = &listing->target;
	SlipwayTarget *application = &listing->application;

	slipway_target_sketch(arguments, false, target);
	add_row(listing, "url", describe(listing, arguments, target),
			name_source(listing, arguments, target, SLIPWAY_CONFIG_URL));
	slipway_target_sketch(arguments, true, application);
	if (application->is_given)
		add_row(listing, "app_url", describe(listing, arguments, application),
				name_source(listing, arguments, application, SLIPWAY_CONFIG_APP_URL));
	else
		add_row(listing, "app_url", NULL, DEFAULT);
	add_row(listing, "search_path", target->search_path,
			target->search_path != NULL ? target->search_path_source : DEFAULT);
}

/* Other keys of a section that are no options. */
static void
add_keys(Listing *listing, const SlipwayArguments *arguments)
{
	for (int key = SLIPWAY_CONFIG_SEARCH_PATH + 1; key < SLIPWAY_CONFIG_COUNT; key++)
	{
		const char *place = arguments->environment != NULL
			? keep(listing, slipway_config_place(arguments->environment, (SlipwayConfigKey) key)) : NULL;

		add_row(listing, slipway_config_key_name((SlipwayConfigKey) key),
				place != NULL
				? keep(listing, slipway_config_value(arguments->environment, (SlipwayConfigKey) key)) : NULL,
				place != NULL ? place : DEFAULT);
	}
}

/* The default that the summary of an option tells, or NULL; the caller frees it. */
static char *
find_default(const SlipwayOption *option)
{
	static const char word[] = "(default: ";
	const char *start = strstr(option->summary, word);

	if (option->kind == SLIPWAY_OPTION_KIND_FLAG)
		return slipway_memory_copy("false");
	if (start == NULL)
		return NULL;
	start += strlen(word);
	return slipway_memory_copy_bytes(start, strcspn(start, ";)"));
}

/* Values of variables may be secret. The caller frees the result. */
static char *
show_value(SlipwayOptionId id, const char *value)
{
	if (slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_FLAG)
		return slipway_memory_copy("true");
	/* whoever knows the path may post there, or look */
	if (id == SLIPWAY_OPTION_WEBHOOK || (id == SLIPWAY_OPTION_HEALTH_URL && slipway_http_is_url(value)))
		return slipway_http_hide_path(value);
	/* a connection string may be the value of an option, too */
	if (id != SLIPWAY_OPTION_VAR || strchr(value, '=') == NULL)
		return slipway_conninfo_scrub(value);
	return slipway_memory_format("%.*s***", (int) (strchr(value, '=') - value + 1), value);
}

static void
add_option(Listing *listing, const SlipwayArguments *arguments, SlipwayOptionId id)
{
	const SlipwayOption *option = &slipway_option_table[id];
	const SlipwayOptionList *list = &arguments->lists[id];
	const char *value = arguments->values[id];
	const char *source = arguments->sources[id];
	const char *setting = keep(listing, slipway_config_spell(option->name));

	if (source == NULL && value != NULL)
		source = keep(listing, slipway_memory_format("option --%s", option->name));
	if (value == NULL && id == SLIPWAY_OPTION_DIR && slipway_folder_is_set())
	{
		value = slipway_folder_locate(NULL);
		source = "MIGRATIONS_PATH";
	}
	if (value == NULL)
		add_row(listing, setting, keep(listing, find_default(option)), source != NULL ? source : DEFAULT);
	else if (list->count == 0)
		add_row(listing, setting, keep(listing, show_value(id, value)), source);
	for (size_t i = 0; i < list->count; i++)
		add_row(listing, setting, keep(listing, show_value(id, list->values[i])),
				list->sources != NULL ? list->sources[i] : source);
}

SlipwayExitCode
slipway_cmd_config(const SlipwayArguments *arguments)
{
	static const SlipwayColumn columns[] = {
		{.title = "SETTING"}, {.title = "VALUE",.flexible = true}, {.title = "FROM"}
	};
	Listing		listing = {
		.table = slipway_output_is_json() ? NULL : slipway_table_new(columns, 3)
	};

	/* a faulty one is said to be so */
	(void) slipway_secret_store_find(arguments);
	json_decref(slipway_label_json(arguments));
	slipway_variable_check(arguments);
	slipway_webhook_check(arguments);
	add_connections(&listing, arguments);
	add_keys(&listing, arguments);
	for (const SlipwayOptionId *id = slipway_option_defaults(); *id != SLIPWAY_OPTION_COUNT; id++)
		add_option(&listing, arguments, *id);
	if (listing.table != NULL)
		slipway_table_print(listing.table, stdout);
	release(&listing);
	return SLIPWAY_EXIT_DONE;
}
