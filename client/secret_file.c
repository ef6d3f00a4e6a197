/*
 * secret_file.c
 *	  Secrets in a file of lines NAME=VALUE, as a .env is, which nobody else may read.
 *
 * A value is bare up to the end of its line; or in single quotes, where everything is as it stands; or in double
 * quotes, where \n, \r, \t, \", \\ and \$ are known. Quoted ones may have several lines. Of a name that is there twice
 * the last counts. A change writes the file anew beside it, and keeps everything but the line it is about.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "secret_store.h"

#define MAX_FILE (4 * 1024 * 1024)

typedef struct State
{
	char	   *path;
	const char *prefix;
} State;

/* NAME=VALUE somewhere in the file. */
typedef struct Assignment
{
	size_t		start;			/* with what stands before the name on its line */
	size_t		end;			/* behind its line feed */
	const char *name;
	size_t		name_length;
	SlipwaySecretBuffer value;
} Assignment;

typedef struct Content
{
	SlipwaySecretBuffer text;
	Assignment *assignments;
	size_t		count;
	struct stat status;
} Content;

static SlipwaySecretFault *
make_fault(const State *file, int error)
{
	return slipway_secret_fault_new(error == ENOENT ? SLIPWAY_SECRET_FAULT_USAGE : SLIPWAY_SECRET_FAULT_FORBIDDEN, NULL,
									"could not read the file of secrets \"%s\": %s", file->path, strerror(error));
}

static SlipwaySecretFault *
open_file(const char *place, const char *prefix, void **state)
{
	State	   *result;

	if (place == NULL || *place == '\0')
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Write --secrets file:PATH.",
										"a file of secrets needs its path");
	result = slipway_memory_new(sizeof(State));
	result->path = slipway_memory_copy(place);
	result->prefix = prefix;
	*state = result;
	return NULL;
}

static void
close_file(void *state)
{
	State	   *file = state;

	free(file->path);
	free(file);
}

static void
release(Content *content)
{
	for (size_t i = 0; i < content->count; i++)
		slipway_secret_buffer_release(&content->assignments[i].value);
	free(content->assignments);
	slipway_secret_buffer_release(&content->text);
}

/* What is between double quotes, with its escapes resolved. */
static void
add_escaped(SlipwaySecretBuffer *value, const char *text, size_t length)
{
	static const char from[] = "nrt\"\\$`";
	static const char to[] = "\n\r\t\"\\$`";

	for (size_t i = 0; i < length; i++)
	{
		const char *known = text[i] == '\\' && i + 1 < length ? strchr(from, text[i + 1]) : NULL;

		if (known != NULL)
			i++;
		slipway_secret_buffer_add_bytes(value, known != NULL && *known != '\0' ? &to[known - from] : &text[i], 1);
	}
}

/* The closing quote, or NULL. */
static const char *
find_quote(const char *text, char quote)
{
	for (; *text != '\0' && *text != quote; text++)
		if (quote == '"' && *text == '\\' && text[1] != '\0')
			text++;
	return *text == quote ? text : NULL;
}

/* Reads the value of an assignment; returns what is behind it on its line, or NULL if that makes no sense. */
static const char *
read_value(Assignment *assignment, const char *text)
{
	char		quote = *text;

	if (quote == '\'' || quote == '"')
	{
		const char *close = find_quote(text + 1, quote);

		if (close == NULL)
			return NULL;
		if (quote == '"')
			add_escaped(&assignment->value, text + 1, (size_t) (close - text - 1));
		else
			slipway_secret_buffer_add_bytes(&assignment->value, text + 1, (size_t) (close - text - 1));
		close += 1 + strspn(close + 1, " \t\r");
		return *close == '\0' || *close == '\n' || *close == '#' ? close : NULL;
	}
	else
	{
		size_t		length = strcspn(text, "\n");
		const char *end = text + length;

		for (size_t i = 1; i < length; i++)
			if (text[i] == '#' && isblank((unsigned char) text[i - 1]))
				length = i;
		if (length > 0 && text[0] == '#')
			length = 0;
		while (length > 0 && isspace((unsigned char) text[length - 1]))
			length--;
		slipway_secret_buffer_add_bytes(&assignment->value, text, length);
		return end;
	}
}

