/*
 * cmd_credential_batch.c
 *	  slipway credential batch create and list
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "batch_select.h"
#include "command.h"
#include "connection.h"
#include "credential_terms.h"
#include "csv.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"
#include "table.h"

/* The status of --missing or --status, or NULL for --input: just one of the three. */
static const char *
choose_status(const SlipwayArguments *arguments)
{
	const char *input = slipway_option_text(arguments, SLIPWAY_OPTION_INPUT);
	const char *status = slipway_option_text(arguments, SLIPWAY_OPTION_STATUS);
	bool		missing = slipway_option_flag(arguments, SLIPWAY_OPTION_MISSING);

	if ((input != NULL) + (status != NULL) + missing != 1)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write one of --input FILE, --missing and --status STATUS.", "which projects are to be in the batch?");
	return missing ? "missing" : status;
}

/* As text, or NULL: what 0 would mean is not what anybody wants. */
static const char *
read_number(const SlipwayArguments *arguments, SlipwayOptionId option)
{
	if (slipway_option_text(arguments, option) != NULL && slipway_option_integer(arguments, option, 1) < 1)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "--%s is at least 1", slipway_option_table[option].name);
	return slipway_option_text(arguments, option);
}

/* A name may stand wherever a number may. */
static const char *
read_name(const SlipwayArguments *arguments)
{
	const char *name = slipway_option_text(arguments, SLIPWAY_OPTION_NAME);

	if (name != NULL && name[strspn(name, "0123456789")] == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "the name of a batch must not look like the number of one: \"%s\"", name);
	return name;
}

static void
print_created(PGconn *conn, const char *number)
{
	SlipwayBatch batch;
	char	   *title;

	slipway_batch_read(conn, number, &batch);
	title = slipway_batch_title(&batch);
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:I, s:o, s:I}", "event", "batch_created", "batch", (json_int_t) atoll(number),
									  "name", slipway_output_json_text(batch.name), "items", (json_int_t) batch.counts.items));
	else
		(void) printf("%s\n", number);
	slipway_output_say("batch %s: %ld projects", title, batch.counts.items);
	free(title);
	slipway_batch_release(&batch);
}

static void
say_nothing(PGconn *conn, const char *status)
{
	long		count;
	long		unregistered;

	slipway_batch_count_status(conn, status, &count, &unregistered);
	slipway_output_say("no project has status \"%s\" and is in no other batch: no batch was made", status);
	if (unregistered > 0 && strcmp(status, "missing") == 0)
		slipway_output_say("hint: %ld projects have no credential; see \"slipway help credential register\"", unregistered);
}

SlipwayExitCode
slipway_cmd_credential_batch_create(const SlipwayArguments *arguments)
{
	const char *status = choose_status(arguments);
	const char *name = read_name(arguments);
	const char *max_failures = read_number(arguments, SLIPWAY_OPTION_MAX_FAILURES);
	const char *size_text = read_number(arguments, SLIPWAY_OPTION_SIZE);
	int			size = size_text != NULL ? slipway_option_integer(arguments, SLIPWAY_OPTION_SIZE, 0) : 0;
	PGconn	   *conn = slipway_credential_connect(arguments);
	char	   *number;

	if (status == NULL)
		number = slipway_batch_from_file(conn, slipway_option_text(arguments, SLIPWAY_OPTION_INPUT), name, "{}", max_failures, size);
	else
	{
		slipway_batch_select_begin(conn);
		number = slipway_batch_from_status(conn, status, name, "{}", max_failures, size);
		slipway_batch_select_end(conn);
	}
	if (number != NULL)
		print_created(conn, number);
	else
		say_nothing(conn, status);
	free(number);
	return SLIPWAY_EXIT_DONE;
}

enum
{
	NUMBER, NAME, STATE, ITEMS, SUCCEEDED, ROLLED_BACK, FAILED, LEFT, CREATED_AT, CREATED_BY, COLUMNS
};

