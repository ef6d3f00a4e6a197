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

#include "memory.h"
#include "secret_file.h"
#include "whole_file.h"

#define MAX_FILE (4 * 1024 * 1024)

static SlipwaySecretFault *
make_fault(const SlipwaySecretFile *file, int error)
{
	return slipway_secret_fault_new(error == ENOENT ? SLIPWAY_SECRET_FAULT_USAGE : SLIPWAY_SECRET_FAULT_FORBIDDEN, NULL,
									"could not read the file of secrets \"%s\": %s", file->path, strerror(error));
}

static SlipwaySecretFault *
open_file(const char *place, const char *prefix, void **state)
{
	SlipwaySecretFile *result;

	if (place == NULL || *place == '\0')
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Write --secrets file:PATH.",
										"a file of secrets needs its path");
	result = slipway_memory_new(sizeof(SlipwaySecretFile));
	result->path = slipway_memory_copy(place);
	result->prefix = prefix;
	*state = result;
	return NULL;
}

static void
close_file(void *state)
{
	SlipwaySecretFile *file = state;

	free(file->path);
	free(file);
}

/* It has to be a file of the user's own that nobody else can read. */
static SlipwaySecretFault *
check_rights(const SlipwaySecretFile *file, const struct stat *status)
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
parse(const SlipwaySecretFile *file, const SlipwaySecretBuffer *text, SlipwaySecretFileContent *content)
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
load(const SlipwaySecretFile *file, int descriptor, SlipwaySecretFileContent *content)
{
	SlipwaySecretBuffer text = {0};
	SlipwaySecretFault *fault;
	int			error;

	*content = (SlipwaySecretFileContent) {0};
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

SlipwaySecretFault *
slipway_secret_file_load(const SlipwaySecretFile *file, SlipwaySecretFileContent *content)
{
	/* what is no file, as a pipe, must not be waited for */
	int			descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	SlipwaySecretFault *fault;

	*content = (SlipwaySecretFileContent) {0};
	if (descriptor < 0)
		return make_fault(file, errno);
	fault = load(file, descriptor, content);
	(void) close(descriptor);
	return fault;
}

const SlipwayDotenvEntry *
slipway_secret_file_find(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *name)
{
	char	   *whole = slipway_memory_format("%s%s", file->prefix, name);
	const SlipwayDotenvEntry *entry = slipway_dotenv_find(dotenv, whole);

	free(whole);
	return entry;
}

void
slipway_secret_file_answer(const SlipwaySecretFile *file, const SlipwayDotenvEntry *entry, SlipwaySecretLookup *lookup)
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
	const SlipwaySecretFile *file = state;
	SlipwaySecretFileContent content;
	SlipwaySecretFault *fault = slipway_secret_file_load(file, &content);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < count; i++)
		slipway_secret_file_answer(file, slipway_secret_file_find(file, content.dotenv, lookups[i].name), &lookups[i]);
	slipway_dotenv_free(content.dotenv);
	return NULL;
}

static SlipwaySecretFault *
fail_open(const SlipwaySecretFile *file, int descriptor)
{
	int			error = errno;

	(void) close(descriptor);
	return make_fault(file, error);
}

/*
 * Opens the file locked against others who change it. They replace it: so it has to be the one of that
 * name once the lock is there.
 */
