/*
 * fuzz.h
 *	  What the targets of the fuzzer share.
 *
 * A target is one program with LLVMFuzzerTestOneInput(). Linked with the fuzzer it looks for inputs; linked with replay.c it
 * is given those of a folder, which needs no special compiler.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The one function that every target has. */
int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Calls it, also if it ends with slipway_die(), which here returns to this place, after the functions that were pushed for it; 1 then,
 * else 0. What it had allocated and opened is freed and closed then: nothing that was there before may point to it.
 */
int			fuzz_try(void (*function) (void *argument), void *argument);

/* Name of a file that has this content, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Makes a folder, in memory where that is possible, which the caller removes. */
#define FUZZ_FOLDER_SIZE 64
void		fuzz_make_folder(char folder[FUZZ_FOLDER_SIZE]);

/* The same as a string, which the caller frees. A NUL in it is its end for most. */
char	   *fuzz_text(const uint8_t *data, size_t size);

/* Ends the program, as a failure of the target, unless it is true. */
#define fuzz_check(condition) \
	do { if (!(condition)) fuzz_fail(#condition, __FILE__, __LINE__); } while (0)
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

#endif