/* Reads what begins at a place; returns the next one, or NULL if it is no assignment, comment or empty line. */
static const char *
read_line(Content *content, const char *line)
{
	const char *text = line + strspn(line, " \t\r");
	const char *name;
	Assignment	assignment = {.start = (size_t) (line - content->text.data)};

	if (*text == '#' || *text == '\n' || *text == '\0')
		return text + strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	if (strncmp(text, "export", 6) == 0 && isblank((unsigned char) text[6]))
		text += 6 + strspn(text + 6, " \t");
	name = text;
	while (isalnum((unsigned char) *text) || (*text != '\0' && strchr("_.-/:", *text) != NULL))
		text++;
	assignment.name = name;
	assignment.name_length = (size_t) (text - name);
	text += strspn(text, " \t");
	if (assignment.name_length == 0 || *text != '=')
		return NULL;
	text = read_value(&assignment, text + 1 + strspn(text + 1, " \t"));
	if (text != NULL)
		text += strcspn(text, "\n");
	if (text != NULL && *text == '\n')
		text++;
	if (text == NULL)
	{
		slipway_secret_buffer_release(&assignment.value);
		return NULL;
	}
	assignment.end = (size_t) (text - content->text.data);
	content->assignments = slipway_memory_resize(content->assignments, content->count + 1, sizeof(Assignment));
	content->assignments[content->count++] = assignment;
	return text;
}

static SlipwaySecretFault *
parse(const State *file, Content *content)
{
	const char *line = content->text.data;
	size_t		number = 1;

	if (strlen(line) != content->text.length)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, NULL, "the file of secrets \"%s\" is not text",
										file->path);
	if (strncmp(line, "\xEF\xBB\xBF", 3) == 0)
		line += 3;
	while (*line != '\0')
	{
		const char *next = read_line(content, line);

		if (next == NULL)
			return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "A line is NAME=VALUE, NAME='VALUE' or NAME=\"VALUE\".",
											"%s:%zu: malformed line in a file of secrets", file->path, number);
		for (; line < next; line++)
			number += *line == '\n';
	}
	return NULL;
}

/* It has to be a file of the user's own that nobody else can read. */
static SlipwaySecretFault *
check_rights(const State *file, const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_FORBIDDEN, NULL,
										"\"%s\" is not a regular file: secrets are not read from it", file->path);
	if (status->st_uid != geteuid())
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_FORBIDDEN, "It has to belong to the user who runs this.",
										"the file of secrets \"%s\" belongs to another user", file->path);
	if ((status->st_mode & 077) != 0)
	{
		char	   *hint = slipway_memory_format("chmod 600 %s", file->path);
		SlipwaySecretFault *fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_FORBIDDEN, hint,
															 "the file of secrets \"%s\" can be read by others: its mode is %04o",
															 file->path, (unsigned int) status->st_mode & 07777);

		free(hint);
		return fault;
	}
	return NULL;
}

/* What is open is what is looked at: the name may lead elsewhere a moment later. */
static SlipwaySecretFault *
load(const State *file, int descriptor, Content *content)
{
	SlipwaySecretFault *fault;
	int			error;

	if (fstat(descriptor, &content->status) != 0)
		return make_fault(file, errno);
	fault = check_rights(file, &content->status);
	if (fault != NULL)
		return fault;
	error = slipway_secret_buffer_read(&content->text, descriptor, MAX_FILE);
	if (error != 0)
		return make_fault(file, error);
	if (content->text.length > MAX_FILE)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, NULL, "the file of secrets \"%s\" is too long",
										file->path);
	return parse(file, content);
}

static SlipwaySecretFault *
load_by_name(const State *file, Content *content)
{
	/* what is no file, as a pipe, must not be waited for */
	int			descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	SlipwaySecretFault *fault;

	*content = (Content) {0};
	if (descriptor < 0)
		return make_fault(file, errno);
	fault = load(file, descriptor, content);
	(void) close(descriptor);
	if (fault != NULL)
		release(content);
	return fault;
}

/* The last of that name, or NULL. */
static Assignment *
find(const State *file, const Content *content, const char *name)
{
	size_t		prefix = strlen(file->prefix);

	for (size_t i = content->count; i > 0; i--)
	{
		Assignment *assignment = &content->assignments[i - 1];

		if (assignment->name_length == prefix + strlen(name) && strncmp(assignment->name, file->prefix, prefix) == 0 &&
			strncmp(assignment->name + prefix, name, strlen(name)) == 0)
			return assignment;
	}
	return NULL;
}

