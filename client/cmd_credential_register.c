/*
 * cmd_credential_register.c
 *	  slipway credential register: says which roles projects are to have.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "credential_command.h"
#include "csv_file.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "rows.h"
#include "secret_buffer.h"
#include "server.h"

#define MAX_INPUT (64 * 1024 * 1024)

/* What a column of a file is for us, and what it may be called there. */
static const struct
{
	const char *name;
	const char *other;
}			columns[] = {
	{"project", "project_ref"}, {"role", "database_user"}, {"preset", NULL}, {"previous_role", NULL}, {"connection_limit", NULL},
	{"application", NULL}, {"schemas", NULL}
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static char *
read_file(const char *path, size_t *length)
{
	SlipwaySecretBuffer text = {0};
	int			file = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int			error = file < 0 ? errno : slipway_secret_buffer_read(&text, file, MAX_INPUT);
	char	   *copy;

	if (error != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read \"%s\": %s", path, strerror(error));
	if (text.length > MAX_INPUT)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" is too long", path);
	if (file != STDIN_FILENO)
		(void) close(file);
	copy = slipway_memory_copy_bytes(text.data != NULL ? text.data : "", text.length);
	*length = text.length;
	slipway_secret_buffer_release(&text);
	return copy;
}

static size_t
find_column(const SlipwayCsv *csv, size_t number)
{
	size_t		column = slipway_csv_find_column(csv, columns[number].name);

	return column != SLIPWAY_CSV_NONE || columns[number].other == NULL ? column : slipway_csv_find_column(csv, columns[number].other);
}

/* One project twice is a mistake; which of the lines is meant nobody knows. */
static void
check_refs(const char *path, const SlipwayCsv *csv, size_t column)
{
	json_t	   *seen = json_object();

	for (size_t i = 1; i < csv->count; i++)
	{
		const char *project = slipway_csv_field(&csv->records[i], column);
		const json_t *before = json_object_get(seen, project);

		if (*project == '\0')
			slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: the project is not named", path, csv->records[i].line);
		if (before != NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: project \"%s\" is in line %lld too", path, csv->records[i].line, project,
						(long long) json_integer_value(before));
		(void) json_object_set_new(seen, project, json_integer((json_int_t) csv->records[i].line));
	}
	json_decref(seen);
}

/* The server would name the project, but not the line. */
static void
check_known(PGconn *conn, const char *path, const SlipwayCsv *csv, size_t column, size_t schemas)
{
	PGresult   *result = slipway_server_query(conn, "SELECT project FROM slipway.registered_project", 0, NULL);
	json_t	   *known = json_object();

	for (int row = 0; row < PQntuples(result); row++)
		(void) json_object_set_new(known, PQgetvalue(result, row, 0), json_true());
	for (size_t i = 1; i < csv->count; i++)
	{
		const char *project = slipway_csv_field(&csv->records[i], column);

		if (json_object_get(known, project) == NULL && (schemas == SLIPWAY_CSV_NONE || *slipway_csv_field(&csv->records[i], schemas) == '\0'))
			slipway_die(SLIPWAY_EXIT_USAGE, "With a column \"schemas\" it is made.", "%s:%zu: there is no project \"%s\"", path,
						csv->records[i].line, project);
	}
	json_decref(known);
	PQclear(result);
}

