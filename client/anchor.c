/*
 * anchor.c
 *	  The head of the history, kept outside of the database.
 *
 * That the history begins as it did is seen from one entry, if the chain that leads to it holds: each
 * entry has the hash of the one before. So the whole chain is verified, too.
 */
#include "anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"
#include "whole_file.h"

#define FORMAT "slipway-anchors"

struct SlipwayAnchor
{
	const char *path;
	json_t	   *file;			/* all of it */
};

/* Where the history has come to; the strings are those of a result. */
typedef struct Head
{
	PGresult   *result;
	const char *system;
	const char *database;
	json_int_t	entry;			/* 0: there is none */
	const char *hash;
	const char *at;
} Head;

static json_t *
new_file(void)
{
	return json_pack("{s:i, s:[]}", FORMAT, 1, "anchors");
}

static bool
is_anchor(const json_t *anchor)
{
	static const char *const texts[] = {"system", "database", "project", "head"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!json_is_string(json_object_get(anchor, texts[i])))
			return false;
	return json_integer_value(json_object_get(anchor, "entry")) > 0;
}

/* Is it one of this version? */
static bool
is_good(const json_t *file)
{
	const json_t *anchors = json_object_get(file, "anchors");

	if (json_integer_value(json_object_get(file, FORMAT)) != 1 || !json_is_array(anchors))
		return false;
	for (size_t i = 0; i < json_array_size(anchors); i++)
		if (!is_anchor(json_array_get(anchors, i)))
			return false;
	return true;
}

/* Reads an open file to its end; an empty one has no anchors. */
static json_t *
read_file(const char *path, int file)
{
	struct stat status;
	json_error_t error;
	json_t	   *content;

	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0)
		return new_file();
	content = json_loadfd(file, JSON_REJECT_DUPLICATES, &error);
	if (content == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read anchors from \"%s\": %s", path, error.text);
	if (!is_good(content))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" is no file of anchors of this version", path);
	return content;
}

/* Could it be written at the end? By then the run is done. What a link leads to need not be there yet. */
static void
check_writable(const char *path)
{
	char		target[PATH_MAX];
	ssize_t		length = readlink(path, target, sizeof(target) - 1);
	char	   *folder;
	char	   *next;

	if (length < 0 || access(path, F_OK) == 0 || errno != ENOENT)
	{
		slipway_whole_file_check(path);
		return;
	}
	target[length] = '\0';
	folder = slipway_whole_file_folder(path);
	next = target[0] == '/' ? slipway_memory_copy(target) : slipway_memory_format("%s/%s", folder, target);
	check_writable(next);
	free(next);
	free(folder);
}

static int
open_file(const char *path, bool to_write)
{
	int			file = open(path, (to_write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	struct stat status;

	if (file < 0 && errno != ENOENT)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not %s \"%s\": %s", to_write ? "write" : "read", path, strerror(errno));
	/* A pipe would be read and written by ourselves alone, for ever. */
	if (file >= 0 && to_write && fstat(file, &status) == 0 && !S_ISREG(status.st_mode))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not write \"%s\": it is no regular file", path);
	return file;
}

SlipwayAnchor *
slipway_anchor_read(const SlipwayArguments *arguments, bool to_write)
{
	const char *path = slipway_option_text(arguments, SLIPWAY_OPTION_ANCHOR);
	SlipwayAnchor *anchor;
	int			file;

	if (path == NULL)
		return NULL;
	if (to_write)
		check_writable(path);
	anchor = slipway_memory_new(sizeof(SlipwayAnchor));
	anchor->path = path;
	file = open_file(path, to_write);
	anchor->file = file < 0 ? new_file() : read_file(path, file);
	if (file >= 0)
		(void) close(file);
	return anchor;
}

void
slipway_anchor_free(SlipwayAnchor *anchor)
{
	if (anchor == NULL)
		return;
	json_decref(anchor->file);
	free(anchor);
}

