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

static char *
make_name(const char *given)
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
write_file(const char *path, const char *name, const char *purpose)
{
	int			fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	bool		written;

	if (fd < 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not create \"%s\": %s", path, strerror(errno));
	slipway_die_push(remove_file, (void *) path);
	written = dprintf(fd, "-- %s%s\n", purpose, name) > 0;
	if (close(fd) != 0 || !written)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", path, strerror(errno));
}

static void
make_folder(const char *path)
{
	if (mkdir(path, 0777) == 0)
		slipway_output_say("created folder %s", path);
	else if (errno != EEXIST)
		slipway_die(SLIPWAY_EXIT_USAGE, "Name the folder with --dir or MIGRATIONS_PATH.",
					"could not create folder \"%s\": %s", path, strerror(errno));
}

SlipwayExitCode
slipway_cmd_new(const SlipwayArguments *arguments)
{
	static const struct
	{
		const char *suffix;
		const char *purpose;
		SlipwayOptionId option;
	}			companions[] = {
		{".down.sql", "undoes ", SLIPWAY_OPTION_DOWN}, {".verify.sql", "verifies ", SLIPWAY_OPTION_VERIFY}
	};
	const char *given_folder = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	char	   *name = make_name(arguments->words[1]);
	char	   *paths[3];
	size_t		count = 0;
	bool		plain = !slipway_option_flag(arguments, SLIPWAY_OPTION_DOWN) &&
		!slipway_option_flag(arguments, SLIPWAY_OPTION_VERIFY);
	SlipwayFolder *folder;

	make_folder(given_folder);
	folder = slipway_folder_read(given_folder);
	if (slipway_folder_find(folder, name) != NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "migration \"%s\" exists", name);
	paths[count] = slipway_memory_format("%s/%s%s", folder->path, name, plain ? ".sql" : ".up.sql");
	write_file(paths[count++], name, "");
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++)
	{
		if (!slipway_option_flag(arguments, companions[i].option))
			continue;
		paths[count] = slipway_memory_format("%s/%s%s", folder->path, name, companions[i].suffix);
		write_file(paths[count++], name, companions[i].purpose);
	}
	for (size_t i = 0; i < count; i++)
	{
		slipway_die_pop();
		if (slipway_output_is_json())
			slipway_output_json(json_pack("{s:s, s:o}", "migration", name, "path", slipway_output_json_text(paths[i])));
		else
			(void) puts(paths[i]);
	}
	return SLIPWAY_EXIT_DONE;
}
