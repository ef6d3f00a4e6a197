/*
 * skipped.c
 *	  What was in a folder and was not taken for a script.
 */
#include "skipped.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"
#include "output.h"

#define MAX_NAMED 3				/* in the warning; -v lists them all */

typedef struct Skipped
{
	SlipwaySkipReason reason;
	char	   *file;
} Skipped;

struct SlipwaySkipList
{
	Skipped    *files;
	size_t		count;
	size_t		capacity;
};

SlipwaySkipList *
slipway_skipped_new(void)
{
	return slipway_memory_new(sizeof(SlipwaySkipList));
}

void
slipway_skipped_free(SlipwaySkipList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->files[i].file);
	free(list->files);
	free(list);
}

void
slipway_skipped_add(SlipwaySkipList *list, SlipwaySkipReason reason, const char *file)
{
	Skipped    *added;

	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		list->files = slipway_memory_resize(list->files, list->capacity, sizeof(Skipped));
	}
	added = &list->files[list->count++];
	*added = (Skipped) {reason, slipway_memory_copy(file)};
	/* it is printed, and nobody has checked it */
	for (char *p = added->file; *p != '\0'; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			*p = '?';
}

static int
compare_skipped(const void *a, const void *b)
{
	const Skipped *left = a;
	const Skipped *right = b;

	if (left->reason != right->reason)
		return left->reason < right->reason ? -1 : 1;
	return strcmp(left->file, right->file);
}

static void
list_files(const SlipwaySkipList *list, const char *folder)
{
	static const char *const reasons[] = {
		[SLIPWAY_SKIPPED_LOOKALIKE] = "not named NAME.sql",
		[SLIPWAY_SKIPPED_LEFT_OVER] = "left by an editor",
		[SLIPWAY_SKIPPED_IGNORED] = "in .slipwayignore",
	};

	for (size_t i = 0; i < list->count; i++)
		slipway_output_detail("ignored: %s/%s (%s)", folder, list->files[i].file,
							  reasons[list->files[i].reason]);
}

/* The files are sorted: those that look like scripts come first. */
static void
warn_of_lookalikes(const SlipwaySkipList *list, size_t count, const char *folder)
{
	static const char hint[] = "Name it NAME.sql, NAME.up.sql, NAME.down.sql or NAME.verify.sql,"
		" or list it in .slipwayignore.";
	SlipwayBuffer names = {0};

	for (size_t i = 0; i < count && i < MAX_NAMED; i++)
	{
		slipway_buffer_add(&names, i > 0 ? ", \"" : "\"");
		slipway_buffer_add(&names, folder);
		slipway_buffer_add(&names, "/");
		slipway_buffer_add(&names, list->files[i].file);
		slipway_buffer_add(&names, "\"");
	}
	if (count > MAX_NAMED)
		slipway_buffer_add(&names, ", ...");
	if (count == 1)
		slipway_output_warn(hint, "%s is not taken for a script because of its name", names.data);
	else
		slipway_output_warn(hint, "%zu files are not taken for scripts because of their names: %s",
							count, names.data);
	free(slipway_buffer_take(&names));
}

void
slipway_skipped_report(SlipwaySkipList *list, const char *folder)
{
	size_t		counts[SLIPWAY_SKIPPED_IGNORED + 1] = {0};

	if (list->count > 1)
		qsort(list->files, list->count, sizeof(Skipped), compare_skipped);
	for (size_t i = 0; i < list->count; i++)
		counts[list->files[i].reason]++;
	list_files(list, folder);
	if (counts[SLIPWAY_SKIPPED_LOOKALIKE] > 0)
		warn_of_lookalikes(list, counts[SLIPWAY_SKIPPED_LOOKALIKE], folder);
	if (counts[SLIPWAY_SKIPPED_LEFT_OVER] > 0 && !slipway_output_is_verbose())
		slipway_output_say("ignored: %zu %s (editor left-overs)", counts[SLIPWAY_SKIPPED_LEFT_OVER],
						   counts[SLIPWAY_SKIPPED_LEFT_OVER] == 1 ? "file" : "files");
}
