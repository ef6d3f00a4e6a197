/*
 * folder.c
 *	  The native folder.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "file_name.h"
#include "ignore.h"
#include "memory.h"
#include "nearest.h"
#include "script_text.h"
#include "skipped.h"

#define MAX_NAME 1024

/* A script that was found; several make a migration. */
typedef struct Entry
{
	char	   *name;			/* of the migration */
	char	   *path;
	SlipwayScriptRole role;
} Entry;

typedef struct EntryList
{
	Entry	   *entries;
	size_t		count;
	size_t		capacity;
} EntryList;

/* A folder that is being read. */
typedef struct Reader
{
	const char *folder;			/* its path, for people */
	SlipwayIgnore *ignore;
	EntryList	scripts;
	SlipwaySkipList *skipped;
} Reader;

const char *
slipway_folder_locate(const char *option)
{
	if (option != NULL)
		return option;
	return slipway_folder_is_set() ? getenv("MIGRATIONS_PATH") : "./migrations";
}

bool
slipway_folder_is_set(void)
{
	const char *path = getenv("MIGRATIONS_PATH");

	return path != NULL && *path != '\0';
}

static void
check_name(const char *path, const char *name)
{
	size_t		offset;

	if (slipway_script_text_check(name, strlen(name), &offset) != SLIPWAY_TEXT_GOOD)
		slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.", "the name of \"%s\" is not UTF-8",
					path);
	if (strlen(name) > MAX_NAME)
		slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.",
					"the name of \"%s\" is longer than %d bytes", path, MAX_NAME);
	for (const unsigned char *p = (const unsigned char *) name; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.",
						"a migration's name has a control character (byte 0x%02x)"
						" in folder \"%.*s\"",
						*p, (int) (strlen(path) - strlen(strrchr(path, '/'))), path);
}

/* A symbolic link that leads nowhere; the errno says why. */
static _Noreturn void
die_of_link(const char *path)
{
	char		target[PATH_MAX];
	ssize_t		length = readlink(path, target, sizeof(target) - 1);

	if (length >= 0 && errno == ENOENT)
		slipway_die(SLIPWAY_EXIT_ERROR, "Restore what it names, or remove the link.",
					"\"%s\" is a symbolic link to \"%.*s\", which does not exist",
					path, (int) length, target);
	if (errno == ELOOP)
		slipway_die(SLIPWAY_EXIT_ERROR, "Remove the link.",
					"\"%s\" is a symbolic link that leads back to itself", path);
	slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not read \"%s\": %s", path, strerror(errno));
}

/*
 * Dies unless the path, links followed, is that of a file. What the listing
 * says about its type saves a system call for each of many files.
 */
static void
check_type(const char *path, unsigned char type)
{
	struct stat status;

	if (type == DT_REG)
		return;
	if (stat(path, &status) != 0)
		die_of_link(path);
	if (S_ISDIR(status.st_mode))
		slipway_die(SLIPWAY_EXIT_ERROR, "Rename it, or move it out of the folder.",
					"\"%s\" is a %s, not a script", path,
					type == DT_LNK ? "symbolic link to a directory" : "directory");
	if (!S_ISREG(status.st_mode))
		slipway_die(SLIPWAY_EXIT_ERROR, "Move it out of the folder.", "\"%s\" is not a file", path);
}

static void
add_script(Reader *reader, const struct dirent *item, SlipwayScriptRole role, size_t length)
{
	EntryList  *list = &reader->scripts;
	Entry		entry = {.role = role};

	entry.name = slipway_memory_copy_bytes(item->d_name, length);
	entry.path = slipway_memory_format("%s/%s", reader->folder, item->d_name);
	check_name(entry.path, entry.name);
	check_type(entry.path, item->d_type);
	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		list->entries = slipway_memory_resize(list->entries, list->capacity, sizeof(Entry));
	}
	list->entries[list->count++] = entry;
}

