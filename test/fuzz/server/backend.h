/*
 * backend.h
 *	  The fuzzer inside a backend: what its targets share.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "postgres.h"

#include "fmgr.h"

/* Ends the process, as a failure of the target, unless it is true. */
#define must(condition) \
	do { if (!(condition)) { fprintf(stderr, "not so: %s (%s:%d)\n", #condition, __FILE__, __LINE__); abort(); } } while (0)

typedef void (*BackendWork) (void *argument);
typedef void (*BackendInput) (const uint8 *data, size_t size);

/*
 * Runs it in a subtransaction that is rolled back; what it allocates stays until the input's end. False: it raised an error, whose
 * SQLSTATE is set, and whose texts were looked at.
 */
extern bool backend_attempt(BackendWork work, void *argument, int *sqlerrcode);

/* Lets the fuzzer run, with the array of texts that the function has for its argument; it ends the process. */
extern int	backend_run(FunctionCallInfo fcinfo, const char *name, BackendInput input);

#endif