static SlipwaySecretFault *
open_locked(const SlipwaySecretFile *file, int *descriptor)
{
	for (;;)
	{
		struct stat opened;
		struct stat named = {0};

		*descriptor = open(file->path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
		if (*descriptor < 0)
			return make_fault(file, errno);
		if (flock(*descriptor, LOCK_EX) != 0)
			return fail_open(file, *descriptor);
		if (fstat(*descriptor, &opened) != 0 || (stat(file->path, &named) != 0 && errno != ENOENT))
			return fail_open(file, *descriptor);
		if (opened.st_nlink > 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
			return NULL;
		(void) close(*descriptor);
	}
}

/* Gives the file another text, whole or not at all; a symbolic link stays one. */
static SlipwaySecretFault *
replace_text(const SlipwaySecretFile *file, const SlipwaySecretFileContent *content, const SlipwaySecretBuffer *text)
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

/* The last change of a name, or NULL. */
static const SlipwayDotenvSetting *
find_change(const SlipwaySecretFileEdit *edit, const char *name)
{
	for (size_t i = edit->count; i > 0; i--)
		if (strcmp(edit->settings[i - 1].name, name) == 0)
			return &edit->settings[i - 1];
	return NULL;
}

static bool
is_removed(void *context, const SlipwayDotenvEntry *entry)
{
	const SlipwayDotenvSetting *change = entry->is_comment ? NULL : find_change(context, entry->name);

	return change != NULL && change->value == NULL;
}

/* Is what was written read as it was meant? Not with a name that such files cannot have. */
static bool
is_read_back(const SlipwaySecretBuffer *text, const SlipwayDotenvSetting *change)
{
	size_t		line;
	const char *reason;
	SlipwayDotenv *dotenv = slipway_dotenv_parse(text->data != NULL ? text->data : "", text->length, &line, &reason);
	const SlipwayDotenvEntry *entry = dotenv != NULL ? slipway_dotenv_find(dotenv, change->name) : NULL;
	bool		same = change->value == NULL ? dotenv != NULL && entry == NULL
		: entry != NULL && entry->problem == NULL && entry->length == strlen(change->value) &&
		memcmp(entry->value, change->value, entry->length) == 0;

	slipway_dotenv_free(dotenv);
	return same;
}

static SlipwaySecretFault *
make_impossible(const SlipwaySecretFile *file, const SlipwayDotenvSetting *change)
{
	if (change->value != NULL && strstr(change->value, "\r\n") != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE,
										"It has a carriage return in front of a line feed, which ends a line there.",
										"the file of secrets \"%s\" cannot hold the value of \"%s\"", file->path, change->name);
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "A name has letters, digits and _, and begins with no digit.",
									"the file of secrets \"%s\" cannot hold \"%s\"", file->path, change->name);
}

static SlipwaySecretFault *
rewrite(const SlipwaySecretFile *file, const SlipwaySecretFileContent *content, SlipwaySecretFileEdit *edit)
{
	SlipwayDotenvSetting *settings = slipway_memory_new((edit->count + 1) * sizeof(SlipwayDotenvSetting));
	size_t		count = 0;
	SlipwaySecretBuffer text = {0};
	SlipwaySecretFault *fault = NULL;

	for (size_t i = 0; i < edit->count; i++)
		if (edit->settings[i].value != NULL && find_change(edit, edit->settings[i].name) == &edit->settings[i])
			settings[count++] = edit->settings[i];
	slipway_dotenv_rewrite(content->dotenv, is_removed, edit, NULL, settings, count, &text);
	for (size_t i = 0; i < edit->count && fault == NULL; i++)
		if (!is_read_back(&text, find_change(edit, edit->settings[i].name)))
			fault = make_impossible(file, find_change(edit, edit->settings[i].name));
	if (fault == NULL)
		fault = replace_text(file, content, &text);
	slipway_secret_buffer_release(&text);
	free(settings);
	return fault;
}

void
slipway_secret_file_set(const SlipwaySecretFile *file, SlipwaySecretFileEdit *edit, const char *name, const char *value)
{
	edit->settings = slipway_memory_resize(edit->settings, edit->count + 1, sizeof(SlipwayDotenvSetting));
	edit->settings[edit->count++] = (SlipwayDotenvSetting) {
		slipway_memory_format("%s%s", file->prefix, name), value != NULL ? slipway_secret_copy(value) : NULL
	};
}

static void
release_edit(SlipwaySecretFileEdit *edit)
{
	for (size_t i = 0; i < edit->count; i++)
	{
		free((char *) edit->settings[i].name);
		slipway_secret_free((char *) edit->settings[i].value);
	}
	free(edit->settings);
}

SlipwaySecretFault *
slipway_secret_file_change(const SlipwaySecretFile *file, bool may_make, SlipwaySecretFilePlan plan, void *context)
{
	SlipwaySecretFileContent content = {0};
	SlipwaySecretFileEdit edit = {0};
	int			descriptor;
	SlipwaySecretFault *fault;

	if (!may_make && access(file->path, F_OK) != 0)
		return make_fault(file, errno);
	fault = open_locked(file, &descriptor);
	if (fault != NULL)
		return fault;
	fault = load(file, descriptor, &content);
	if (fault == NULL)
		fault = plan(file, content.dotenv, context, &edit);
	if (fault == NULL && edit.count > 0)
		fault = rewrite(file, &content, &edit);
	release_edit(&edit);
	slipway_dotenv_free(content.dotenv);
	(void) close(descriptor);
	return fault;
}

/* Another value of one name, or none. */
typedef struct Single
{
	const char *name;
	const char *value;
	bool		existed;
} Single;

static SlipwaySecretFault *
plan_single(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, void *context, SlipwaySecretFileEdit *edit)
{
	Single	   *single = context;

	single->existed = slipway_secret_file_find(file, dotenv, single->name) != NULL;
	if (single->existed || single->value != NULL)
		slipway_secret_file_set(file, edit, single->name, single->value);
	return NULL;
}

static SlipwaySecretFault *
put(void *state, const SlipwaySecretItem *item)
{
	Single		single = {.name = item->name};
	char	   *value;
	SlipwaySecretFault *fault;

	if (memchr(item->bytes, '\0', item->length) != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "a file of secrets holds text only");
	if (item->policy.purpose != NULL || item->policy.environment != NULL || item->policy.rotation_days != 0)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_UNSUPPORTED, NULL,
										"a file of secrets keeps no purpose, environment or rotation");
	single.value = value = slipway_secret_copy_bytes(item->bytes, item->length);
	fault = slipway_secret_file_change(state, true, plan_single, &single);
	slipway_secret_free(value);
	return fault;
}