static SlipwaySecretFault *
fetch(void *state, SlipwaySecretLookup *lookups, size_t count)
{
	const State *file = state;
	Content		content;
	SlipwaySecretFault *fault = load_by_name(file, &content);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < count; i++)
	{
		const Assignment *assignment = find(file, &content, lookups[i].name);

		lookups[i].state = assignment != NULL ? SLIPWAY_SECRET_FOUND : SLIPWAY_SECRET_MISSING;
		if (assignment != NULL)
			slipway_secret_buffer_add_bytes(&lookups[i].value, assignment->value.data != NULL ? assignment->value.data : "",
											assignment->value.length);
	}
	release(&content);
	return NULL;
}

/*
 * Opens the file locked against others who change it. They replace it: so it has to be the one of that
 * name once the lock is there.
 */
static SlipwaySecretFault *
open_locked(const State *file, int *descriptor)
{
	for (;;)
	{
		struct stat opened;
		struct stat named;

		*descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (*descriptor < 0 && errno == ENOENT)
			*descriptor = open(file->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (*descriptor < 0 && errno == EEXIST)
			continue;
		if (*descriptor < 0)
			return make_fault(file, errno);
		if (flock(*descriptor, LOCK_EX) == 0 && fstat(*descriptor, &opened) == 0 && stat(file->path, &named) == 0 &&
			opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
			return NULL;
		(void) close(*descriptor);
	}
}

static bool
write_all(int descriptor, const SlipwaySecretBuffer *text)
{
	for (size_t done = 0; done < text->length;)
	{
		ssize_t		written = write(descriptor, text->data + done, text->length - done);

		if (written < 0 && errno != EINTR)
			return false;
		done += written > 0 ? (size_t) written : 0;
	}
	return true;
}

/* A power failure must not bring the old name back. */
static void
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char	   *folder = slash == NULL ? slipway_memory_copy(".")
		: slipway_memory_copy_bytes(path, slash == path ? 1 : (size_t) (slash - path));
	int			descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (descriptor >= 0)
	{
		(void) fsync(descriptor);
		(void) close(descriptor);
	}
	free(folder);
}

/* Gives the file another text, whole or not at all; a symbolic link stays one. */
static SlipwaySecretFault *
replace_text(const State *file, const Content *content, const SlipwaySecretBuffer *text)
{
	char	   *real = realpath(file->path, NULL);
	char	   *name = slipway_memory_format("%s.XXXXXX", real != NULL ? real : file->path);
	int			descriptor = mkstemp(name);
	int			error = 0;
	SlipwaySecretFault *fault = NULL;

	if (descriptor < 0 || fchmod(descriptor, content->status.st_mode & 07777) != 0 || !write_all(descriptor, text) ||
		fsync(descriptor) != 0 || rename(name, real != NULL ? real : file->path) != 0)
		error = errno;
	if (descriptor >= 0)
		(void) close(descriptor);
	if (error != 0)
	{
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_FORBIDDEN, NULL,
										 "could not write the file of secrets \"%s\": %s", file->path, strerror(error));
		if (descriptor >= 0)
			(void) unlink(name);
	}
	else
		sync_folder(real != NULL ? real : file->path);
	free(name);
	free(real);
	return fault;
}

/* NAME=VALUE so that it is read, by others too, as it was. */
static void
add_assignment(SlipwaySecretBuffer *text, const State *file, const SlipwaySecretItem *item)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@%+=,-";
	SlipwaySecretBuffer value = {0};

	slipway_secret_buffer_add_bytes(&value, item->bytes, item->length);
	slipway_secret_buffer_add(text, file->prefix);
	slipway_secret_buffer_add(text, item->name);
	slipway_secret_buffer_add(text, "=");
	if (strspn(value.data, plain) == value.length)
		slipway_secret_buffer_add(text, value.data);
	else if (strchr(value.data, '\'') == NULL)
	{
		slipway_secret_buffer_add(text, "'");
		slipway_secret_buffer_add(text, value.data);
		slipway_secret_buffer_add(text, "'");
	}
	else
	{
		slipway_secret_buffer_add(text, "\"");
		for (const char *p = value.data; *p != '\0'; p++)
		{
			if (strchr("\"\\$`", *p) != NULL)
				slipway_secret_buffer_add(text, "\\");
			slipway_secret_buffer_add_bytes(text, p, 1);
		}
		slipway_secret_buffer_add(text, "\"");
	}
	slipway_secret_buffer_add(text, "\n");
	slipway_secret_buffer_release(&value);
}

