/*
 * fuzz_script.c
 *	  How a script is cut, with the fuzzer inside a backend: SELECT fuzz_script('{arguments of the fuzzer}').
 *
 * It is run by postgres --single, which the fuzzer ends. The whole extension is linked in, made with what the fuzzer needs to
 * see where it gets. Apart from crashes, these are failures:
 *
 * - a script without COPY data is cut into other statements than the server's parser makes of it as a whole,
 *	 or one of the two takes it and the other does not;
 * - statements overlap, or are outside of the script; data of COPY are;
 * - one that was cut out is not one statement any more;
 * - units do not hold every statement once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "error_code.h"
#include "script.h"
#include "unit.h"

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback) (const uint8 *data, size_t size));
extern PGDLLEXPORT Datum fuzz_script(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(fuzz_script);

#define must(condition) \
	do { if (!(condition)) { fprintf(stderr, "not so: %s (%s:%d)\n", #condition, __FILE__, __LINE__); abort(); } } while (0)

typedef struct Cut
{
	bool		good;
	int			sqlerrcode;
	int			n;				/* statements */
	bool		other;			/* what is in no statement: data, commands for psql, a change of the lexer */
} Cut;

typedef void (*Work) (const char *text, Cut *cut);

/* Runs it in a subtransaction that is rolled back. */
static void
attempt(Work work, const char *text, Cut *cut)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	memset(cut, 0, sizeof(Cut));
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		work(text, cut);
		cut->good = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		cut->sqlerrcode = error->sqlerrcode;
		/* No message is to have a text that is none. */
		must(error->message != NULL && pg_verify_mbstr(PG_UTF8, error->message, strlen(error->message), true));
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
}

static bool
changes_lexer(const RawStmt *raw)
{
	if (!IsA(raw->stmt, VariableSetStmt))
		return false;
	return castNode(VariableSetStmt, raw->stmt)->name == NULL ||
		pg_strcasecmp(castNode(VariableSetStmt, raw->stmt)->name, "standard_conforming_strings") == 0 ||
		pg_strcasecmp(castNode(VariableSetStmt, raw->stmt)->name, "backslash_quote") == 0;
}

/* By our cutter; it must be closed, also after an error. */
static void
cut_ourselves(const char *text, Cut *cut)
{
	SlipwayCutter *cutter = slipway_script_open(text, NULL);
	int			end = 0;
	int			length = strlen(text);

	PG_TRY();
	{
		SlipwayStatement statement;

		while (slipway_script_next(cutter, &statement))
		{
			must(statement.location >= end && statement.length > 0 && statement.location + statement.length <= length);
			must(statement.tree != NULL && statement.start.line >= 1);
			end = statement.location + statement.length;
			if (statement.data.location > 0)
			{
				must(statement.data.location >= end && statement.data.location <= length);
				cut->other = true;
			}
			cut->other |= changes_lexer(statement.tree);
			if (!cut->other)
				(void) slipway_statement_parse(slipway_statement_text(text, &statement));
			cut->n++;
		}
	}
	PG_FINALLY();
	{
		slipway_script_close(cutter);
	}
	PG_END_TRY();
}

static void
cut_as_server(const char *text, Cut *cut)
{
	List	   *trees = raw_parser(text, RAW_PARSE_DEFAULT);
	ListCell   *cell;

	cut->n = list_length(trees);
	foreach(cell, trees)
	{
		RawStmt    *raw = lfirst_node(RawStmt, cell);

		cut->other |= changes_lexer(raw);
		if (IsA(raw->stmt, CopyStmt))
			cut->other |= castNode(CopyStmt, raw->stmt)->is_from && castNode(CopyStmt, raw->stmt)->filename == NULL;
	}
}

static void
cut_into_units(const char *text, Cut *cut)
{
	SlipwayOutline *outline = slipway_outline("fuzz", NULL, text, text[0] == '-', 1024 * 1024);
	int			n = 0;

	for (int i = 0; i < outline->nunits; i++)
	{
		must(outline->units[i].first == n && outline->units[i].n > 0);
		must(!outline->units[i].alone || outline->units[i].n == 1);
		n += outline->units[i].n;
	}
	must(n == outline->nstatements);
	cut->n = n;
	/* With values for its variables it is another text. */
	cut->other = outline->expansion != NULL;
	if (n > 1 && !outline->units[0].alone)
	{
		(void) slipway_outline_cut(outline, n / 2, true);
		n = 0;
		for (int i = 0; i < outline->nunits; i++)
			n += outline->units[i].n;
		must(n == outline->nstatements);
	}
}

static bool
has_command_of_psql(const char *text)
{
	return strstr(text, "\\restrict") != NULL || strstr(text, "\\unrestrict") != NULL;
}

static void
compare(const char *text)
{
	Cut			ours;
	Cut			servers;
	Cut			units;

	attempt(cut_ourselves, text, &ours);
	attempt(cut_as_server, text, &servers);
	if (!ours.other && !servers.other && !has_command_of_psql(text))
	{
		must(ours.good == servers.good || (servers.good && ours.sqlerrcode == ERRCODE_STATEMENT_TOO_COMPLEX));
		must(!ours.good || ours.n == servers.n);
	}
	attempt(cut_into_units, text, &units);
	/* Units are refused for more; but who has them has statements. */
	if (units.good && !units.other && !ours.other)
		must(ours.good && units.n <= ours.n);
}

static int
try_input(const uint8 *data, size_t size)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	char	   *text = palloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	/* Nothing else is stored as a script. */
	if (strlen(text) == size && pg_verify_mbstr(PG_UTF8, text, size, true))
		compare(text);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return 0;
}

Datum
fuzz_script(PG_FUNCTION_ARGS)
{
	Datum	   *values;
	int			n;
	int			argc = 1;
	char	  **argv;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	argv = palloc0((n + 2) * sizeof(char *));
	argv[0] = "fuzz_script";
	for (int i = 0; i < n; i++)
		argv[argc++] = TextDatumGetCString(values[i]);
	PG_RETURN_INT32(LLVMFuzzerRunDriver(&argc, &argv, try_input));
}
