/*
 * fuzz_folder.c
 *	  A folder of scripts, and the manifest that is made of it.
 *
 * The input is lines: the name of a file, and behind a tab what is in it. A file that .slipwayignore lists has its lines between \v.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "manifest.h"

#define MAX_FILES 24

static char folder[FUZZ_FOLDER_SIZE];
static char names[MAX_FILES][256];
static char path[sizeof(folder) + sizeof(names[0]) * MAX_FILES];
static int	count;

static void
remove_folder(void)
{
	(void) rmdir(folder);
}

static void
make_folder(void)
{
	if (folder[0] != '\0')
		return;
	fuzz_make_folder(folder);
	(void) atexit(remove_folder);
}

static void
write_script(const char *name, size_t name_length, const char *content, size_t length)
{
	char		text[8192];
	int			file;

	if (count == MAX_FILES || name_length == 0 || name_length > 200 || memchr(name, '/', name_length) != NULL ||
		length > sizeof(text) || memchr(name, '\0', name_length) != NULL || (name_length <= 2 && name[0] == '.'))
		return;
	(void) snprintf(names[count], sizeof(names[count]), "%.*s", (int) name_length, name);
	(void) snprintf(path, sizeof(path), "%s/%s", folder, names[count]);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0)
		return;
	for (size_t i = 0; i < length; i++)
		text[i] = content[i] == '\v' ? '\n' : content[i];
	(void) !write(file, text, length);
	(void) close(file);
	count++;
}

static void
write_all(const char *text, size_t size)
{
	const char *end = text + size;

	count = 0;
	for (const char *line = text; line < end;)
	{
		const char *stop = memchr(line, '\n', (size_t) (end - line));
		const char *tab;

		if (stop == NULL)
			stop = end;
		tab = memchr(line, '\t', (size_t) (stop - line));
		if (tab == NULL)
			write_script(line, (size_t) (stop - line), "", 0);
		else
			write_script(line, (size_t) (tab - line), tab + 1, (size_t) (stop - tab - 1));
		line = stop + 1;
	}
}

static void
remove_all(void)
{
	for (int i = 0; i < count; i++)
	{
		(void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void) unlink(path);
	}
}

static void
read_folder(void *argument)
{
	SlipwayOrder order = *(SlipwayOrder *) argument;
	SlipwayFolder *list = slipway_folder_read(folder);
	SlipwayManifest *manifest = slipway_manifest_build(list, order, NULL);

	fuzz_check(manifest->hash != NULL && manifest->text != NULL);
	for (size_t i = 1; i < manifest->folder->count; i++)
		fuzz_check(strcmp(manifest->folder->migrations[i - 1].name, manifest->folder->migrations[i].name) != 0 ||
				   manifest->folder->migrations[i - 1].kind != manifest->folder->migrations[i].kind);
	for (size_t i = 0; i < manifest->script_count; i++)
		fuzz_check(manifest->by_hash[i] != NULL);
	slipway_manifest_free(manifest);
	slipway_folder_free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SlipwayOrder order = SLIPWAY_ORDER_AUTO;

	make_folder();
	if (size > 0)
		order = (SlipwayOrder) (data[0] % 3);
	write_all((const char *) data, size);
	(void) fuzz_try(read_folder, &order);
	remove_all();
	return 0;
}