static void
add_item(Reader *reader, const struct dirent *item)
{
	const char *file = item->d_name;
	SlipwayScriptRole role;
	size_t		length;
	SlipwayFileKind kind = slipway_file_name_classify(file, &role, &length);

	if (kind == SLIPWAY_FILE_OTHER)
		return;
	if (slipway_ignore_matches(reader->ignore, file))
	{
		slipway_skipped_add(reader->skipped, SLIPWAY_SKIPPED_IGNORED, file);
		return;
	}
	switch (kind)
	{
		case SLIPWAY_FILE_SCRIPT:
			add_script(reader, item, role, length);
			break;
		case SLIPWAY_FILE_LEFT_OVER:
			slipway_skipped_add(reader->skipped, SLIPWAY_SKIPPED_LEFT_OVER, file);
			break;
		case SLIPWAY_FILE_LOOKALIKE:
			slipway_skipped_add(reader->skipped, SLIPWAY_SKIPPED_LOOKALIKE, file);
			break;
		case SLIPWAY_FILE_MISSPELT:
			/* taken for NAME.Down.sql, what undoes a migration would be applied */
			slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.",
						"\"%s/%s\": .up, .down and .verify are written in lower case",
						reader->folder, file);
		case SLIPWAY_FILE_OTHER:
			break;
	}
}

static int
compare_entries(const void *a, const void *b)
{
	const Entry *left = a;
	const Entry *right = b;
	int			order = strcmp(left->name, right->name);

	if (order == 0)
		order = (int) left->role - (int) right->role;
	return order != 0 ? order : strcmp(left->path, right->path);
}

static SlipwayKind
kind_of(const char *name)
{
	static const char *const hooks[] = {
		"before_migrate", "after_migrate", "before_each", "after_each", "after_error"
	};

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (strcmp(name, hooks[i]) == 0)
			return SLIPWAY_HOOK;
	return SLIPWAY_VERSIONED;
}

/* Makes migrations of entries that are sorted by name and role. */
static void
group_entries(SlipwayFolder *folder, const EntryList *list)
{
	folder->migrations = slipway_memory_new(list->count * sizeof(SlipwayMigration));
	for (size_t i = 0; i < list->count; i++)
	{
		Entry	   *entry = &list->entries[i];
		bool		first = i == 0 || strcmp(entry->name, list->entries[i - 1].name) != 0;
		SlipwayMigration *migration;

		if (first && entry->role != SLIPWAY_ROLE_UP)
			slipway_die(SLIPWAY_EXIT_INVALID,
						slipway_memory_format("Add %s.up.sql, or remove the file.", entry->name),
						"\"%s\" has no up script", entry->path);
		if (!first && entry->role == list->entries[i - 1].role)
			slipway_die(SLIPWAY_EXIT_INVALID, "Remove one of them.",
						"migration \"%s\" is there twice: \"%s\" and \"%s\"",
						entry->name, list->entries[i - 1].path, entry->path);
		if (first)
		{
			folder->migrations[folder->count].kind = kind_of(entry->name);
			folder->migrations[folder->count++].name = entry->name;
		}
		else if (kind_of(entry->name) == SLIPWAY_HOOK)
			slipway_die(SLIPWAY_EXIT_INVALID, "Remove the file.",
						"\"%s\": a hook has no down or verify script", entry->path);
		migration = &folder->migrations[folder->count - 1];
		if (!first)
			free(entry->name);
		entry->name = migration->name;
		switch (entry->role)
		{
			case SLIPWAY_ROLE_UP:
				migration->up.path = entry->path;
				break;
			case SLIPWAY_ROLE_DOWN:
				migration->down.path = entry->path;
				break;
			case SLIPWAY_ROLE_VERIFY:
				migration->verify.path = entry->path;
				break;
		}
	}
}

static void
die_of_folder(const char *path)
{
	slipway_die(SLIPWAY_EXIT_USAGE, "Name the folder with --dir or MIGRATIONS_PATH.",
				"could not read folder \"%s\": %s", path, strerror(errno));
}

