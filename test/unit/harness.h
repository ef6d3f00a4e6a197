/*
 * harness.h
 *	  What several unit tests need.
 */
#ifndef SLIPWAY_HARNESS_H
#define SLIPWAY_HARNESS_H

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/*
 * Runs function(argument) in a child process, which must exit with the code
 * and say the text somewhere on stderr.
 */
void		harness_expect_exit(void (*function) (void *argument), void *argument, int code, const char *text);

/* An empty folder of its own for a test, removed by harness_remove_folder(). */
char	   *harness_make_folder(void);
void		harness_remove_folder(char *path);

/* Writes a file of that name into a folder. */
void		harness_write_file(const char *folder, const char *name, const char *text);

#endif
