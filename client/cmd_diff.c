/*
 * cmd_diff.c
 *	  slipway diff
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "die.h"
#include "difference.h"
#include "html.h"
#include "html_diff.h"
#include "ignore_list.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "server.h"
#include "whole_file.h"

typedef struct Comparison
{
	PGconn	   *conn;
	const char *project;
	char	   *ignore;			/* a text[]; NULL: as the server is set */
	char	   *other;			/* "the last run (run 7, 2026-11-21 08:20:32 UTC)" */
	SlipwayDifferenceList list;
} Comparison;

/* Each of these says what is to be done: at most one of them. Returns it, or SLIPWAY_OPTION_COUNT. */
static SlipwayOptionId
choose_task(const SlipwayArguments *arguments)
{
	static const SlipwayOptionId ids[] = {
		SLIPWAY_OPTION_AGAINST, SLIPWAY_OPTION_WITH, SLIPWAY_OPTION_SAVE, SLIPWAY_OPTION_ACCEPT
	};
	SlipwayOptionId task = SLIPWAY_OPTION_COUNT;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
	{
		if (slipway_option_text(arguments, ids[i]) == NULL)
			continue;
		if (task != SLIPWAY_OPTION_COUNT)
			slipway_die(SLIPWAY_EXIT_USAGE, "Give one of them.",
						"options \"--%s\" and \"--%s\" exclude each other",
						slipway_option_table[task].name, slipway_option_table[ids[i]].name);
		task = ids[i];
	}
	return task;
}

/* Stores the schema as it is under a name (NULL: as what the last run has left). */
static void
save(const Comparison *comparison, const char *name)
{
	static const char sql[] =
		"SELECT pg_catalog.encode(slipway.save_snapshot($1, $2, $3::text[]), 'hex')";
	const char *const values[] = {name, comparison->project, comparison->ignore};
	PGresult   *result = slipway_server_query(comparison->conn, sql, 3, values);

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:s}", "event", "saved",
									  "snapshot", slipway_output_json_text(name),
									  "fingerprint", PQgetvalue(result, 0, 0)));
	else if (name != NULL)
		slipway_output_say("project %s: snapshot %s saved", comparison->project, name);
	else
		slipway_output_say("project %s: the schema as it is counts as what the last run has left",
						   comparison->project);
	PQclear(result);
}

/* "the last run (run 7, 2026-11-21 08:20:32 UTC)" or "snapshot NAME (...)" */
static char *
name_snapshot(const Comparison *comparison, const char *name)
{
	static const char sql[] =
		"SELECT pg_catalog.concat_ws(', ', CASE WHEN name IS NULL THEN 'run ' || run::pg_catalog.text END,"
		" " SLIPWAY_SERVER_UTC("taken_at") " || ' UTC')"
		" FROM slipway.saved_snapshot WHERE project = $1 AND name IS NOT DISTINCT FROM $2";
	const char *const values[] = {comparison->project, name};
	PGresult   *result = slipway_server_query(comparison->conn, sql, 2, values);
	const char *when = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "gone meanwhile";
	char	   *text = slipway_memory_format("%s%s (%s)", name != NULL ? "snapshot " : "the last run",
											 name != NULL ? name : "", when);

	PQclear(result);
	return text;
}

static void
compare_snapshot(Comparison *comparison, const char *name)
{
	static const char sql[] =
		"SELECT kind, identity, before, after FROM slipway.diff($1, $2, $3::text[])";
	const char *const values[] = {comparison->project, name, comparison->ignore};
	PGresult   *result = slipway_server_query(comparison->conn, sql, 3, values);

	for (int row = 0; row < PQntuples(result); row++)
		slipway_difference_add(&comparison->list, PQgetvalue(result, row, 0), PQgetvalue(result, row, 1),
							   slipway_server_text(result, row, 2), slipway_server_text(result, row, 3));
	PQclear(result);
	comparison->other = name_snapshot(comparison, name);
}

/* Both sides are to leave out the same: what this one's server is set to, unless told. */
static void
fill_in_ignore(Comparison *comparison)
{
	PGresult   *result;

	if (comparison->ignore != NULL)
		return;
	result = slipway_server_query(comparison->conn, "SELECT pg_catalog.current_setting('slipway.ignore')", 0, NULL);
	comparison->ignore = slipway_ignore_list_split(PQgetvalue(result, 0, 0));
	PQclear(result);
}

static PGconn *
open_other(const SlipwayArguments *arguments, const Comparison *comparison)
{
	static const char sql[] = "SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_slipway'";
	PGconn	   *conn = slipway_connection_open_other(arguments, SLIPWAY_OPTION_WITH);
	int			here = PQserverVersion(comparison->conn) / 10000;
	int			there = PQserverVersion(conn) / 10000;
	PGresult   *result;

	if (here != there)
		slipway_die(SLIPWAY_EXIT_ERROR, "Another major version writes the same objects otherwise.",
					"database \"%s\" is on PostgreSQL %d, database \"%s\" on %d: they cannot be compared",
					PQdb(comparison->conn), here, PQdb(conn), there);
	result = slipway_server_query(conn, sql, 0, NULL);
	if (PQntuples(result) == 0)
		slipway_die(SLIPWAY_EXIT_VERSION,
					"Run \"slipway init\" there, as a superuser: it is the extension that reads the schema.",
					"the other database, \"%s\", has no pg_slipway extension", PQdb(conn));
	PQclear(result);
	(void) slipway_server_greet(conn, NULL, 0, NULL);
	return conn;
}

