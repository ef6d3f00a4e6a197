/*
 * rehearsal.c
 *	  What a rehearsal has told.
 */
#include "rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"

/* No line and no cell is longer than so many bytes of a statement. */
#define BRIEF_BYTES 400

SlipwayRehearsal *
slipway_rehearsal_new(const SlipwayFolder *folder)
{
	SlipwayRehearsal *rehearsal = slipway_memory_new(sizeof(SlipwayRehearsal));

	rehearsal->folder = folder;
	rehearsal->statements = json_array();
	rehearsal->migrations = json_array();
	rehearsal->leftovers = json_array();
	rehearsal->differences = json_array();
	rehearsal->findings = json_array();
	return rehearsal;
}

void
slipway_rehearsal_free(SlipwayRehearsal *rehearsal)
{
	json_decref(rehearsal->statements);
	json_decref(rehearsal->migrations);
	json_decref(rehearsal->leftovers);
	json_decref(rehearsal->differences);
	json_decref(rehearsal->findings);
	json_decref(rehearsal->done);
	json_decref(rehearsal->error);
	free(rehearsal);
}

/* Where events of that name are kept, or NULL. */
static json_t *
find_list(const SlipwayRehearsal *rehearsal, const char *event)
{
	const struct
	{
		const char *event;
		json_t	   *list;
	}			lists[] = {
		{"rehearsed", rehearsal->statements}, {"rehearsed_migration", rehearsal->migrations},
		{"not_rolled_back", rehearsal->leftovers}, {"difference", rehearsal->differences},
		{"finding", rehearsal->findings},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(lists[i].event, event) == 0)
			return lists[i].list;
	return NULL;
}

bool
slipway_rehearsal_knows(const char *event)
{
	static const char *const events[] = {
		"rehearsed", "rehearsed_migration", "not_rolled_back", "difference", "finding", "done"
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i], event) == 0)
			return true;
	return false;
}

void
slipway_rehearsal_take(SlipwayRehearsal *rehearsal, json_t *event)
{
	const char *name = slipway_rehearsal_text(event, "event");
	json_t	   *list = find_list(rehearsal, name);

	if (list != NULL)
		(void) json_array_append(list, event);
	else if (strcmp(name, "done") == 0 && rehearsal->done == NULL)
		rehearsal->done = json_incref(event);
}

const char *
slipway_rehearsal_text(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text != NULL ? text : "";
}

double
slipway_rehearsal_number(const json_t *event, const char *key)
{
	const json_t *number = json_object_get(event, key);

	return json_is_number(number) ? json_number_value(number) : -1;
}

static size_t
count_matches(const json_t *events, const char *key, const char *value)
{
	size_t		count = 0;
	size_t		i;
	json_t	   *event;

	json_array_foreach(events, i, event)
		if (strcmp(slipway_rehearsal_text(event, key), value) == 0)
			count++;
	return count;
}

size_t
slipway_rehearsal_count(const SlipwayRehearsal *rehearsal, const char *severity)
{
	return count_matches(rehearsal->findings, "severity", severity);
}

size_t
slipway_rehearsal_outcomes(const SlipwayRehearsal *rehearsal, const char *outcome)
{
	return count_matches(rehearsal->statements, "outcome", outcome);
}

SlipwayLockReach
slipway_rehearsal_reach(const char *mode)
{
	static const char *const writing[] = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock"};

	if (strcmp(mode, "AccessExclusiveLock") == 0)
		return SLIPWAY_LOCK_BLOCKS_BOTH;
	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]); i++)
		if (strcmp(mode, writing[i]) == 0)
			return SLIPWAY_LOCK_BLOCKS_WRITING;
	return SLIPWAY_LOCK_BLOCKS_NEITHER;
}

const char *
slipway_rehearsal_reach_name(SlipwayLockReach reach)
{
	static const char *const names[] = {
		[SLIPWAY_LOCK_BLOCKS_NEITHER] = "blocks neither reading nor writing",
		[SLIPWAY_LOCK_BLOCKS_WRITING] = "blocks writing",
		[SLIPWAY_LOCK_BLOCKS_BOTH] = "blocks reading and writing",
	};

	return names[reach];
}

/* Goes behind blanks and comments. */
static const char *
skip_comments(const char *text)
{
	for (;;)
	{
		const char *end = NULL;

		text += strspn(text, " \t\r\n\f\v");
		if (strncmp(text, "--", 2) == 0)
			end = text + strcspn(text, "\n");
		else if (strncmp(text, "/*", 2) == 0)
		{
			end = strstr(text, "*/");
			end = end != NULL ? end + 2 : NULL;
		}
		if (end == NULL)
			return text;
		text = end;
	}
}

char *
slipway_rehearsal_brief(const char *statement)
{
	SlipwayBuffer brief = {0};

	/* a comment amid the statement would hide what follows it in a line */
	for (const char *text = skip_comments(statement); *text != '\0' && brief.length < BRIEF_BYTES;)
	{
		size_t		word = strcspn(text, " \t\r\n\f\v");

		if (brief.length > 0)
			slipway_buffer_add_char(&brief, ' ');
		slipway_buffer_add_bytes(&brief, text, word);
		text = skip_comments(text + word);
	}
	return slipway_buffer_take(&brief);
}
