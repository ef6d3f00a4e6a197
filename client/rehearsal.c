/*
 * rehearsal.c
 *	  What a rehearsal has told.
 */
#include "rehearsal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"

/* No line and no cell is longer than so many bytes of a statement. */
#define BRIEF_BYTES 400

/* No number is larger: each has a form as an integer. */
#define MOST 1e15

SlipwayRehearsal *
slipway_rehearsal_new(const SlipwayFolder *folder)
{
	SlipwayRehearsal *rehearsal = slipway_memory_new(sizeof(SlipwayRehearsal));

	rehearsal->folder = folder;
	rehearsal->statements = json_array();
	rehearsal->places = json_object();
	rehearsal->migrations = json_array();
	rehearsal->leftovers = json_array();
	rehearsal->findings = json_array();
	return rehearsal;
}

void
slipway_rehearsal_free(SlipwayRehearsal *rehearsal)
{
	json_decref(rehearsal->statements);
	json_decref(rehearsal->places);
	json_decref(rehearsal->migrations);
	json_decref(rehearsal->leftovers);
	slipway_difference_free(&rehearsal->differences);
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
		{"not_rolled_back", rehearsal->leftovers}, {"finding", rehearsal->findings},
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

/* What is about the same statement has the same; the caller frees it. */
static char *
make_place(const json_t *event)
{
	return slipway_memory_format("%s\n%s\n%.0f", slipway_rehearsal_owner(event), slipway_rehearsal_script(event),
								 slipway_rehearsal_number(event, "line"));
}

/* Of several in a line it is the first. */
static void
note_place(SlipwayRehearsal *rehearsal, const json_t *statement)
{
	char	   *place = make_place(statement);

	if (json_object_get(rehearsal->places, place) == NULL)
		(void) json_object_set_new(rehearsal->places, place,
								   json_integer((json_int_t) json_array_size(rehearsal->statements)));
	free(place);
}

void
slipway_rehearsal_take(SlipwayRehearsal *rehearsal, json_t *event)
{
	const char *name = slipway_rehearsal_text(event, "event");
	json_t	   *list = find_list(rehearsal, name);

	if (list == rehearsal->statements)
		note_place(rehearsal, event);
	if (list != NULL)
		(void) json_array_append(list, event);
	else if (strcmp(name, "difference") == 0)
		slipway_difference_add(&rehearsal->differences, slipway_rehearsal_text(event, "kind"),
							   slipway_rehearsal_text(event, "identity"),
							   json_string_value(json_object_get(event, "before")),
							   json_string_value(json_object_get(event, "after")));
	else if (strcmp(name, "done") == 0 && rehearsal->done == NULL)
		rehearsal->done = json_incref(event);
}

/* The lock on a relation among those of a migration, or NULL. */
static json_t *
find_lock(const json_t *locks, const char *relation)
{
	size_t		i;
	json_t	   *lock;

	json_array_foreach(locks, i, lock)
		if (strcmp(slipway_rehearsal_text(lock, "relation"), relation) == 0)
			return lock;
	return NULL;
}

/* Adds a lock that a statement took, if it is stronger than what is known. */
static void
hold_lock(json_t *locks, const json_t *statement, const json_t *taken, double end)
{
	json_t	   *lock = find_lock(locks, slipway_rehearsal_text(taken, "relation"));
	double		start = slipway_rehearsal_number(statement, "start_ms");

	if (lock != NULL && slipway_rehearsal_strength(slipway_rehearsal_text(lock, "mode")) >=
		slipway_rehearsal_strength(slipway_rehearsal_text(taken, "mode")))
		return;
	if (lock == NULL)
	{
		lock = json_object();
		(void) json_array_append_new(locks, lock);
	}
	(void) json_object_update(lock, (json_t *) taken);
	(void) json_object_set(lock, "line", json_object_get(statement, "line"));
	(void) json_object_set_new(lock, "start_ms", json_real(start));
	(void) json_object_set_new(lock, "held_ms", json_real(end - start));
}

/* Has the end of a migration, or of such a hook, been told? */
static bool
has_ended(const SlipwayRehearsal *rehearsal, const char *owner)
{
	size_t		i;
	json_t	   *event;

	json_array_foreach(rehearsal->migrations, i, event)
		if (strcmp(slipway_rehearsal_owner(event), owner) == 0)
			return true;
	return false;
}

void
slipway_rehearsal_end(SlipwayRehearsal *rehearsal)
{
	size_t		count = json_array_size(rehearsal->statements);
	const json_t *last = count > 0 ? json_array_get(rehearsal->statements, count - 1) : NULL;
	const char *owner = last != NULL ? slipway_rehearsal_owner(last) : "";
	double		end;
	json_t	   *locks;
	size_t		i;
	size_t		j;
	json_t	   *statement;
	json_t	   *taken;

	if (*owner == '\0' || has_ended(rehearsal, owner))
		return;
	end = slipway_rehearsal_number(last, "start_ms") + slipway_rehearsal_number(last, "duration_ms");
	locks = json_array();
	json_array_foreach(rehearsal->statements, i, statement)
		if (strcmp(slipway_rehearsal_owner(statement), owner) == 0)
			json_array_foreach(json_object_get(statement, "locks"), j, taken)
				hold_lock(locks, statement, taken, end);
	(void) json_array_append_new(rehearsal->migrations,
								 json_pack("{s:O?, s:O?, s:o}", "migration", json_object_get(last, "migration"),
										   "hook", json_object_get(last, "hook"), "locks", locks));
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

	double		value = json_is_number(number) ? json_number_value(number) : -1;

	return value > MOST ? MOST : value < -MOST ? -MOST : value;
}

int
slipway_rehearsal_position(const json_t *event, const char *key)
{
	double		number = slipway_rehearsal_number(event, key);

	return number > 0 && number <= INT_MAX ? (int) number : 0;
}

const char *
slipway_rehearsal_script(const json_t *event)
{
	const char *hook = slipway_rehearsal_text(event, "hook");

	return *hook != '\0' ? hook : slipway_rehearsal_text(event, "migration");
}

const char *
slipway_rehearsal_owner(const json_t *event)
{
	const char *migration = slipway_rehearsal_text(event, "migration");

	return *migration != '\0' ? migration : slipway_rehearsal_text(event, "hook");
}

int
slipway_rehearsal_statement(const SlipwayRehearsal *rehearsal, const json_t *event)
{
	char	   *place = make_place(event);
	const json_t *number = json_object_get(rehearsal->places, place);

	free(place);
	return number != NULL ? (int) json_integer_value(number) : -1;
}

size_t
slipway_rehearsal_migrations(const SlipwayRehearsal *rehearsal)
{
	size_t		count = 0;
	size_t		i;
	json_t	   *event;

	json_array_foreach(rehearsal->migrations, i, event)
		if (*slipway_rehearsal_text(event, "migration") != '\0')
			count++;
	return count;
}

bool
slipway_rehearsal_same_script(const json_t *a, const json_t *b)
{
	return strcmp(slipway_rehearsal_owner(a), slipway_rehearsal_owner(b)) == 0 &&
		strcmp(slipway_rehearsal_script(a), slipway_rehearsal_script(b)) == 0;
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

int
slipway_rehearsal_strength(const char *mode)
{
	static const char *const modes[] = {
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
		"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"
	};

	for (int i = 0; i < (int) (sizeof(modes) / sizeof(modes[0])); i++)
		if (strcmp(modes[i], mode) == 0)
			return i;
	return -1;
}

SlipwayLockReach
slipway_rehearsal_reach(const char *mode)
{
	int			strength = slipway_rehearsal_strength(mode);

	if (strength >= slipway_rehearsal_strength("AccessExclusiveLock"))
		return SLIPWAY_LOCK_BLOCKS_BOTH;
	if (strength >= slipway_rehearsal_strength("ShareLock"))
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

bool
slipway_rehearsal_is_index(const json_t *lock)
{
	const char *kind = slipway_rehearsal_text(lock, "kind");

	return strcmp(kind, "index") == 0 || strcmp(kind, "partitioned index") == 0;
}

bool
slipway_rehearsal_is_minor(const json_t *lock, const json_t *locks)
{
	int			strength = slipway_rehearsal_strength(slipway_rehearsal_text(lock, "mode"));
	size_t		i;
	json_t	   *other;

	if (!slipway_rehearsal_is_index(lock))
		return false;
	json_array_foreach(locks, i, other)
		if (!slipway_rehearsal_is_index(other) &&
			slipway_rehearsal_strength(slipway_rehearsal_text(other, "mode")) >= strength)
			return true;
	return false;
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
