/*
 * folder.c
 *	  The native folder.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"
#include "nearest.h"
#include "output.h"
#include "script_text.h"

#define MAX_NAME 1024

typedef enum Role
{
	ROLE_UP,
	ROLE_DOWN,
	ROLE_VERIFY
} Role;

/* A file that was found; several make a migration. */
typedef struct Entry
{
	char	   *name;			/* of the migration */
	char	   *path;
	Role		role;
} Entry;

typedef struct EntryList
{
	Entry	   *entries;
	size_t		count;
	size_t		capacity;
} EntryList;

const char *
slipway_folder_locate(const char *option)
{
	const char *path = getenv("MIGRATIONS_PATH");

	if (option != NULL)
		return option;
	return path != NULL && *path != '\0' ? path : "./migrations";
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t		length = strlen(name);
	size_t		suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

/* Files that an editor or a merge tool left behind. */
static bool
is_left_over(const char *name)
{
	return name[0] == '.' || (name[0] == '#' && ends_in(name, "#")) || ends_in(name, "~") ||
		ends_in(name, ".bak") || ends_in(name, ".swp") || ends_in(name, ".orig");
}

/* Cuts ".sql" and the role before it off a file name. */
static char *
split_name(const char *file, Role *role)
{
	static const struct
	{
		const char *suffix;
		Role		role;
	}			suffixes[] = {
		{".up.sql", ROLE_UP}, {".down.sql", ROLE_DOWN}, {".verify.sql", ROLE_VERIFY}, {".sql", ROLE_UP}
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
	{
		if (!ends_in(file, suffixes[i].suffix))
			continue;
		*role = suffixes[i].role;
		return slipway_memory_copy_bytes(file, strlen(file) - strlen(suffixes[i].suffix));
	}
	return NULL;
}

static void
check_name(const char *path, const char *name)
{
	size_t		offset;

	if (slipway_script_text_check(name, strlen(name), &offset) != SLIPWAY_TEXT_GOOD)
		slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.", "the name of \"%s\" is not UTF-8", path);
	if (strlen(name) > MAX_NAME)
		slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.",
					"the name of \"%s\" is longer than %d bytes", path, MAX_NAME);
	for (const unsigned char *p = (const unsigned char *) name; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			slipway_die(SLIPWAY_EXIT_INVALID, "Rename the file.",
						"a migration's name has a control character (byte 0x%02x) in folder \"%.*s\"",
						*p, (int) (strlen(path) - strlen(strrchr(path, '/'))), path);
}

static void
check_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not read \"%s\": %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		slipway_die(SLIPWAY_EXIT_ERROR, "Rename it, or move it out of the folder.",
					"\"%s\" is a directory, not a script", path);
	if (!S_ISREG(status.st_mode))
		slipway_die(SLIPWAY_EXIT_ERROR, "Move it out of the folder.", "\"%s\" is not a file", path);
}

static void
add_entry(EntryList *list, const char *folder, const char *file)
{
	Entry		entry;

	if (is_left_over(file))
	{
		if (strcmp(file, ".") != 0 && strcmp(file, "..") != 0)
			slipway_output_detail("ignored: %s/%s", folder, file);
		return;
	}
	entry.name = split_name(file, &entry.role);
	if (entry.name == NULL)
		return;
	entry.path = slipway_memory_format("%s/%s", folder, file);
	check_name(entry.path, entry.name);
	check_file(entry.path);
	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		list->entries = slipway_memory_resize(list->entries, list->capacity, sizeof(Entry));
	}
	list->entries[list->count++] = entry;
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

		if (first && entry->role != ROLE_UP)
			slipway_die(SLIPWAY_EXIT_INVALID,
						slipway_memory_format("Add %s.up.sql, or remove the file.", entry->name),
						"\"%s\" has no up script", entry->path);
		if (!first && entry->role == list->entries[i - 1].role)
			slipway_die(SLIPWAY_EXIT_INVALID, "Remove one of them.",
						"migration \"%s\" is there twice: \"%s\" and \"%s\"",
						entry->name, list->entries[i - 1].path, entry->path);
		if (first)
			folder->migrations[folder->count++].name = entry->name;
		migration = &folder->migrations[folder->count - 1];
		if (!first)
			free(entry->name);
		entry->name = migration->name;
		switch (entry->role)
		{
			case ROLE_UP:
				migration->up.path = entry->path;
				break;
			case ROLE_DOWN:
				migration->down.path = entry->path;
				break;
			case ROLE_VERIFY:
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

char *
slipway_folder_guess_path(const char *folder, const char *name)
{
	char	   *shown = shorten_path(folder);
	char	   *up = slipway_memory_format("%s/%s.up.sql", shown, name);
	char	   *path = slipway_memory_format("%s/%s.sql", shown, name);

	free(shown);
	if (access(path, F_OK) != 0 && access(up, F_OK) == 0)
	{
		free(path);
		return up;
	}
	free(up);
	return path;
}

SlipwayFolder *
slipway_folder_read(const char *path)
{
	SlipwayFolder *folder = slipway_memory_new(sizeof(SlipwayFolder));
	EntryList	list = {0};
	DIR		   *directory;
	struct dirent *item;

	folder->path = shorten_path(path);
	directory = opendir(path);
	if (directory == NULL)
		die_of_folder(path);
	/* readdir_r() is deprecated, and there is one thread */
	/* cppcheck-suppress readdirCalled */
	while (errno = 0, (item = readdir(directory)) != NULL)
		add_entry(&list, folder->path, item->d_name);
	if (errno != 0)
		die_of_folder(path);
	(void) closedir(directory);

	if (list.count > 1)
		qsort(list.entries, list.count, sizeof(Entry), compare_entries);
	group_entries(folder, &list);
	free(list.entries);
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
	const char **names;
	const char *near;

	if (slipway_folder_find(folder, name) != NULL)
		return;
	names = slipway_memory_new((folder->count + 1) * sizeof(char *));
	for (size_t i = 0; i < folder->count; i++)
		names[i] = folder->migrations[i].name;
	near = slipway_nearest_find(name, names, folder->count);
	slipway_die(SLIPWAY_EXIT_USAGE,
				near == NULL ? "Give a migration's name without .sql."
				: slipway_memory_format("Perhaps you meant \"%s\".", near),
				"folder \"%s\" has no migration \"%s\"", folder->path, name);
}
