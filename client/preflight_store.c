/*
 * preflight_store.c
 *	  Checks of the store of secrets: that it can be used, and that what is in it is not too old.
 */
#include <stdlib.h>
#include <time.h>

#include "buffer.h"
#include "memory.h"
#include "output.h"
#include "preflight.h"
#include "secret_store.h"

/* How many secrets that are due are named. */
#define NAMED 3

static void
note_step(void *context, const SlipwaySecretStep *step)
{
	SlipwayPreflight *preflight = context;
	char	   *duration = slipway_output_duration(step->duration);

	if (step->fault != NULL)
		slipway_preflight_note(preflight, "store", SLIPWAY_OUTCOME_FAILED, step->fault->hint, "%s: %s", step->name,
							   step->fault->text);
	else
		slipway_preflight_note(preflight, "store", SLIPWAY_OUTCOME_OK, NULL, "%s%s%s (%s)", step->name,
							   step->detail != NULL ? ": " : "", step->detail != NULL ? step->detail : "", duration);
	free(duration);
}

static void
add_due(SlipwayBuffer *names, const char *prefix, const SlipwaySecretEntry *entry, size_t count)
{
	struct tm	day;
	char		text[sizeof("YYYY-MM-DD")] = "";

	if (count >= NAMED)
		return;
	if (gmtime_r(&entry->rotation_due_at, &day) != NULL)
		(void) strftime(text, sizeof(text), "%Y-%m-%d", &day);
	slipway_buffer_format(names, "%s%s%s (since %s)", count > 0 ? ", " : "", prefix, entry->name, text);
}

static void
check_rotation(SlipwayPreflight *preflight, SlipwaySecretStore *store)
{
	SlipwaySecretList list;
	SlipwaySecretFault *fault = slipway_secret_store_list(store, &list);
	SlipwayBuffer names = {0};
	size_t		due = 0;
	size_t		policies = 0;

	if (fault != NULL)
	{
		slipway_preflight_note(preflight, "rotation", SLIPWAY_OUTCOME_SKIPPED, fault->hint, "could not be checked: %s",
							   fault->text);
		slipway_secret_fault_free(fault);
		return;
	}
	for (size_t i = 0; i < list.count; i++)
	{
		policies += list.entries[i].rotation_due_at != 0 ? 1 : 0;
		if (list.entries[i].rotation_due_at != 0 && list.entries[i].rotation_due_at < time(NULL))
			add_due(&names, slipway_secret_store_prefix(store), &list.entries[i], due++);
	}
	if (due > NAMED)
		slipway_buffer_format(&names, " and %zu more", due - NAMED);
	if (due > 0)
		slipway_preflight_note(preflight, "rotation", SLIPWAY_OUTCOME_WARNING, "Run \"slipway secret rotate\".",
							   "to be replaced: %s", names.data);
	else if (policies > 0)
		slipway_preflight_note(preflight, "rotation", SLIPWAY_OUTCOME_OK, NULL, "none of %zu %s is due", policies,
							   policies == 1 ? "secret" : "secrets");
	free(slipway_buffer_take(&names));
	slipway_secret_list_release(&list);
}

void
slipway_preflight_store(SlipwayPreflight *preflight)
{
	SlipwaySecretStore *store = slipway_secret_store_find(preflight->arguments);
	int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

	if (store == NULL)
		return;
	slipway_secret_store_check(store, note_step, preflight);
	if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
		check_rotation(preflight, store);
}