/* "m/" and "./m" both name their files m/x.sql. */
static char *
shorten_path(const char *path)
{
	size_t		length;

	if (strncmp(path, "./", 2) == 0 && path[2] != '\0' && path[2] != '/')
		path += 2;
	length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return slipway_memory_copy_bytes(path, length);
}

const char *
slipway_folder_part_name(SlipwayScriptPart part)
{
	static const char *const names[] = {
		[SLIPWAY_PART_UP] = "up",
		[SLIPWAY_PART_DOWN] = "down",
		[SLIPWAY_PART_VERIFY] = "verify",
	};

	return names[part];
}

char *
slipway_folder_guess_path(const char *folder, const char *name, SlipwayScriptPart part)
{
	char	   *shown = shorten_path(folder);
	char	   *up = slipway_memory_format("%s/%s.%s.sql", shown, name, slipway_folder_part_name(part));
	char	   *path = slipway_memory_format("%s/%s.sql", shown, name);

	free(shown);
	if (part != SLIPWAY_PART_UP || (access(path, F_OK) != 0 && access(up, F_OK) == 0))
	{
		free(path);
		return up;
	}
	free(up);
	return path;
}

static void
read_items(Reader *reader, const char *path)
{
	DIR		   *directory = opendir(path);
	struct dirent *item;

	if (directory == NULL)
		die_of_folder(path);
	reader->ignore = slipway_ignore_read(reader->folder);
	/* readdir_r() is deprecated, and there is one thread */
	/* cppcheck-suppress readdirCalled */
	while (errno = 0, (item = readdir(directory)) != NULL)
		add_item(reader, item);
	if (errno != 0)
		die_of_folder(path);
	(void) closedir(directory);
	slipway_ignore_free(reader->ignore);
}

SlipwayFolder *
slipway_folder_read(const char *path)
{
	SlipwayFolder *folder = slipway_memory_new(sizeof(SlipwayFolder));
	Reader		reader = {.skipped = slipway_skipped_new()};
	EntryList  *scripts = &reader.scripts;

	folder->path = shorten_path(path);
	reader.folder = folder->path;
	read_items(&reader, path);
	slipway_skipped_report(reader.skipped, folder->path);
	slipway_skipped_free(reader.skipped);
	if (scripts->count > 1)
		qsort(scripts->entries, scripts->count, sizeof(Entry), compare_entries);
	group_entries(folder, scripts);
	free(scripts->entries);
	return folder;
}

void
slipway_folder_free(SlipwayFolder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
	{
		free(folder->migrations[i].name);
		free(folder->migrations[i].up.path);
		free(folder->migrations[i].down.path);
		free(folder->migrations[i].verify.path);
	}
	free(folder->migrations);
	free(folder->path);
	free(folder);
}

static int
compare_name(const void *name, const void *migration)
{
	return strcmp(name, ((const SlipwayMigration *) migration)->name);
}

SlipwayMigration *
slipway_folder_find(const SlipwayFolder *folder, const char *name)
{
	if (folder->count == 0)
		return NULL;
	return bsearch(name, folder->migrations, folder->count, sizeof(SlipwayMigration), compare_name);
}

void
slipway_folder_require(const SlipwayFolder *folder, const char *name)
{
	const SlipwayMigration *migration = slipway_folder_find(folder, name);
	const char **names;
	const char *near;
	size_t		count = 0;

	if (migration != NULL && migration->kind != SLIPWAY_HOOK)
		return;
	names = slipway_memory_new((folder->count + 1) * sizeof(char *));
	for (size_t i = 0; i < folder->count; i++)
		if (folder->migrations[i].kind != SLIPWAY_HOOK)
			names[count++] = folder->migrations[i].name;
	near = slipway_nearest_find(name, names, count);
	slipway_die(SLIPWAY_EXIT_USAGE,
				near == NULL ? "Give a migration's name without .sql."
				: slipway_memory_format("Perhaps you meant \"%s\".", near),
				"folder \"%s\" has no migration \"%s\"", folder->path, name);
}
