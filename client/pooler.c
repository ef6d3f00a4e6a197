/*
 * pooler.c
 *	  What a pooler between this program and the server means.
 */
#include "pooler.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "connection.h"
#include "conninfo.h"
#include "die.h"
#include "memory.h"
#include "output.h"

/* What the server keeps of a name. */
#define NAME_BYTES 63

static SlipwayPoolerPolicy policy = SLIPWAY_POOLER_FINE;

static struct
{
	bool		is_there;
	char	   *dropped;
}			noted;

void
slipway_pooler_set_policy(SlipwayPoolerPolicy new_policy)
{
	policy = new_policy;
}

/* The next word of server options, as the server splits them: blanks may be escaped. */
static char *
next_word(const char **text)
{
	SlipwayBuffer word = {0};
	const char *p = *text;

	while (isspace((unsigned char) *p))
		p++;
	if (*p == '\0')
		return NULL;
	for (; *p != '\0' && !isspace((unsigned char) *p); p++)
	{
		if (*p == '\\' && p[1] != '\0')
			p++;
		slipway_buffer_add_char(&word, *p);
	}
	*text = p;
	return slipway_buffer_take(&word);
}

/* Adds the name of "name=value", with underscores. */
static void
add_name(SlipwayBuffer *list, const char *setting)
{
	size_t		length = strcspn(setting, "=");

	/* what is no name the server has refused */
	if (length == 0 || setting[length] != '=' || strcspn(setting, "\"{},\\ ") < length)
		return;
	slipway_buffer_add_char(list, list->length == 0 ? '{' : ',');
	for (size_t i = 0; i < length; i++)
		slipway_buffer_add_char(list, setting[i] == '-' ? '_' : (char) tolower((unsigned char) setting[i]));
}

char *
slipway_pooler_list_settings(const char *options)
{
	SlipwayBuffer list = {0};
	char	   *word;

	while ((word = next_word(&options)) != NULL)
	{
		bool		is_next = strcmp(word, "-c") == 0;

		if (is_next)
		{
			free(word);
			word = next_word(&options);
			if (word == NULL)
				break;
		}
		if (is_next)
			add_name(&list, word);
		else if (strncmp(word, "--", 2) == 0 || strncmp(word, "-c", 2) == 0)
			add_name(&list, word + 2);
		free(word);
	}
	if (list.length == 0)
		return NULL;
	slipway_buffer_add_char(&list, '}');
	return slipway_buffer_take(&list);
}

/* What the connection request said of application_name; the caller frees it. */
static char *
asked_application_name(const PGconn *conn)
{
	PQconninfoOption *options = PQconninfo((PGconn *) conn);
	char	   *name = NULL;
	char	   *fallback = NULL;

	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		if (option->val == NULL || *option->val == '\0')
			continue;
		if (strcmp(option->keyword, "application_name") == 0)
			name = slipway_memory_copy(option->val);
		else if (strcmp(option->keyword, "fallback_application_name") == 0)
			fallback = slipway_memory_copy(option->val);
	}
	slipway_conninfo_free(options);
	if (name == NULL)
		return fallback;
	free(fallback);
	return name;
}

/*
 * Poolers may add to it, an address for example. The server shortens it, and writes what is no
 * printable ASCII otherwise: that is where the comparison ends.
 */
static bool
has_application_name(const PGconn *conn, const char *application_name)
{
	char	   *asked = asked_application_name(conn);
	bool		same = true;

	for (size_t i = 0; asked != NULL && same && i < NAME_BYTES && asked[i] >= ' ' && asked[i] <= '~'; i++)
		same = application_name[i] == asked[i];
	free(asked);
	return same;
}

static void
say(void)
{
	if (policy == SLIPWAY_POOLER_REFUSE)
		slipway_die(SLIPWAY_EXIT_CONNECTION, "Connect to the server itself.",
					"the connection goes through a pooler, which --require-direct forbids");
	if (policy == SLIPWAY_POOLER_WARN)
		slipway_output_warn("It works, as a run is a single statement. --require-direct makes this an error.",
							"the connection goes through a pooler");
	else
		slipway_output_detail("the connection goes through a pooler");
	if (noted.dropped != NULL)
		slipway_output_warn("Set them for the role, ALTER ROLE ... SET, or connect to the server itself.",
							"the pooler has dropped settings of the connection: %s", noted.dropped);
}

void
slipway_pooler_note(const PGconn *conn, const char *pid, const char *application_name,
					const char *dropped)
{
	bool		named;

	if (atoi(pid) == PQbackendPID(conn))
		return;
	named = has_application_name(conn, application_name);
	noted.is_there = true;
	free(noted.dropped);
	noted.dropped = named && dropped == NULL ? NULL
		: slipway_memory_format("%s%s%s", named ? "" : "application_name",
								named || dropped == NULL ? "" : ", ", dropped != NULL ? dropped : "");
	say();
}

void
slipway_pooler_add_options(json_t *options)
{
	const SlipwaySearchPath *path = slipway_connection_search_path();

	if (noted.is_there && path != NULL)
		(void) json_object_set_new(options, "search_path", slipway_output_json_text(path->value));
}
