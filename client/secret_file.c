/*
 * secret_file.c
 *	  Secrets in a file of settings, as a .env is (dotenv.h), which nobody else may read.
 *
 * A change writes the file anew beside it, and keeps everything but the lines it is about.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dotenv.h"
#include "memory.h"
#include "secret_store.h"
#include "whole_file.h"

#define MAX_FILE (4 * 1024 * 1024)

typedef struct State
{
	char	   *path;
	const char *prefix;
} State;

typedef struct Content
{
	SlipwayDotenv *dotenv;
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

static SlipwaySecretFault *
parse(const State *file, const SlipwaySecretBuffer *text, Content *content)
{
	size_t		line;
	const char *reason;

	content->dotenv = slipway_dotenv_parse(text->data != NULL ? text->data : "", text->length, &line, &reason);
	if (content->dotenv == NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "A line is NAME=VALUE, NAME='VALUE' or NAME=\"VALUE\".",
										"%s:%zu: malformed file of secrets: %s", file->path, line, reason);
	return NULL;
}

/* What is open is what is looked at: the name may lead elsewhere a moment later. */
static SlipwaySecretFault *
load(const State *file, int descriptor, Content *content)
{
	SlipwaySecretBuffer text = {0};
	SlipwaySecretFault *fault;
	int			error;

	*content = (Content) {0};
	if (fstat(descriptor, &content->status) != 0)
		return make_fault(file, errno);
	fault = check_rights(file, &content->status);
	if (fault != NULL)
		return fault;
	error = slipway_secret_buffer_read(&text, descriptor, MAX_FILE);
	if (error != 0)
		fault = make_fault(file, error);
	else if (text.length > MAX_FILE)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, NULL, "the file of secrets \"%s\" is too long",
										 file->path);
	else
		fault = parse(file, &text, content);
	slipway_secret_buffer_release(&text);
	return fault;
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
	return fault;
}

/* What the file has under that name, which is without the prefix; or NULL. */
static const SlipwayDotenvEntry *
find(const State *file, const SlipwayDotenv *dotenv, const char *name)
{
	char	   *whole = slipway_memory_format("%s%s", file->prefix, name);
	const SlipwayDotenvEntry *entry = slipway_dotenv_find(dotenv, whole);

	free(whole);
	return entry;
}