/* entry: of which the hash is wanted; NULL: the newest. */
static Head
read_head(PGconn *conn, const char *project, const char *entry)
{
	static const char sql[] =
		"SELECT c.system_identifier, pg_catalog.current_database(), l.entry, pg_catalog.encode(l.entry_hash, 'hex'),"
		" " SLIPWAY_SERVER_UTC_ISO("l.finished_at")
		" FROM pg_catalog.pg_control_system() c"
		" LEFT JOIN (SELECT entry, entry_hash, finished_at FROM slipway.log"
		"  WHERE project = $1 AND ($2::bigint IS NULL OR entry = $2) ORDER BY entry DESC LIMIT 1) l ON true";
	const char *const values[] = {project, entry};
	PGresult   *result = slipway_server_query(conn, sql, 2, values);

	return (Head) {
		.result = result,
		.system = PQgetvalue(result, 0, 0),
		.database = PQgetvalue(result, 0, 1),
		.entry = (json_int_t) slipway_server_number(result, 0, 2, 0),
		.hash = PQgetvalue(result, 0, 3),
		.at = PQgetvalue(result, 0, 4),
	};
}

static bool
has_text(const json_t *anchor, const char *key, const char *text)
{
	return strcmp(json_string_value(json_object_get(anchor, key)), text) == 0;
}

static bool
is_of(const json_t *anchor, const Head *head, const char *project)
{
	return has_text(anchor, "system", head->system) && has_text(anchor, "database", head->database) &&
		has_text(anchor, "project", project);
}

/* The anchor of a project, or NULL. */
static json_t *
find_anchor(const json_t *file, const Head *head, const char *project)
{
	const json_t *anchors = json_object_get(file, "anchors");

	for (size_t i = 0; i < json_array_size(anchors); i++)
		if (is_of(json_array_get(anchors, i), head, project))
			return json_array_get(anchors, i);
	return NULL;
}

