/*
 * fuzz.c
 *	  What the targets of the fuzzer share.
 */
#include "fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "die.h"
#include "held.h"

#define MAX_CLEAN_UPS 64

/* The linker puts these in the place of those of die.c. */
_Noreturn void __wrap_slipway_die(SlipwayExitCode code, const char *hint, const char *format,...)
			__attribute__((format(printf, 3, 4)));
_Noreturn void __wrap_slipway_die_exit(SlipwayExitCode code);
void		__wrap_slipway_die_push(SlipwayCleanUp function, void *argument);
void		__wrap_slipway_die_pop(void);

static jmp_buf back;
static struct
{
	SlipwayCleanUp function;
	void	   *argument;
}			stack[MAX_CLEAN_UPS];
static int	depth;

void
__wrap_slipway_die_exit(SlipwayExitCode code)
{
	(void) code;
	while (depth > 0)
	{
		depth--;
		stack[depth].function(stack[depth].argument);
	}
	longjmp(back, 1);
}

void
__wrap_slipway_die(SlipwayExitCode code, const char *hint, const char *format,...)
{
	va_list		arguments;
	char	   *message;

	va_start(arguments, format);
	/* The texts are read to their ends. */
	fuzz_check(vasprintf(&message, format, arguments) >= 0);
	va_end(arguments);
	free(message);
	fuzz_check(hint == NULL || strlen(hint) > 0);
	__wrap_slipway_die_exit(code);
}

void
__wrap_slipway_die_push(SlipwayCleanUp function, void *argument)
{
	fuzz_check(depth < MAX_CLEAN_UPS);
	stack[depth].function = function;
	stack[depth].argument = argument;
	depth++;
}

void
__wrap_slipway_die_pop(void)
{
	fuzz_check(depth > 0);
	depth--;
}

int
fuzz_try(void (*function) (void *argument), void *argument)
{
	held_begin();
	if (setjmp(back) != 0)
	{
		held_release();
		return 1;
	}
	function(argument);
	fuzz_check(depth == 0);
	held_end();
	return 0;
}

const char *
fuzz_file(const uint8_t *data, size_t size)
{
	static int	file = -1;
	static char name[32];

	if (file < 0)
	{
		file = memfd_create("input", 0);
		fuzz_check(file >= 0);
		(void) snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	}
	fuzz_check(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t) size);
	return name;
}

void
fuzz_make_folder(char folder[FUZZ_FOLDER_SIZE])
{
	(void) snprintf(folder, FUZZ_FOLDER_SIZE, "%s/slipway-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fuzz_check(mkdtemp(folder) != NULL);
}

char *
fuzz_text(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);

	fuzz_check(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void
fuzz_fail(const char *condition, const char *file, int line)
{
	(void) fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	abort();
}