static void
answer(const State *file, const SlipwayDotenvEntry *entry, SlipwaySecretLookup *lookup)
{
	if (entry == NULL)
		lookup->state = SLIPWAY_SECRET_MISSING;
	else if (entry->problem != NULL)
	{
		lookup->state = SLIPWAY_SECRET_FAILED;
		lookup->fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "Write what is meant, in single quotes.",
												 "%s:%zu: secret \"%s\" %s", file->path, entry->line, entry->name,
												 entry->problem);
	}
	else
	{
		lookup->state = SLIPWAY_SECRET_FOUND;
		slipway_secret_buffer_add_bytes(&lookup->value, entry->value != NULL ? entry->value : "", entry->length);
	}
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
		answer(file, find(file, content.dotenv, lookups[i].name), &lookups[i]);
	slipway_dotenv_free(content.dotenv);
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

		*descriptor = open(file->path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
		if (*descriptor < 0)
			return make_fault(file, errno);
		if (flock(*descriptor, LOCK_EX) != 0)
		{
			int			error = errno;

			(void) close(*descriptor);
			return make_fault(file, error);
		}
		if (fstat(*descriptor, &opened) == 0 && stat(file->path, &named) == 0 &&
			opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
			return NULL;
		(void) close(*descriptor);
	}
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

	if (descriptor < 0 || fchmod(descriptor, content->status.st_mode & 07777) != 0 || !slipway_whole_file_put(descriptor, text->data, text->length) ||
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
		slipway_whole_file_sync_folder(real != NULL ? real : file->path);
	free(name);
	free(real);
	return fault;
}

static bool
has_name(void *context, const SlipwayDotenvEntry *entry)
{
	return !entry->is_comment && strcmp(entry->name, context) == 0;
}

static bool
has_no_name(void *context, const SlipwayDotenvEntry *entry)
{
	(void) context;
	(void) entry;
	return false;
}

/* Is what was written read as it was meant? Not with a name that such files cannot have. */
static bool
is_read_back(const SlipwaySecretBuffer *text, const char *name, const char *value)
{
	size_t		line;
	const char *reason;
	SlipwayDotenv *dotenv = slipway_dotenv_parse(text->data, text->length, &line, &reason);
	const SlipwayDotenvEntry *entry = dotenv != NULL ? slipway_dotenv_find(dotenv, name) : NULL;
	bool		same = value == NULL ? dotenv != NULL && entry == NULL
		: entry != NULL && entry->problem == NULL && entry->length == strlen(value) && memcmp(entry->value, value, entry->length) == 0;

	slipway_dotenv_free(dotenv);
	return same;
}

/* Writes the file with another value of a name; without any where that is NULL. */
static SlipwaySecretFault *
rewrite(const State *file, const Content *content, const char *name, const char *value)
{
	SlipwayDotenvSetting setting = {name, value};
	SlipwaySecretBuffer text = {0};
	SlipwaySecretFault *fault;

	if (value != NULL)
		slipway_dotenv_rewrite(content->dotenv, has_no_name, NULL, NULL, &setting, 1, &text);
	else
		slipway_dotenv_rewrite(content->dotenv, has_name, (void *) name, NULL, NULL, 0, &text);
	if (is_read_back(&text, name, value))
		fault = replace_text(file, content, &text);
	else
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "A name has letters, digits and _, and begins with no digit.",
										 "the file of secrets \"%s\" cannot hold \"%s\"", file->path, name);
	slipway_secret_buffer_release(&text);
	return fault;
}

static SlipwaySecretFault *
change(const State *file, const char *name, const char *value, bool *existed)
{
	char	   *whole = slipway_memory_format("%s%s", file->prefix, name);
	Content		content = {0};
	int			descriptor;
	SlipwaySecretFault *fault = open_locked(file, &descriptor);

	if (fault == NULL)
	{
		fault = load(file, descriptor, &content);
		*existed = fault == NULL && slipway_dotenv_find(content.dotenv, whole) != NULL;
		if (fault == NULL && (*existed || value != NULL))
			fault = rewrite(file, &content, whole, value);
		slipway_dotenv_free(content.dotenv);
		(void) close(descriptor);
	}
	free(whole);
	return fault;
}

static SlipwaySecretFault *
put(void *state, const SlipwaySecretItem *item)
{
	bool		existed;
	char	   *value;
	SlipwaySecretFault *fault;

	if (memchr(item->bytes, '\0', item->length) != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "a file of secrets holds text only");
	if (item->policy.purpose != NULL || item->policy.environment != NULL || item->policy.rotation_days != 0)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_UNSUPPORTED, NULL,
										"a file of secrets keeps no purpose, environment or rotation");
	value = slipway_secret_copy_bytes(item->bytes, item->length);
	fault = change(state, item->name, value, &existed);
	slipway_secret_free(value);
	return fault;
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
	for (size_t i = 0; i < slipway_dotenv_count(content.dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(content.dotenv, i);

		/* once, however often it is there */
		if (entry->is_comment || strncmp(entry->name, file->prefix, prefix) != 0 || entry->name[prefix] == '\0' ||
			slipway_dotenv_find(content.dotenv, entry->name) != entry)
			continue;
		list->entries = slipway_memory_resize(list->entries, list->count + 1, sizeof(SlipwaySecretEntry));
		list->entries[list->count++] = (SlipwaySecretEntry) {
			.name = slipway_memory_copy(entry->name + prefix), .updated_at = content.status.st_mtime
		};
	}
	slipway_dotenv_free(content.dotenv);
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