/* The first thing that is wrong with the chain itself, or NULL. */
static char *
find_broken(PGconn *conn, const char *project)
{
	static const char sql[] = "SELECT entry, problem FROM slipway.verify_history($1) ORDER BY entry LIMIT 1";
	const char *const values[] = {project};
	PGresult   *result = slipway_server_query(conn, sql, 1, values);
	char	   *problem = NULL;

	if (PQntuples(result) > 0)
		problem = slipway_memory_format("history entry %s: %s", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	PQclear(result);
	return problem;
}

/* Compares the history with its anchor. */
static char *
find_difference(const json_t *anchor, PGconn *conn, const char *project, const char *path)
{
	json_int_t	entry = json_integer_value(json_object_get(anchor, "entry"));
	const char *hash = json_string_value(json_object_get(anchor, "head"));
	char	   *number = slipway_memory_format("%" JSON_INTEGER_FORMAT, entry);
	Head		head = read_head(conn, project, number);
	char	   *problem = NULL;

	if (head.entry == 0)
		problem = slipway_memory_format("the history of project %s lacks entry %s, which \"%s\" has", project, number,
										path);
	else if (strcmp(head.hash, hash) != 0)
		problem = slipway_memory_format("entry %s of the history of project %s is not the one that \"%s\" has", number,
										project, path);
	PQclear(head.result);
	free(number);
	return problem;
}

/* Sets *known: there is an anchor. Who has put two files together may have two, which must both hold. */
static char *
compare(SlipwayAnchor *anchor, PGconn *conn, const char *project, bool *known)
{
	Head		head = read_head(conn, project, NULL);
	const json_t *anchors = json_object_get(anchor->file, "anchors");
	char	   *problem = NULL;

	*known = false;
	for (size_t i = 0; i < json_array_size(anchors) && problem == NULL; i++)
	{
		const json_t *mine = json_array_get(anchors, i);

		if (!is_of(mine, &head, project))
			continue;
		*known = true;
		problem = find_difference(mine, conn, project, anchor->path);
	}
	PQclear(head.result);
	return problem != NULL ? problem : find_broken(conn, project);
}

#define HINT "Somebody has changed it or cut off its end, or an older backup was restored. If that was meant so, take its" \
	" anchor out of the file."

char *
slipway_anchor_problem(SlipwayAnchor *anchor, PGconn *conn, const char *project, const char **hint)
{
	bool		known;
	char	   *problem = compare(anchor, conn, project, &known);

	*hint = HINT;
	if (problem == NULL && !known)
	{
		problem = slipway_memory_format("\"%s\" has no anchor of project %s in this database", anchor->path, project);
		*hint = "\"slipway migrate --anchor\" writes it.";
	}
	return problem;
}

void
slipway_anchor_require(SlipwayAnchor *anchor, PGconn *conn, const char *project)
{
	bool		known;
	char	   *problem;

	if (anchor == NULL)
		return;
	problem = compare(anchor, conn, project, &known);
	if (problem != NULL)
		slipway_die(SLIPWAY_EXIT_INVALID, HINT, "%s; nothing was run", problem);
	if (!known && json_array_size(json_object_get(anchor->file, "anchors")) > 0)
		slipway_output_warn("Its history is taken as it is.", "\"%s\" has no anchor of project %s in this database",
							anchor->path, project);
}

/* Opens the file for this process alone; who has waited may hold one that was replaced meanwhile. */
static int
lock_file(const char *path)
{
	for (;;)
	{
		int			file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		struct stat held;
		struct stat there;

		if (file < 0 || flock(file, LOCK_EX) != 0 || fstat(file, &held) != 0)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", path, strerror(errno));
		if (!S_ISREG(held.st_mode) ||
			(stat(path, &there) == 0 && there.st_dev == held.st_dev && there.st_ino == held.st_ino))
			return file;
		(void) close(file);
	}
}

static void
put_anchor(json_t *file, const Head *head, const char *project)
{
	json_t	   *anchor = find_anchor(file, head, project);

	if (anchor == NULL)
	{
		anchor = json_object();
		(void) json_array_append_new(json_object_get(file, "anchors"), anchor);
	}
	(void) json_object_set_new(anchor, "system", json_string(head->system));
	(void) json_object_set_new(anchor, "database", slipway_output_json_text(head->database));
	(void) json_object_set_new(anchor, "project", slipway_output_json_text(project));
	(void) json_object_set_new(anchor, "entry", json_integer(head->entry));
	(void) json_object_set_new(anchor, "head", json_string(head->hash));
	(void) json_object_set_new(anchor, "at", json_string(head->at));
}

/* Is there anything to write? What a later run has written stays. */
static bool
is_news(const json_t *file, const Head *head, const char *project)
{
	const json_t *anchor = find_anchor(file, head, project);

	return head->entry > 0 &&
		(anchor == NULL || json_integer_value(json_object_get(anchor, "entry")) < head->entry);
}

void
slipway_anchor_update(SlipwayAnchor *anchor, PGconn *conn, const char *project)
{
	Head		head;
	json_t	   *content;
	int			file;

	if (anchor == NULL || PQstatus(conn) != CONNECTION_OK)
	{
		slipway_anchor_free(anchor);
		return;
	}
	head = read_head(conn, project, NULL);
	if (is_news(anchor->file, &head, project))
	{
		file = lock_file(anchor->path);
		content = read_file(anchor->path, file);
		if (is_news(content, &head, project))
		{
			char	   *text;

			put_anchor(content, &head, project);
			text = json_dumps(content, JSON_INDENT(1));
			slipway_whole_file_write(anchor->path, text, strlen(text));
			free(text);
			slipway_output_detail("anchor: entry %" JSON_INTEGER_FORMAT " of project %s", head.entry, project);
		}
		json_decref(content);
		(void) close(file);
	}
	PQclear(head.result);
	slipway_anchor_free(anchor);
}
