/*
 * replay.c
 *	  Gives a target of the fuzzer every file of a folder, once: replay FOLDER.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define LARGEST (1024 * 1024)

static size_t
read_input(int folder, const char *name, uint8_t *data)
{
	int			file = openat(folder, name, O_RDONLY);
	ssize_t		size = file < 0 ? -1 : read(file, data, LARGEST);

	if (size < 0)
	{
		perror(name);
		exit(2);
	}
	(void) close(file);
	return (size_t) size;
}

int
main(int argc, char **argv)
{
	DIR		   *folder = argc == 2 ? opendir(argv[1]) : NULL;
	uint8_t    *input = malloc(LARGEST);
	struct dirent *item;
	int			count = 0;

	if (folder == NULL || input == NULL)
	{
		(void) fprintf(stderr, "usage: replay FOLDER\n");
		return 2;
	}
	(void) LLVMFuzzerTestOneInput((const uint8_t *) "", 0);
	while ((item = readdir(folder)) != NULL)
	{
		size_t		size;
		uint8_t    *exact;

		if (item->d_name[0] == '.')
			continue;
		size = read_input(dirfd(folder), item->d_name, input);
		/* So that who looks at memory sees a byte too many. */
		exact = malloc(size > 0 ? size : 1);
		if (exact == NULL)
			return 2;
		memcpy(exact, input, size);
		(void) LLVMFuzzerTestOneInput(exact, size);
		free(exact);
		count++;
	}
	(void) closedir(folder);
	free(input);
	(void) printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
