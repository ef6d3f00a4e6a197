/*
 * cmd_secret_list.c
 *	  slipway secret list
 */
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "iso_time.h"
#include "memory.h"
#include "output.h"
#include "secret_command.h"
#include "table.h"

#define DAY 86400

enum
{
	NAME, KIND, AGE, DUE, PURPOSE, ENVIRONMENT, COLUMNS
};

static char *
describe_days(long days)
{
	return slipway_memory_format("%ld %s", days, days == 1 ? "day" : "days");
}

/* "in 12 days", "now", "3 days ago". */
static char *
describe_due(const SlipwaySecretEntry *entry, time_t now)
{
	long		seconds = (long) (entry->rotation_due_at - now);
	/* what is due in 89 days and some hours is so in 90 days */
	long		days = (seconds > 0 ? seconds + DAY - 1 : seconds) / DAY;
	char	   *text;
	char	   *number = describe_days(labs(days));

	if (entry->rotation_due_at == 0)
		text = slipway_memory_copy("");
	else if (days == 0)
		text = slipway_memory_copy("now");
	else
		text = slipway_memory_format("%s%s%s", days > 0 ? "in " : "", number, days < 0 ? " ago" : "");
	free(number);
	return text;
}

static bool
is_due(const SlipwaySecretEntry *entry, time_t now)
{
	return entry->rotation_due_at != 0 && entry->rotation_due_at <= now;
}

static json_t *
make_time(time_t time)
{
	char	   *text = slipway_iso_time_write(time);
	json_t	   *result = *text != '\0' ? json_string(text) : json_null();

	free(text);
	return result;
}

static void
print_json(const SlipwaySecretEntry *entry, const char *prefix, time_t now)
{
	slipway_output_json(json_pack("{s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
								  "name", slipway_output_json_text(entry->name), "prefix", slipway_output_json_text(prefix),
								  "kind", entry->is_certificate ? "certificate" : "secret", "in_set", entry->in_set,
								  "created_at", make_time(entry->created_at), "updated_at", make_time(entry->updated_at),
								  "purpose", slipway_output_json_text(entry->purpose),
								  "environment", slipway_output_json_text(entry->environment),
								  "rotation_days", entry->rotation_days > 0 ? json_integer(entry->rotation_days) : json_null(),
								  "rotation_due_at", make_time(entry->rotation_due_at), "rotation_due", is_due(entry, now)));
}

/* What a table borrows until it is printed. */
typedef struct Row
{
	char	   *cells[COLUMNS];
} Row;

static void
print_table(const SlipwaySecretList *list, const char *prefix, time_t now)
{
	static const SlipwayColumn columns[COLUMNS] = {
		{"name", false, false}, {"kind", false, false}, {"age", true, false}, {"rotation due", false, false},
		{"purpose", false, true}, {"environment", false, false}
	};
	SlipwayTable *table = slipway_table_new(columns, COLUMNS);
	Row		   *rows = slipway_memory_new((list->count + 1) * sizeof(Row));

	for (size_t i = 0; i < list->count; i++)
	{
		const SlipwaySecretEntry *entry = &list->entries[i];
		char	   *name = slipway_memory_format("%s%s", prefix, entry->name);

		rows[i].cells[NAME] = slipway_memory_copy(name);
		rows[i].cells[KIND] = slipway_memory_copy(entry->is_certificate ? "certificate" : "secret");
		rows[i].cells[AGE] = entry->created_at > 0 ? describe_days((long) (now - entry->created_at) / DAY) : slipway_memory_copy("");
		rows[i].cells[DUE] = describe_due(entry, now);
		rows[i].cells[PURPOSE] = slipway_memory_copy(entry->purpose != NULL ? entry->purpose : "");
		rows[i].cells[ENVIRONMENT] = slipway_memory_copy(entry->environment != NULL ? entry->environment : "");
		slipway_table_add(table, (const char *const *) rows[i].cells, DUE, is_due(entry, now) ? SLIPWAY_COLOR_RED : SLIPWAY_COLOR_NONE);
		free(name);
	}
	slipway_table_print(table, stdout);
	for (size_t i = 0; i < list->count; i++)
		for (int j = 0; j < COLUMNS; j++)
			free(rows[i].cells[j]);
	free(rows);
}

SlipwayExitCode
slipway_cmd_secret_list(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_command_begin(arguments);
	const char *prefix = slipway_secret_store_prefix(store);
	time_t		now = time(NULL);
	SlipwaySecretList list;

	slipway_secret_fault_check(slipway_secret_store_list(store, &list));
	if (slipway_output_is_json())
		for (size_t i = 0; i < list.count; i++)
			print_json(&list.entries[i], prefix, now);
	else if (list.count > 0)
		print_table(&list, prefix, now);
	else
		slipway_output_say("%s has no secrets%s%s%s", slipway_secret_store_place(store), *prefix != '\0' ? " with prefix \"" : "",
						   prefix, *prefix != '\0' ? "\"" : "");
	slipway_secret_list_release(&list);
	return SLIPWAY_EXIT_DONE;
}