/* A query whose rows are those of the file, as the extension takes none but a query. */
static char *
make_query(PGconn *conn, const char *path)
{
	SlipwayCsv *csv = slipway_csv_file_read(path);
	json_t	   *rows = json_array();
	SlipwayBuffer sql = {0};
	char	   *dump;
	char	   *literal;

	check_refs(path, csv, slipway_csv_file_column(csv, path, columns[0].name, columns[0].other));
	check_known(conn, path, csv, find_column(csv, 0), find_column(csv, COLUMNS - 1));
	slipway_buffer_add(&sql, "SELECT ");
	for (size_t i = 0; i < COLUMNS; i++)
		if (find_column(csv, i) != SLIPWAY_CSV_NONE)
			slipway_buffer_format(&sql, "%sr.value OPERATOR(pg_catalog.->>) '%s' AS %s", i > 0 ? ", " : "", columns[i].name, columns[i].name);
	for (size_t i = 1; i < csv->count; i++)
	{
		json_t	   *row = json_object();

		for (size_t j = 0; j < COLUMNS; j++)
			if (find_column(csv, j) != SLIPWAY_CSV_NONE && *slipway_csv_field(&csv->records[i], find_column(csv, j)) != '\0')
				(void) json_object_set_new(row, columns[j].name, json_string(slipway_csv_field(&csv->records[i], find_column(csv, j))));
		(void) json_array_append_new(rows, row);
	}
	dump = json_dumps(rows, JSON_COMPACT);
	literal = PQescapeLiteral(conn, dump, strlen(dump));
	if (literal == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not quote what \"%s\" has: %s", path, PQerrorMessage(conn));
	slipway_buffer_format(&sql, " FROM pg_catalog.jsonb_array_elements(%s::pg_catalog.jsonb) r", literal);
	PQfreemem(literal);
	free(dump);
	json_decref(rows);
	slipway_csv_free(csv);
	return slipway_buffer_take(&sql);
}

/* JSON, or @FILE; the server says what it thinks of it. */
static json_t *
read_mapping(const SlipwayArguments *arguments)
{
	const char *given = slipway_option_text(arguments, SLIPWAY_OPTION_MAPPING);
	json_error_t error;
	size_t		length;
	char	   *text;
	json_t	   *mapping;

	if (given == NULL)
		return NULL;
	text = *given == '@' ? read_file(given + 1, &length) : slipway_memory_copy(given);
	mapping = json_loads(text, 0, &error);
	if (!json_is_object(mapping))
		slipway_die(SLIPWAY_EXIT_USAGE, "It is one like {\"table\": \"projects\", \"project\": \"project_ref\", \"role\": \"database_user\"}.",
					"--mapping is no JSON object");
	free(text);
	return mapping;
}

static void
add_text(json_t *options, const SlipwayArguments *arguments, const char *name, SlipwayOptionId id)
{
	const char *value = slipway_option_text(arguments, id);

	if (value != NULL)
		(void) json_object_set_new(options, name, slipway_output_json_text(value));
}

static PGresult *
register_many(PGconn *conn, const SlipwayArguments *arguments, json_t *mapping)
{
	const char *given = slipway_option_text(arguments, SLIPWAY_OPTION_QUERY);
	char	   *query = given != NULL ? slipway_memory_copy(given) : make_query(conn, slipway_option_text(arguments, SLIPWAY_OPTION_INPUT));
	json_t	   *options = json_object();
	char	   *text;
	const char *values[2] = {query, NULL};
	PGresult   *result;

	add_text(options, arguments, "prefix", SLIPWAY_OPTION_PREFIX);
	add_text(options, arguments, "preset", SLIPWAY_OPTION_PRESET);
	add_text(options, arguments, "previous_role", SLIPWAY_OPTION_PREVIOUS_ROLE);
	add_text(options, arguments, "application", SLIPWAY_OPTION_APPLICATION);
	if (slipway_option_text(arguments, SLIPWAY_OPTION_CONNECTION_LIMIT) != NULL)
		(void) json_object_set_new(options, "connection_limit",
								   json_integer(slipway_option_integer(arguments, SLIPWAY_OPTION_CONNECTION_LIMIT, 0)));
	if (mapping != NULL)
		(void) json_object_set(options, "mapping", mapping);
	values[1] = text = json_dumps(options, JSON_COMPACT);
	result = slipway_server_query(conn, "SELECT project, role, outcome FROM slipway.register_credentials($1, $2::pg_catalog.jsonb)", 2, values);
	free(text);
	free(query);
	json_decref(options);
	return result;
}

