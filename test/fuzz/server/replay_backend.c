/*
 * replay_backend.c
 *	  In the place of the fuzzer: gives a target inside a backend every file of a folder, once, and returns how many these were.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define LARGEST (1024 * 1024)

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback) (const uint8 *data, size_t size));

int
LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback) (const uint8 *data, size_t size))
{
	DIR		   *folder = opendir((*argv)[1]);
	uint8	   *data = palloc(LARGEST);
	struct dirent *item;
	int			n = 0;

	if (*argc != 2 || folder == NULL)
		elog(ERROR, "could not open folder \"%s\": %m", (*argv)[1]);
	while ((item = readdir(folder)) != NULL)
	{
		int			file = item->d_name[0] == '.' ? -1 : openat(dirfd(folder), item->d_name, O_RDONLY);
		ssize_t		size;

		if (file < 0)
			continue;
		size = read(file, data, LARGEST);
		(void) close(file);
		if (size < 0)
			elog(ERROR, "could not read \"%s\": %m", item->d_name);
		/* If the process ends with it, this is the last line of the log. */
		fprintf(stderr, "input: %s/%s\n", (*argv)[1], item->d_name);
		(void) callback(data, size);
		n++;
	}
	(void) closedir(folder);
	return n;
}
