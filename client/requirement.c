/*
 * requirement.c
 *	  What scripts require of others.
 */
#include "requirement.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "nearest.h"

static bool
is_name(const SlipwayState *state, const char *name, size_t length)
{
	return strlen(state->migration) == length && memcmp(state->migration, name, length) == 0;
}

/* Its place in the order of the states; their number if it is none of them. */
static size_t
find(const SlipwayStateList *states, const char *name, size_t length)
{
	size_t		i = 0;

	while (i < states->count && !is_name(&states->states[i], name, length))
		i++;
	return i;
}

static const char *
find_nearest(const SlipwayStateList *states, const char *name, const char *self)
{
	const char **names = slipway_memory_new((states->count + 1) * sizeof(char *));
	size_t		count = 0;
	const char *near;

	for (size_t i = 0; i < states->count; i++)
		if (strcmp(states->states[i].migration, self) != 0)
			names[count++] = states->states[i].migration;
	near = slipway_nearest_find(name, names, count);
	free(names);
	return near;
}

static void
check_one(SlipwayCheck *check, const SlipwayStateList *states, const char *self, const char *name,
		  size_t length)
{
	size_t		own = find(states, self, strlen(self));
	size_t		other = find(states, name, length);
	char	   *text = slipway_check_keep(check, slipway_memory_copy_bytes(name, length));
	SlipwayProblem problem = {.migration = self,.sqlstate = "SW027"};
	const char *near;

	if (other < states->count && (other < own || states->states[other].applied_hash != NULL))
		return;
	if (other == own)
		problem.message = "the migration requires itself";
	else if (other == states->count)
	{
		problem.message = slipway_check_keep(
			check, slipway_memory_format("the migration requires \"%s\", which is unknown", text));
		near = find_nearest(states, text, self);
		if (near != NULL)
			problem.hint = slipway_check_keep(
				check, slipway_memory_format("Perhaps you meant \"%s\".", near));
	}
	else
	{
		problem.message = slipway_check_keep(
			check, slipway_memory_format("the migration requires \"%s\", which comes later", text));
		problem.hint = "Rename one of them, if neither is applied anywhere.";
	}
	slipway_check_add(check, &problem);
}

void
slipway_requirement_check(SlipwayCheck *check, const SlipwayStateList *states)
{
	for (size_t i = 0; i < check->step_count; i++)
	{
		const char *name = check->steps[i].requires;

		while (name != NULL && *name != '\0')
		{
			size_t		length = strcspn(name, "\n");

			check_one(check, states, check->steps[i].migration->name, name, length);
			name += length + (name[length] == '\n' ? 1 : 0);
		}
	}
}
