/*
 * cmd_repair.c
 *	  slipway repair
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "decision.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "server.h"
#include "upload.h"

/* One way to repair: its option, and what the server is asked with migration, reason and project. */
typedef struct Repair
{
	const char *sql;
	const char *action;			/* in the history */
	const char *effect;			/* for people, behind the migration's name */
	SlipwayOptionId option;
	bool		needs_script;	/* of the folder */
} Repair;

static const Repair repairs[] = {
	{"SELECT slipway.accept_checksum($1, $2, $3)", "accept_checksum",
	"taken as applied with the script that it has now", SLIPWAY_OPTION_ACCEPT_CHECKSUM, true},
	{"SELECT slipway.forget_failed($1, $2, $3)", "forget_failed",
	"pending, as if it had never been tried", SLIPWAY_OPTION_FORGET_FAILED, false},
	{"SELECT slipway.mark_applied($1, $2, $3)", "mark_applied",
	"taken as applied, without running it", SLIPWAY_OPTION_MARK_APPLIED, true},
	{"SELECT slipway.settle_unit($1, $4::boolean, $2, $3)", "settle",
	"settled: its next run knows what became of the open statement", SLIPWAY_OPTION_SETTLE, false},
};

#define REPAIR_COUNT (sizeof(repairs) / sizeof(repairs[0]))

/* What was asked for. */
typedef struct Order
{
	const Repair *repair;
	const char *project;
	const char *reason;
	char	   *migration;
	const char *done;			/* of a statement to settle: "true" or "false" */
	bool		dry_run;
} Order;

static const Repair *
choose_repair(const SlipwayArguments *arguments)
{
	const Repair *chosen = NULL;

	for (size_t i = 0; i < REPAIR_COUNT; i++)
	{
		if (slipway_option_text(arguments, repairs[i].option) == NULL)
			continue;
		if (chosen != NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, "Repair one thing at a time.",
						"options \"--%s\" and \"--%s\" do not go together",
						slipway_option_table[chosen->option].name,
						slipway_option_table[repairs[i].option].name);
		chosen = &repairs[i];
	}
	if (chosen == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Give --accept-checksum, --forget-failed, --mark-applied or --settle.",
					"nothing to repair was given");
	return chosen;
}

/* NAME=done or NAME=undone taken apart. */
static void
parse_settle(Order *order, const char *text)
{
	const char *equals = strrchr(text, '=');

	if (equals == NULL || equals == text ||
		(strcmp(equals, "=done") != 0 && strcmp(equals, "=undone") != 0))
		slipway_die(SLIPWAY_EXIT_USAGE, "It is NAME=done or NAME=undone.",
					"invalid value \"%s\" of option \"--settle\"", text);
	order->migration = slipway_memory_copy_bytes(text, (size_t) (equals - text));
	order->done = strcmp(equals, "=done") == 0 ? "true" : "false";
}

static Order
read_order(const SlipwayArguments *arguments)
{
	Order		order = {
		.repair = choose_repair(arguments),
		.project = slipway_release_project(arguments),
		.reason = slipway_option_text(arguments, SLIPWAY_OPTION_REASON),
		.dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN),
	};
	const char *value = slipway_option_text(arguments, order.repair->option);

	if (order.reason == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Say why with --reason TEXT; it is kept in the history.",
					"a repair needs a reason");
	if (order.repair->option == SLIPWAY_OPTION_SETTLE)
		parse_settle(&order, value);
	else
		order.migration = slipway_memory_copy(value);
	return order;
}

static void
say_repair(const Order *order)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:s}",
									  "event", order->dry_run ? "would repair" : "repair",
									  "project", slipway_output_json_text(order->project),
									  "migration", slipway_output_json_text(order->migration),
									  "action", order->repair->action));
	else
		slipway_output_say("%s %s %s", order->migration, order->dry_run ? "would be" : "is",
						   order->repair->effect);
}

static void
bring_folder(PGconn *conn, const SlipwayManifest *manifest, const char *project)
{
	SlipwayUpload upload = slipway_upload_run(conn, manifest, project);

	free(upload.head);
}

/* manifest: of the folder, which the server is to have before; or NULL. What a dry run does is taken back. */
static void
ask_server(PGconn *conn, const Order *order, const SlipwayManifest *manifest)
{
	const char *const values[] = {order->migration, order->reason, order->project, order->done};

	if (order->dry_run)
		PQclear(slipway_server_query(conn, "BEGIN", 0, NULL));
	if (manifest != NULL)
		bring_folder(conn, manifest, order->project);
	else
		(void) slipway_server_greet(conn, NULL, 0, NULL);
	if (manifest != NULL && !order->dry_run)
		PQclear(slipway_server_query(conn, "BEGIN", 0, NULL));
	PQclear(slipway_server_query(conn, order->repair->sql, order->done != NULL ? 4 : 3, values));
	if (manifest != NULL)
		slipway_decision_check(conn, manifest, order->project, order->migration);
	if (manifest != NULL || order->dry_run)
		PQclear(slipway_server_query(conn, order->dry_run ? "ROLLBACK" : "COMMIT", 0, NULL));
}

SlipwayExitCode
slipway_cmd_repair(const SlipwayArguments *arguments)
{
	Order		order = read_order(arguments);
	SlipwayManifest *manifest = NULL;

	if (order.repair->needs_script)
	{
		manifest = slipway_release_load(arguments, NULL, NULL);
		slipway_folder_require(manifest->folder, order.migration);
	}
	ask_server(slipway_connection_open(arguments), &order, manifest);
	if (manifest != NULL)
		slipway_release_free(manifest);
	say_repair(&order);
	free(order.migration);
	return SLIPWAY_EXIT_DONE;
}