static PGresult *
read_schema(PGconn *conn, const Comparison *comparison)
{
	static const char sql[] =
		"SELECT kind, identity, definition, hash FROM slipway.snapshot($1, $2::text[])";
	const char *const values[] = {comparison->project, comparison->ignore};

	return slipway_server_query(conn, sql, 2, values);
}

static void
compare_database(Comparison *comparison, const SlipwayArguments *arguments)
{
	PGconn	   *other;
	PGresult   *here;
	PGresult   *there;

	fill_in_ignore(comparison);
	other = open_other(arguments, comparison);
	there = read_schema(other, comparison);
	here = read_schema(comparison->conn, comparison);
	slipway_difference_compare(&comparison->list, there, here);
	comparison->other = slipway_memory_format("database %s on %s", PQdb(other), PQhost(other));
	PQclear(here);
	PQclear(there);
}

static void
write_page(const Comparison *comparison, const char *path)
{
	SlipwayBuffer page = {0};
	char	   *counts = slipway_difference_counts(&comparison->list);

	slipway_html_begin(&page, "Schema difference");
	slipway_html_add(&page, "<h1>Schema difference</h1>\n<dl class=\"facts\">"
					 "<div><dt>project<dd>%s</div><div><dt>database<dd>%s</div>"
					 "<div><dt>compared with<dd>%s</div><div><dt>different<dd>%s</div></dl>\n",
					 comparison->project, PQdb(comparison->conn), comparison->other, counts);
	slipway_buffer_add(&page, "<section id=\"difference\">\n<h2>Objects</h2>\n");
	if (comparison->list.count == 0)
		slipway_buffer_add(&page, "<p class=\"hint\">Nothing differs.</p>\n");
	slipway_html_diff_add(&page, &comparison->list);
	slipway_buffer_add(&page, "</section>\n");
	slipway_html_end(&page);
	slipway_whole_file_write(path, page.data, page.length);
	free(counts);
	free(page.data);
}

static void
print(const Comparison *comparison)
{
	const SlipwayDifferenceList *list = &comparison->list;

	if (!slipway_output_is_json())
	{
		slipway_difference_print(stdout, list, true);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		slipway_output_json(slipway_difference_json(&list->items[i]));
	slipway_output_json(json_pack("{s:s, s:o, s:I, s:I, s:I}", "event", "compared",
								  "with", slipway_output_json_text(comparison->other),
								  "added", (json_int_t) list->added,
								  "dropped", (json_int_t) list->dropped,
								  "changed", (json_int_t) list->changed));
}

static void
say_summary(const Comparison *comparison)
{
	size_t		count = comparison->list.count;
	char	   *counts = slipway_difference_counts(&comparison->list);

	if (count == 0)
		slipway_output_say("project %s: nothing differs from %s", comparison->project, comparison->other);
	else
		slipway_output_say("project %s: %zu %s from %s: %s", comparison->project, count,
						   count == 1 ? "object differs" : "objects differ", comparison->other, counts);
	free(counts);
}

static SlipwayExitCode
compare(Comparison *comparison, const SlipwayArguments *arguments, SlipwayOptionId task)
{
	const char *html = slipway_option_text(arguments, SLIPWAY_OPTION_HTML);
	bool		differs;

	if (task == SLIPWAY_OPTION_WITH)
		compare_database(comparison, arguments);
	else
		compare_snapshot(comparison, slipway_option_text(arguments, SLIPWAY_OPTION_AGAINST));
	print(comparison);
	if (html != NULL)
		write_page(comparison, html);
	say_summary(comparison);
	differs = comparison->list.count > 0;
	slipway_difference_free(&comparison->list);
	free(comparison->other);
	return differs ? SLIPWAY_EXIT_DRIFT : SLIPWAY_EXIT_DONE;
}

SlipwayExitCode
slipway_cmd_diff(const SlipwayArguments *arguments)
{
	SlipwayOptionId task = choose_task(arguments);
	bool		saves = task == SLIPWAY_OPTION_SAVE || task == SLIPWAY_OPTION_ACCEPT;
	const char *html = slipway_option_text(arguments, SLIPWAY_OPTION_HTML);
	Comparison	comparison = {
		.project = slipway_release_project(arguments),
		.ignore = slipway_ignore_list_array(arguments),
	};
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;

	if (html != NULL && saves)
		slipway_die(SLIPWAY_EXIT_USAGE, "Give one of them.", "options \"--%s\" and \"--%s\" exclude each other",
					slipway_option_table[SLIPWAY_OPTION_HTML].name, slipway_option_table[task].name);
	if (html != NULL)
		slipway_whole_file_check(html);
	comparison.conn = slipway_connection_open(arguments);
	(void) slipway_server_greet(comparison.conn, NULL, 0, NULL);
	if (saves)
		save(&comparison, slipway_option_text(arguments, SLIPWAY_OPTION_SAVE));
	else
		code = compare(&comparison, arguments, task);
	free(comparison.ignore);
	return code;
}
