/*
 * limit.c
 *	  The least that a program can do and still be called a migration tool: take a
 *	  lock, read a history, and send what is not in it, each file with its history
 *	  row in a transaction. A bound to compare with, not a tool to use.
 *
 *	  limit MODE CONNECTION-STRING FOLDER
 *
 * MODE perfile: a query message, and so a round trip, for each file
 *		oneshot: a single query message with the text of all files
 *		async:	 the same, with synchronous_commit off but for the last file, whose
 *				 commit makes all earlier ones durable
 */
#include <dirent.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Text
{
	char	   *data;
	size_t		size;
	size_t		capacity;
} Text;

/* The files of a folder, after leave_pending() those that are to be sent. */
typedef struct Work
{
	const char *folder;
	struct dirent **names;
	int			count;
} Work;

static void
die(const char *what)
{
	fprintf(stderr, "limit: %s\n", what);
	exit(1);
}

/* Makes room for size more bytes and a NUL; returns where they go. */
static char *
text_reserve(Text *text, size_t size)
{
	if (text->size + size + 1 > text->capacity)
	{
		text->capacity = (text->size + size + 1) * 2;
		text->data = realloc(text->data, text->capacity);
		if (text->data == NULL)
			die("out of memory");
	}
	return text->data + text->size;
}

static void
text_add(Text *text, const char *string)
{
	size_t		size = strlen(string);

	memcpy(text_reserve(text, size), string, size + 1);
	text->size += size;
}

static void
text_add_file(Text *text, const char *path)
{
	FILE	   *file = fopen(path, "rb");
	size_t		size;

	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	do
	{
		size = fread(text_reserve(text, 65536), 1, 65536, file);
		text->size += size;
	} while (size > 0);
	if (ferror(file))
		die("could not read a file");
	fclose(file);
	text->data[text->size] = '\0';
}

static void
run(PGconn *conn, Text *text)
{
	PGresult   *result = PQexec(conn, text->data);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
		die(PQerrorMessage(conn));
	PQclear(result);
	text->size = 0;
}

static int
is_script(const struct dirent *entry)
{
	size_t		length = strlen(entry->d_name);

	return length > 4 && strcmp(entry->d_name + length - 4, ".sql") == 0;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

/* Both lists are in the order of bytes: leaves the files that have no row. */
static void
leave_pending(Work *work, PGconn *conn)
{
	PGresult   *result = PQexec(conn,
								"SELECT pg_advisory_lock(77);"
								" CREATE TABLE IF NOT EXISTS bench_history"
								" (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());"
								" SELECT name FROM bench_history ORDER BY name COLLATE \"C\"");
	int			row = 0;
	int			pending = 0;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die(PQerrorMessage(conn));
	for (int i = 0; i < work->count; i++)
	{
		const char *name = work->names[i]->d_name;

		while (row < PQntuples(result) && strcmp(PQgetvalue(result, row, 0), name) < 0)
			row++;
		if (row == PQntuples(result) || strcmp(PQgetvalue(result, row, 0), name) != 0)
			work->names[pending++] = work->names[i];
	}
	work->count = pending;
	PQclear(result);
}

static void
text_add_migration(Text *text, const Work *work, int i)
{
	const char *name = work->names[i]->d_name;
	char		line[4096];

	text_add(text, "BEGIN;");
	(void) snprintf(line, sizeof(line), "%s/%s", work->folder, name);
	text_add_file(text, line);
	(void) snprintf(line, sizeof(line),
					"\n;INSERT INTO bench_history (name) VALUES ('%s');COMMIT;", name);
	text_add(text, line);
}

static void
send_pending(const Work *work, PGconn *conn, const char *mode)
{
	bool		async = strcmp(mode, "async") == 0;
	Text		text = {0};

	for (int i = 0; i < work->count; i++)
	{
		if (async && i == 0)
			text_add(&text, "SET synchronous_commit = off;");
		if (async && i == work->count - 1)
			text_add(&text, "RESET synchronous_commit;");
		text_add_migration(&text, work, i);
		if (strcmp(mode, "perfile") == 0)
			run(conn, &text);
	}
	if (text.size > 0)
		run(conn, &text);
	free(text.data);
}

int
main(int argc, char **argv)
{
	Work		work = {0};
	PGconn	   *conn;

	if (argc != 4)
	{
		fprintf(stderr, "usage: limit perfile|oneshot|async CONNECTION-STRING FOLDER\n");
		return 2;
	}
	work.folder = argv[3];
	work.count = scandir(work.folder, &work.names, is_script, alphasort);
	if (work.count < 0)
	{
		perror(work.folder);
		return 1;
	}
	conn = PQconnectdb(argv[2]);
	if (PQstatus(conn) != CONNECTION_OK)
		die(PQerrorMessage(conn));
	(void) PQsetNoticeReceiver(conn, ignore_notice, NULL);
	leave_pending(&work, conn);
	send_pending(&work, conn, argv[1]);
	PQfinish(conn);
	return 0;
}