/*
 * Copies the lines up to the last one of that name but for those of it; the new one, if there is any, is in that one's place.
 * Returns where the rest begins.
 */
static size_t
copy_others(const State *file, const Content *content, const SlipwaySecretItem *item, const char *name,
			SlipwaySecretBuffer *text)
{
	const Assignment *last = find(file, content, name);
	size_t		from = 0;

	for (size_t i = 0; last != NULL && i < content->count; i++)
	{
		const Assignment *each = &content->assignments[i];

		if (each->name_length != last->name_length || memcmp(each->name, last->name, last->name_length) != 0)
			continue;
		slipway_secret_buffer_add_bytes(text, content->text.data + from, each->start - from);
		if (each == last && item != NULL)
			add_assignment(text, file, item);
		from = each->end;
	}
	return from;
}

static SlipwaySecretFault *
change(const State *file, const char *name, const SlipwaySecretItem *item, bool *existed)
{
	Content		content = {0};
	SlipwaySecretBuffer text = {0};
	int			descriptor;
	size_t		from = 0;
	SlipwaySecretFault *fault = open_locked(file, &descriptor);

	if (fault != NULL)
		return fault;
	fault = load(file, descriptor, &content);
	*existed = fault == NULL && find(file, &content, name) != NULL;
	if (fault == NULL && (*existed || item != NULL))
	{
		from = copy_others(file, &content, item, name, &text);
		slipway_secret_buffer_add_bytes(&text, content.text.data + from, content.text.length - from);
		if (!*existed && text.length > 0 && text.data[text.length - 1] != '\n')
			slipway_secret_buffer_add(&text, "\n");
		if (!*existed)
			add_assignment(&text, file, item);
		fault = replace_text(file, &content, &text);
	}
	release(&content);
	slipway_secret_buffer_release(&text);
	(void) close(descriptor);
	return fault;
}

static SlipwaySecretFault *
put(void *state, const SlipwaySecretItem *item)
{
	bool		existed;

	if (memchr(item->bytes, '\0', item->length) != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "a file of secrets holds text only");
	if (item->policy.purpose != NULL || item->policy.environment != NULL || item->policy.rotation_days != 0)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_UNSUPPORTED, NULL,
										"a file of secrets keeps no purpose, environment or rotation");
	return change(state, item->name, item, &existed);
}

static SlipwaySecretFault *
remove_secret(void *state, const char *name, bool *existed)
{
	const State *file = state;

	/* the file is not made for this */
	if (access(file->path, F_OK) != 0)
		return make_fault(file, errno);
	return change(file, name, NULL, existed);
}

static SlipwaySecretFault *
list_file(void *state, SlipwaySecretList *list)
{
	const State *file = state;
	size_t		prefix = strlen(file->prefix);
	Content		content;
	SlipwaySecretFault *fault = load_by_name(file, &content);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < content.count; i++)
	{
		const Assignment *assignment = &content.assignments[i];
		char	   *name;

		if (assignment->name_length <= prefix || strncmp(assignment->name, file->prefix, prefix) != 0)
			continue;
		name = slipway_memory_copy_bytes(assignment->name + prefix, assignment->name_length - prefix);
		/* once, however often it is there */
		if (find(file, &content, name) == assignment)
		{
			list->entries = slipway_memory_resize(list->entries, list->count + 1, sizeof(SlipwaySecretEntry));
			list->entries[list->count++] = (SlipwaySecretEntry) {
				.name = slipway_memory_copy(name), .updated_at = content.status.st_mtime
			};
		}
		free(name);
	}
	release(&content);
	return NULL;
}

static void
check(void *state, SlipwaySecretReport report, void *context)
{
	SlipwaySecretList list = {0};
	SlipwaySecretFault *fault = list_file(state, &list);
	char	   *detail = slipway_memory_format("%zu %s", list.count, list.count == 1 ? "secret" : "secrets");

	report(context, &(SlipwaySecretStep) {
		.name = "read the file of secrets", .detail = fault == NULL ? detail : NULL, .fault = fault
	});
	slipway_secret_fault_free(fault);
	free(detail);
	slipway_secret_list_release(&list);
}

const SlipwaySecretProvider slipway_secret_file = {
	.name = "file",
	.open = open_file,
	.fetch = fetch,
	.put = put,
	.remove = remove_secret,
	.list = list_file,
	.check = check,
	.close = close_file,
};
