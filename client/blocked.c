/*
 * blocked.c
 *	  Who is in the way of a run that waits for a lock, for people.
 */
#include "blocked.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "display.h"
#include "memory.h"
#include "output.h"

#define COLUMNS 80

static const char *
get_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int
get_pid(const json_t *blocker)
{
	return (int) json_integer_value(json_object_get(blocker, "pid"));
}

bool
slipway_blocked_is_news(char **said, const json_t *blockers)
{
	SlipwayBuffer buffer = {0};
	char	   *now;
	bool		news;

	for (size_t i = 0; i < json_array_size(blockers); i++)
	{
		const json_t *blocker = json_array_get(blockers, i);
		const char *holds = get_text(blocker, "holds");
		char	   *one = slipway_memory_format("%d %s\n", get_pid(blocker), holds != NULL ? holds : "");

		slipway_buffer_add(&buffer, one);
		free(one);
	}
	now = slipway_buffer_take(&buffer);
	news = *now != '\0' && (*said == NULL || strcmp(*said, now) != 0);
	free(*said);
	*said = now;
	return news;
}

/* "pid 42 (app, psql): AccessShareLock, idle in transaction, 3.00 s"; the time is the transaction's. */
static char *
describe(const json_t *blocker)
{
	const char *role = get_text(blocker, "role");
	const char *application = get_text(blocker, "application");
	const char *type = get_text(blocker, "type");
	const char *holds = get_text(blocker, "holds");
	const char *waits = get_text(blocker, "waits");
	const char *state = get_text(blocker, "state");
	const json_t *age = json_object_get(blocker, "transaction_ms");
	bool		named = application != NULL && *application != '\0';
	char	   *duration = age != NULL ? slipway_output_duration(json_number_value(age)) : NULL;
	char	   *who = get_pid(blocker) == 0 ? slipway_memory_copy("a prepared transaction")
		: slipway_memory_format("pid %d (%s%s%s)", get_pid(blocker),
								role != NULL ? role : type != NULL ? type : "?",
								named ? ", " : "", named ? application : "");
	char	   *text = slipway_memory_format("%s: %s%s%s%s%s%s", who, holds != NULL ? "" : "waits for ",
											 holds != NULL ? holds : waits != NULL ? waits : "a lock",
											 state != NULL ? ", " : "", state != NULL ? state : "",
											 duration != NULL ? ", " : "",
											 duration != NULL ? duration : "");

	free(who);
	free(duration);
	return text;
}

static void
say_line(const char *indent, const char *text)
{
	SlipwayBuffer line = {0};
	char	   *shown;

	slipway_buffer_add(&line, indent);
	slipway_display_fit(&line, text, COLUMNS - (int) strlen(indent));
	shown = slipway_buffer_take(&line);
	slipway_output_say("%s", shown);
	free(shown);
}

void
slipway_blocked_say(const json_t *blockers)
{
	for (size_t i = 0; i < json_array_size(blockers); i++)
	{
		const json_t *blocker = json_array_get(blockers, i);
		const char *query = get_text(blocker, "query");
		char	   *text = describe(blocker);

		say_line("  ", text);
		if (query != NULL)
			say_line("    ", query);
		free(text);
	}
}

char *
slipway_blocked_line(const json_t *blockers)
{
	size_t		count = json_array_size(blockers);
	char	   *first;
	char	   *line;

	if (count == 0)
		return NULL;
	first = describe(json_array_get(blockers, 0));
	if (count == 1)
		return first;
	line = slipway_memory_format("%s; and %zu more", first, count - 1);
	free(first);
	return line;
}

char *
slipway_blocked_target(const json_t *event)
{
	const char *lock = get_text(event, "lock");
	const char *on = get_text(event, "on");
	const char *relation = get_text(event, "relation");
	const json_t *oid = json_object_get(event, "relation_oid");

	if (lock == NULL)
		lock = "a lock";
	if (on == NULL)
		return slipway_memory_copy(lock);
	if (strcmp(on, "transactionid") == 0 || strcmp(on, "virtualxid") == 0)
		return slipway_memory_copy("the end of another transaction");
	if (relation != NULL && strcmp(on, "relation") == 0)
		return slipway_memory_format("%s on %s", lock, relation);
	if (relation != NULL)
		return slipway_memory_format("%s on %s of %s", lock, on, relation);
	if (oid != NULL)
		return slipway_memory_format("%s on %s %lld", lock, on, (long long) json_integer_value(oid));
	return slipway_memory_format("%s on %s", lock, on);
}
