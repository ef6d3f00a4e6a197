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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
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

/* Where the history has come to; the other strings are those of a result. */
typedef struct Head
{
	PGresult   *result;
	const char *system;
	char	   *database;		/* as anchors have them */
	char	   *project;
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

/*
 * A name as JSON can have it: where it is not UTF-8, which a database's need not be, its bytes are written as
 * \xE9. So it is found again, and is no other one. The caller frees it.
 */
static char *
copy_name(const char *name)
{
	json_t	   *whole = json_string(name);
	SlipwayBuffer text = {0};

	for (const char *p = name; *p != '\0'; p++)
		if (whole != NULL || (unsigned char) *p < 0x80)
			slipway_buffer_add_char(&text, *p);
		else
		{
			char		escape[sizeof("\\xFF")];

			(void) snprintf(escape, sizeof(escape), "\\x%02X", (unsigned char) *p);
			slipway_buffer_add(&text, escape);
		}
	json_decref(whole);
	return slipway_buffer_take(&text);
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
		.database = copy_name(PQgetvalue(result, 0, 1)),
		.project = copy_name(project),
		.entry = (json_int_t) slipway_server_number(result, 0, 2, 0),
		.hash = PQgetvalue(result, 0, 3),
		.at = PQgetvalue(result, 0, 4),
	};
}

static void
free_head(Head *head)
{
	PQclear(head->result);
	free(head->database);
	free(head->project);
}

static bool
has_text(const json_t *anchor, const char *key, const char *text)
{
	return strcmp(json_string_value(json_object_get(anchor, key)), text) == 0;
}

static bool
is_of(const json_t *anchor, const Head *head)
{
	return has_text(anchor, "system", head->system) && has_text(anchor, "database", head->database) &&
		has_text(anchor, "project", head->project);
}

/* The anchors of a project in this database, as a new array: who has put two files together may have two. */
static json_t *
list_anchors(const json_t *file, const Head *head)
{
	const json_t *all = json_object_get(file, "anchors");
	json_t	   *list = json_array();

	for (size_t i = 0; i < json_array_size(all); i++)
		if (is_of(json_array_get(all, i), head))
			(void) json_array_append(list, json_array_get(all, i));
	return list;
}

/* The first of them, or NULL. */
static json_t *
find_anchor(const json_t *file, const Head *head)
{
	json_t	   *list = list_anchors(file, head);
	json_t	   *anchor = json_array_get(list, 0);

	json_decref(list);
	return anchor;
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
	free_head(&head);
	free(number);
	return problem;
}

/* Sets *known: there is an anchor. Where there are several, all must hold. */
static char *
compare(const SlipwayAnchor *anchor, PGconn *conn, const char *project, const Head *head, bool *known)
{
	json_t	   *mine = list_anchors(anchor->file, head);
	char	   *problem = NULL;

	*known = json_array_size(mine) > 0;
	for (size_t i = 0; i < json_array_size(mine) && problem == NULL; i++)
		problem = find_difference(json_array_get(mine, i), conn, project, anchor->path);
	json_decref(mine);
	return problem != NULL ? problem : find_broken(conn, project);
}

/* The same before a run, or without one. */
static char *
compare_now(const SlipwayAnchor *anchor, PGconn *conn, const char *project, bool *known)
{
	Head		head = read_head(conn, project, NULL);
	char	   *problem = compare(anchor, conn, project, &head, known);

	free_head(&head);
	return problem;
}

#define HINT "Somebody has changed it or cut off its end, or an older backup was restored. If that was meant so, take its" \
	" anchor out of the file."

char *
slipway_anchor_problem(SlipwayAnchor *anchor, PGconn *conn, const char *project, const char **hint)
{
	bool		known;
	char	   *problem = compare_now(anchor, conn, project, &known);

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
	problem = compare_now(anchor, conn, project, &known);
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
put_anchor(json_t *file, const Head *head)
{
	json_t	   *anchor = find_anchor(file, head);

	if (anchor == NULL)
	{
		anchor = json_object();
		(void) json_array_append_new(json_object_get(file, "anchors"), anchor);
	}
	(void) json_object_set_new(anchor, "system", json_string(head->system));
	(void) json_object_set_new(anchor, "database", json_string(head->database));
	(void) json_object_set_new(anchor, "project", json_string(head->project));
	(void) json_object_set_new(anchor, "entry", json_integer(head->entry));
	(void) json_object_set_new(anchor, "head", json_string(head->hash));
	(void) json_object_set_new(anchor, "at", json_string(head->at));
}

/* Is that what the file has? */
static bool
is_anchored(const json_t *file, const Head *head)
{
	const json_t *anchor = find_anchor(file, head);

	if (anchor == NULL)
		return head->entry == 0;
	return json_integer_value(json_object_get(anchor, "entry")) == head->entry && has_text(anchor, "head", head->hash);
}

/* Is there anything to write? What a later run has written stays. */
static bool
is_news(const json_t *file, const Head *head)
{
	const json_t *anchor = find_anchor(file, head);

	return head->entry > 0 &&
		(anchor == NULL || json_integer_value(json_object_get(anchor, "entry")) < head->entry);
}

/* Have two files the same anchors of a project? */
static bool
agree(const json_t *file, const json_t *other, const Head *head)
{
	json_t	   *mine = list_anchors(file, head);
	json_t	   *others = list_anchors(other, head);
	bool		equal = json_equal(mine, others) != 0;

	json_decref(mine);
	json_decref(others);
	return equal;
}

static void
write_file(const char *path, const json_t *content, const Head *head, const char *project)
{
	char	   *text = json_dumps(content, JSON_INDENT(1));

	slipway_whole_file_write(path, text, strlen(text));
	free(text);
	slipway_output_detail("anchor: entry %" JSON_INTEGER_FORMAT " of project %s", head->entry, project);
}

/*
 * Writes the head, which was compared with the anchors that were read last. false: somebody has put others there
 * meanwhile, which it is to be compared with first.
 */
static bool
try_write(SlipwayAnchor *anchor, const Head *head, const char *project)
{
	int			file = lock_file(anchor->path);
	json_t	   *content = read_file(anchor->path, file);
	bool		same = agree(content, anchor->file, head);

	if (same && is_news(content, head))
	{
		put_anchor(content, head);
		write_file(anchor->path, content, head, project);
	}
	json_decref(anchor->file);
	anchor->file = content;
	(void) close(file);
	return same;
}

/*
 * The head was read before: whoever changes the history after the comparison, for good or ill, cannot have it
 * taken for what was compared.
 */
static void
require_again(const SlipwayAnchor *anchor, PGconn *conn, const char *project, const Head *head, SlipwayExitCode code)
{
	bool		known;
	char	   *problem = compare(anchor, conn, project, head, &known);

	if (problem != NULL)
		slipway_die(code == SLIPWAY_EXIT_DONE ? SLIPWAY_EXIT_INVALID : code, HINT,
					"%s; that came about while this ran, and the file was left as it is", problem);
}

void
slipway_anchor_update(SlipwayAnchor *anchor, PGconn *conn, const char *project, SlipwayExitCode code)
{
	Head		head;

	if (anchor == NULL || PQstatus(conn) != CONNECTION_OK)
	{
		slipway_anchor_free(anchor);
		return;
	}
	head = read_head(conn, project, NULL);
	if (!is_anchored(anchor->file, &head))
		do
			require_again(anchor, conn, project, &head, code);
		while (!try_write(anchor, &head, project));
	free_head(&head);
	slipway_anchor_free(anchor);
}