static SlipwaySecretFault *
remove_secret(void *state, const char *name, bool *existed)
{
	Single		single = {.name = name};
	/* the file is not made for this */
	SlipwaySecretFault *fault = slipway_secret_file_change(state, false, plan_single, &single);

	*existed = single.existed;
	return fault;
}

static SlipwaySecretFault *
list_file(void *state, SlipwaySecretList *list)
{
	const SlipwaySecretFile *file = state;
	size_t		prefix = strlen(file->prefix);
	SlipwaySecretFileContent content;
	SlipwaySecretFault *fault = slipway_secret_file_load(file, &content);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < slipway_dotenv_count(content.dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(content.dotenv, i);

		/* once, however often it is there */
		if (entry->is_comment || strncmp(entry->name, file->prefix, prefix) != 0 || entry->name[prefix] == '\0' ||
			slipway_secret_file_is_internal(entry->name) || slipway_dotenv_find(content.dotenv, entry->name) != entry)
			continue;
		list->entries = slipway_memory_resize(list->entries, list->count + 1, sizeof(SlipwaySecretEntry));
		list->entries[list->count++] = (SlipwaySecretEntry) {
			.name = slipway_memory_copy(entry->name + prefix),
			.in_set = slipway_secret_file_is_in_set(file, content.dotenv, entry->name + prefix), .updated_at = content.status.st_mtime
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
	.stage = slipway_secret_file_stage,
	.fetch_staged = slipway_secret_file_fetch_staged,
	.publish = slipway_secret_file_publish,
	.is_published = slipway_secret_file_is_published,
	.retire = slipway_secret_file_retire,
	.withdraw = slipway_secret_file_withdraw,
	.find_sets = slipway_secret_file_find_sets,
	.check = check,
	.close = close_file,
};
