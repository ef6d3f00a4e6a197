/*
 * backend.c
 *	  The fuzzer inside a backend: what its targets share.
 */
#include "backend.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback) (const uint8 *data, size_t size));

static BackendInput input_function;

static bool
is_text(const char *text)
{
	return text == NULL || pg_verify_mbstr(PG_UTF8, text, strlen(text), true);
}

bool
backend_attempt(BackendWork work, void *argument, int *sqlerrcode)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool good = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		work(argument);
		good = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		*sqlerrcode = error->sqlerrcode;
		/* No message is to have a text that is none. */
		must(error->message != NULL && is_text(error->message) && is_text(error->detail) && is_text(error->hint) && is_text(error->context));
		must(error->sqlerrcode != ERRCODE_INTERNAL_ERROR);
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return good;
}

static int
try_input(const uint8 *data, size_t size)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	input_function(data, size);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return 0;
}

int
backend_run(FunctionCallInfo fcinfo, const char *name, BackendInput input)
{
	Datum	   *values;
	int			n;
	int			argc = 1;
	char	  **argv;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	argv = palloc0((n + 2) * sizeof(char *));
	for (int i = 0; i < n; i++)
		argv[argc++] = TextDatumGetCString(values[i]);
	/* What the fuzzer calls in place of this process, where it needs another one: see run.bash. */
	argv[0] = getenv("FUZZ_AGAIN") ? getenv("FUZZ_AGAIN") : pstrdup(name);
	input_function = input;
	return LLVMFuzzerRunDriver(&argc, &argv, try_input);
}
