/*
 * cmd_new.c
 *	  slipway new
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "folder.h"
#include "memory.h"
#include "output.h"

/* Leaves room for time and suffixes within the 255 bytes of a file name. */
#define MAX_SLUG 200

/* Lower case, one underscore for each run of anything but letters and digits. */
static char *
make_slug(const char *name)
{
	char	   *slug = slipway_memory_new(strlen(name) + 1);
	size_t		length = 0;

	for (; *name != '\0'; name++)
	{
		char		c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			slug[length++] = c;
		else if (length > 0 && slug[length - 1] != '_')
			slug[length++] = '_';
	}
	while (length > 0 && slug[length - 1] == '_')
		length--;
	slug[length] = '\0';
	return slug;
}

/* A repeatable one has no moment: it runs behind all others. */
static char *
make_name(const char *given, bool repeatable)
{
	char	   *slug = make_slug(given);
	char	   *name;
	char		moment[32];
	time_t		now = time(NULL);
	struct tm	utc;

	if (*slug == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, "Names are made of letters a to z and digits.",
					"\"%s\" gives no file name", given);
	if (strlen(slug) > MAX_SLUG)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "the name is longer than %d characters", MAX_SLUG);
	if (repeatable)
		return slug;
	(void) gmtime_r(&now, &utc);
	(void) strftime(moment, sizeof(moment), "%Y%m%d%H%M%S", &utc);
	name = slipway_memory_format("%s_%s", moment, slug);
	free(slug);
	return name;
}

/* A file that was made is removed again if a later one cannot be. */
static void
remove_file(void *path)
{
	(void) unlink(path);
}

static void
write_file(const char *path, const char *name, const char *purpose, bool repeatable)
{
	int			fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	bool		written;

	if (fd < 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not create \"%s\": %s", path, strerror(errno));
	slipway_die_push(remove_file, (void *) path);
	written = dprintf(fd, "-- %s%s\n%s", purpose, name, repeatable ? "-- slipway: repeatable\n" : "") > 0;
	if (close(fd) != 0 || !written)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", path, strerror(errno));
}

/* In a dry run only says that it would. */
static void
make_folder(const char *path, bool dry_run)
{
	if (dry_run)
	{
		if (access(path, F_OK) != 0)
			slipway_output_say("would create folder %s", path);
	}
	else if (mkdir(path, 0777) == 0)
		slipway_output_say("created folder %s", path);
	else if (errno != EEXIST)
		slipway_die(SLIPWAY_EXIT_USAGE, "Name the folder with --dir or MIGRATIONS_PATH.",
					"could not create folder \"%s\": %s", path, strerror(errno));
}

/* The folder, if it is there, must not have the migration yet. Returns its path, for people. */
static char *
check_folder(const char *given, const char *name)
{
	SlipwayFolder *folder;
	char	   *path;

	if (access(given, F_OK) != 0)
		return slipway_memory_copy(given);
	folder = slipway_folder_read(given);
	if (slipway_folder_find(folder, name) != NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "migration \"%s\" exists", name);
	path = slipway_memory_copy(folder->path);
	slipway_folder_free(folder);
	return path;
}

static void
print_path(const char *name, const char *path)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o}", "migration", name,
									  "path", slipway_output_json_text(path)));
	else
		(void) puts(path);
}

SlipwayExitCode
slipway_cmd_new(const SlipwayArguments *arguments)
{
	bool		down = slipway_option_flag(arguments, SLIPWAY_OPTION_DOWN);
	bool		verify = slipway_option_flag(arguments, SLIPWAY_OPTION_VERIFY);
	bool		dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN);
	const struct
	{
		bool		wanted;
		const char *suffix;
		const char *purpose;
	}			files[] = {
		{true, down || verify ? ".up.sql" : ".sql", ""},
		{down, ".down.sql", "undoes "},
		{verify, ".verify.sql", "verifies "},
	};
	const char *given = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	bool		repeatable = slipway_option_flag(arguments, SLIPWAY_OPTION_REPEATABLE);
	char	   *name = make_name(arguments->words[1], repeatable);
	char	   *paths[3];
	size_t		count = 0;
	char	   *folder;

	make_folder(given, dry_run);
	folder = check_folder(given, name);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		if (!files[i].wanted)
			continue;
		paths[count] = slipway_memory_format("%s/%s%s", folder, name, files[i].suffix);
		if (!dry_run)
			write_file(paths[count], name, files[i].purpose, repeatable && i == 0);
		count++;
	}
	for (size_t i = 0; i < count; i++)
	{
		if (!dry_run)
			slipway_die_pop();
		print_path(name, paths[i]);
		free(paths[i]);
	}
	free(folder);
	free(name);
	return SLIPWAY_EXIT_DONE;
}