/* The cells of a row, which are freed one by one. */
static void
make_cells(const SlipwayBatch *batch, char *cells[COLUMNS])
{
	cells[NUMBER] = slipway_memory_copy(batch->number);
	cells[NAME] = slipway_memory_copy(batch->name != NULL ? batch->name : "");
	cells[STATE] = slipway_memory_copy(slipway_batch_state(batch));
	cells[ITEMS] = slipway_memory_format("%ld", batch->counts.items);
	cells[SUCCEEDED] = slipway_memory_format("%ld", batch->counts.succeeded);
	cells[ROLLED_BACK] = slipway_memory_format("%ld", batch->counts.rolled_back);
	cells[FAILED] = slipway_memory_format("%ld", batch->counts.failed);
	cells[LEFT] = slipway_memory_format("%ld", slipway_batch_left(&batch->counts));
	cells[CREATED_AT] = slipway_memory_copy(batch->created_at);
	cells[CREATED_BY] = slipway_memory_copy(batch->created_by);
}

static void
print_table(char *(*cells)[COLUMNS], size_t count)
{
	static const SlipwayColumn columns[COLUMNS] = {
		{"batch", true, false}, {"name", false, true}, {"state", false, false}, {"projects", true, false}, {"succeeded", true, false},
		{"rolled back", true, false}, {"failed", true, false}, {"left", true, false}, {"made (UTC)", false, false}, {"by", false, false}
	};
	SlipwayTable *table = slipway_table_new(columns, COLUMNS);

	for (size_t i = 0; i < count; i++)
		slipway_table_add(table, (const char *const *) cells[i], FAILED, strcmp(cells[i][FAILED], "0") != 0 ? SLIPWAY_COLOR_RED : SLIPWAY_COLOR_NONE);
	slipway_table_print(table, stdout);
}

static void
print_csv(char *(*cells)[COLUMNS], size_t count)
{
	static const char *const titles[COLUMNS] = {"batch", "name", "state", "projects", "succeeded", "rolled_back", "failed", "left",
	"created_at", "created_by"};
	SlipwayBuffer text = {0};

	slipway_csv_add_line(&text, titles, COLUMNS);
	for (size_t i = 0; i < count; i++)
		slipway_csv_add_line(&text, (const char *const *) cells[i], COLUMNS);
	(void) fputs(text.data, stdout);
	free(text.data);
}

static void
print_json(const SlipwayBatch *batch)
{
	const SlipwayBatchCounts *counts = &batch->counts;

	slipway_output_json(json_pack("{s:I, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
								  "batch", (json_int_t) atoll(batch->number), "name", slipway_output_json_text(batch->name),
								  "state", slipway_batch_state(batch), "items", (json_int_t) counts->items,
								  "waiting", (json_int_t) counts->waiting, "running", (json_int_t) counts->running,
								  "interrupted", (json_int_t) counts->interrupted, "succeeded", (json_int_t) counts->succeeded,
								  "failed", (json_int_t) counts->failed, "rolled_back", (json_int_t) counts->rolled_back,
								  "skipped", (json_int_t) counts->skipped, "schedule", slipway_output_json_text(batch->schedule),
								  "created_at", slipway_output_json_text(batch->created_at), "created_by", slipway_output_json_text(batch->created_by),
								  "stopped_at", slipway_output_json_text(batch->stopped_at), "stop_reason", slipway_output_json_text(batch->stop_reason)));
}

SlipwayExitCode
slipway_cmd_credential_batch_list(const SlipwayArguments *arguments)
{
	const char *format = slipway_option_text(arguments, SLIPWAY_OPTION_FORMAT);
	PGconn	   *conn;
	size_t		count;
	SlipwayBatch *batches;
	char	   *(*cells)[COLUMNS];

	if (format != NULL && strcmp(format, "html") == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "a list of batches is a table, csv or json");
	conn = slipway_credential_connect(arguments);
	batches = slipway_batch_list(conn, &count);
	cells = slipway_memory_new((count + 1) * sizeof(*cells));
	for (size_t i = 0; i < count; i++)
		make_cells(&batches[i], cells[i]);
	if (slipway_output_is_json() || (format != NULL && strcmp(format, "json") == 0))
		for (size_t i = 0; i < count; i++)
			print_json(&batches[i]);
	else if (format != NULL && strcmp(format, "csv") == 0)
		print_csv(cells, count);
	else if (count > 0)
		print_table(cells, count);
	else
		slipway_output_say("there is no batch");
	for (size_t i = 0; i < count; i++)
	{
		for (int k = 0; k < COLUMNS; k++)
			free(cells[i][k]);
		slipway_batch_release(&batches[i]);
	}
	free(cells);
	free(batches);
	return SLIPWAY_EXIT_DONE;
}