static PGresult *
register_one(PGconn *conn, const SlipwayArguments *arguments, const char *project, const json_t *mapping)
{
	static const char sql[] =
		"SELECT slipway.register_credential($1, $2, coalesce($3, 'read-write'), $4, coalesce($5::pg_catalog.int4, -1), $6, $7::pg_catalog.jsonb)";
	const char *login = slipway_option_text(arguments, SLIPWAY_OPTION_LOGIN);
	const char *prefix = slipway_option_text(arguments, SLIPWAY_OPTION_PREFIX);
	char	   *role = login != NULL ? slipway_memory_copy(login) : prefix != NULL ? slipway_memory_format("%s%s", prefix, project) : NULL;
	char	   *text = mapping != NULL ? json_dumps(mapping, JSON_COMPACT) : NULL;
	const char *const values[] = {
		project, role, slipway_option_text(arguments, SLIPWAY_OPTION_PRESET), slipway_option_text(arguments, SLIPWAY_OPTION_PREVIOUS_ROLE),
		slipway_option_text(arguments, SLIPWAY_OPTION_CONNECTION_LIMIT), slipway_option_text(arguments, SLIPWAY_OPTION_APPLICATION), text
	};
	PGresult   *outcome = slipway_server_query(conn, sql, 7, values);
	const char *const found[] = {project, PQgetvalue(outcome, 0, 0)};
	PGresult   *result = slipway_server_query(conn, "SELECT project, role, $2::pg_catalog.text AS outcome FROM slipway.project_credential"
											  " WHERE project OPERATOR(pg_catalog.=) $1", 2, found);

	PQclear(outcome);
	free(text);
	free(role);
	return result;
}

static void
check_options(const SlipwayArguments *arguments)
{
	bool		query = slipway_option_text(arguments, SLIPWAY_OPTION_QUERY) != NULL;
	bool		input = slipway_option_text(arguments, SLIPWAY_OPTION_INPUT) != NULL;
	size_t		words = arguments->word_count - 1;

	if (query && input)
		slipway_die(SLIPWAY_EXIT_USAGE, "Give one of them.", "options \"--query\" and \"--input\" contradict each other");
	if ((query || input) && words > 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Name projects there or here.", "with --%s no project is named on the command line", query ? "query" : "input");
	if (slipway_option_text(arguments, SLIPWAY_OPTION_LOGIN) != NULL && (query || input || words > 1))
		slipway_die(SLIPWAY_EXIT_USAGE, "Give --prefix, or a column \"role\".", "--login is for one project");
}

SlipwayExitCode
slipway_cmd_credential_register(const SlipwayArguments *arguments)
{
	SlipwayRowsFormat format = slipway_rows_format(arguments);
	json_t	   *mapping = read_mapping(arguments);
	PGconn	   *conn;
	PGresult   *result;

	check_options(arguments);
	if (slipway_option_text(arguments, SLIPWAY_OPTION_QUERY) != NULL || slipway_option_text(arguments, SLIPWAY_OPTION_INPUT) != NULL)
	{
		conn = slipway_credential_connect(arguments);
		result = register_many(conn, arguments, mapping);
		slipway_rows_print(result, format, "credential_registered");
		PQclear(result);
	}
	else
	{
		size_t		count;
		const char **projects = slipway_credential_command_projects(arguments, &count);

		conn = slipway_credential_connect(arguments);
		PQclear(slipway_server_query(conn, "BEGIN", 0, NULL));
		for (size_t i = 0; i < count; i++)
		{
			result = register_one(conn, arguments, projects[i], mapping);
			if (format == SLIPWAY_ROWS_JSON)
				slipway_rows_print(result, format, "credential_registered");
			else
				slipway_output_say("%s: role \"%s\": %s", projects[i], PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2));
			PQclear(result);
		}
		PQclear(slipway_server_query(conn, "COMMIT", 0, NULL));
		free(projects);
	}
	json_decref(mapping);
	return SLIPWAY_EXIT_DONE;
}
