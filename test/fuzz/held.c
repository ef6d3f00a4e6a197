/*
 * held.c
 *	  What the client holds while a target tries it.
 *
 * Memory that was there before, and is enlarged meanwhile, stays with whom it belongs to.
 */
#include "held.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define MOST_THINGS (1 << 17)
#define PLACES (2 * MOST_THINGS)
#define MOST_FILES 1024

typedef enum HeldKind
{
	HELD_MEMORY,
	HELD_STREAM,
	HELD_FOLDER
} HeldKind;

typedef struct HeldThing
{
	void	   *thing;
	HeldKind	kind;
} HeldThing;

void	   *__real_malloc(size_t size);
void	   *__real_calloc(size_t count, size_t size);
void	   *__real_realloc(void *old, size_t size);
void		__real_free(void *memory);
char	   *__real_strdup(const char *text);
char	   *__real_realpath(const char *path, char *resolved);
int			__real_vasprintf(char **text, const char *format, va_list arguments);
ssize_t		__real___getdelim(char **line, size_t *size, int end, FILE *stream);
FILE	   *__real_fopen(const char *path, const char *mode);
int			__real_fclose(FILE *stream);
DIR		   *__real_opendir(const char *path);
int			__real_closedir(DIR *folder);
int			__real_open(const char *path, int flags,...);
int			__real_close(int file);

void	   *__wrap_malloc(size_t size);
void	   *__wrap_calloc(size_t count, size_t size);
void	   *__wrap_realloc(void *old, size_t size);
void		__wrap_free(void *memory);
char	   *__wrap_strdup(const char *text);
char	   *__wrap_realpath(const char *path, char *resolved);
int			__wrap_vasprintf(char **text, const char *format, va_list arguments);
ssize_t		__wrap_getline(char **line, size_t *size, FILE *stream);
ssize_t		__wrap___getdelim(char **line, size_t *size, int end, FILE *stream);
FILE	   *__wrap_fopen(const char *path, const char *mode);
int			__wrap_fclose(FILE *stream);
DIR		   *__wrap_opendir(const char *path);
int			__wrap_closedir(DIR *folder);
int			__wrap_open(const char *path, int flags,...);
int			__wrap_close(int file);

static bool noting;
static HeldThing things[MOST_THINGS];
static size_t count;
static uint32_t places[PLACES]; /* by address: one more than the number of a thing, 0 is free */
static bool files[MOST_FILES];

static size_t
place_of(const void *thing)
{
	return (size_t) ((((uintptr_t) thing >> 4) * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % PLACES;
}

/* Where it is, or the free place where it would be. */
static size_t
find(const void *thing)
{
	size_t		place = place_of(thing);

	while (places[place] != 0 && things[places[place] - 1].thing != thing)
		place = (place + 1) % PLACES;
	return place;
}

static void *
note(void *thing, HeldKind kind)
{
	size_t		place;

	if (!noting || thing == NULL)
		return thing;
	place = find(thing);
	fuzz_check(places[place] == 0 && count < MOST_THINGS);
	things[count++] = (HeldThing) {thing, kind};
	places[place] = (uint32_t) count;
	return thing;
}

/* Those behind it move up, as they may be where they are because it was there. */
static void
free_place(size_t free)
{
	for (size_t place = (free + 1) % PLACES; places[place] != 0; place = (place + 1) % PLACES)
	{
		size_t		wanted = place_of(things[places[place] - 1].thing);

		if ((place + PLACES - wanted) % PLACES >= (place + PLACES - free) % PLACES)
		{
			places[free] = places[place];
			free = place;
		}
	}
	places[free] = 0;
}

/* True: it was noted. */
static bool
forget(const void *thing)
{
	size_t		place = thing != NULL && count > 0 ? find(thing) : 0;
	uint32_t	number = thing != NULL && count > 0 ? places[place] : 0;

	if (number == 0)
		return false;
	free_place(place);
	if (number != count)
	{
		place = find(things[count - 1].thing);
		things[number - 1] = things[count - 1];
		places[place] = number;
	}
	count--;
	return true;
}

void
held_begin(void)
{
	fuzz_check(!noting && count == 0);
	/* So that what jansson allocates is noted, too. */
	json_set_alloc_funcs(__wrap_malloc, __wrap_free);
	memset(files, 0, sizeof(files));
	noting = true;
}

void
held_end(void)
{
	noting = false;
	while (count > 0)
		(void) forget(things[count - 1].thing);
}

static void
release(const HeldThing *held)
{
	switch (held->kind)
	{
		case HELD_MEMORY:
			__real_free(held->thing);
			break;
		case HELD_STREAM:
			(void) __real_fclose(held->thing);
			break;
		case HELD_FOLDER:
			(void) __real_closedir(held->thing);
			break;
	}
}

void
held_release(void)
{
	noting = false;
	while (count > 0)
	{
		HeldThing	last = things[count - 1];

		(void) forget(last.thing);
		release(&last);
	}
	for (int file = 0; file < MOST_FILES; file++)
		if (files[file])
			(void) __real_close(file);
}

void *
__wrap_malloc(size_t size)
{
	return note(__real_malloc(size), HELD_MEMORY);
}

void *
__wrap_calloc(size_t number, size_t size)
{
	return note(__real_calloc(number, size), HELD_MEMORY);
}

void *
__wrap_realloc(void *old, size_t size)
{
	bool		ours = forget(old);
	void	   *new = __real_realloc(old, size);

	fuzz_check(new != NULL);
	return ours || old == NULL ? note(new, HELD_MEMORY) : new;
}

void
__wrap_free(void *memory)
{
	(void) forget(memory);
	__real_free(memory);
}

char *
__wrap_strdup(const char *text)
{
	return note(__real_strdup(text), HELD_MEMORY);
}

char *
__wrap_realpath(const char *path, char *resolved)
{
	char	   *real = __real_realpath(path, resolved);

	return resolved == NULL ? note(real, HELD_MEMORY) : real;
}

int
__wrap_vasprintf(char **text, const char *format, va_list arguments)
{
	int			length = __real_vasprintf(text, format, arguments);

	if (length >= 0)
		(void) note(*text, HELD_MEMORY);
	return length;
}

/* What the C library's headers make of getline(). */
ssize_t
__wrap___getdelim(char **line, size_t *size, int end, FILE *stream)
{
	bool		ours = *line == NULL || forget(*line);
	ssize_t		length = __real___getdelim(line, size, end, stream);

	if (ours)
		(void) note(*line, HELD_MEMORY);
	return length;
}

ssize_t
__wrap_getline(char **line, size_t *size, FILE *stream)
{
	return __wrap___getdelim(line, size, '\n', stream);
}

FILE *
__wrap_fopen(const char *path, const char *mode)
{
	return note(__real_fopen(path, mode), HELD_STREAM);
}

int
__wrap_fclose(FILE *stream)
{
	(void) forget(stream);
	return __real_fclose(stream);
}

DIR *
__wrap_opendir(const char *path)
{
	return note(__real_opendir(path), HELD_FOLDER);
}

int
__wrap_closedir(DIR *folder)
{
	(void) forget(folder);
	return __real_closedir(folder);
}

int
__wrap_open(const char *path, int flags,...)
{
	va_list		arguments;
	mode_t		mode;
	int			file;

	va_start(arguments, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	file = __real_open(path, flags, mode);
	if (noting && file >= 0)
	{
		fuzz_check(file < MOST_FILES);
		files[file] = true;
	}
	return file;
}

int
__wrap_close(int file)
{
	if (file >= 0 && file < MOST_FILES)
		files[file] = false;
	return __real_close(file);
}
