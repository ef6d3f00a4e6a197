/*
 * fuzz_script.c
 *	  How a script is cut, with the fuzzer inside a backend: SELECT fuzz_script('{arguments of the fuzzer}').
 *
 * It is run by postgres --single, which the fuzzer ends. The whole extension is linked in, made with what the fuzzer needs to
 * see where it gets. Apart from crashes, these are failures:
 *
 * - a script is cut into other statements than the server's parser makes of it as a whole, where data of COPY are
 *	 blanks for that, or one of the two takes it and the other does not;
 * - statements overlap, or are outside of the script; data of COPY are;
 * - one that was cut out is not the same one any more, or is not where it is said to be;
 * - units do not hold every statement once;
 * - the client sees another normal form, or another kind of migration;
 * - a secret value of a variable is left where it is to be masked;
 * - where values must be plain, one of them has other statements made of what the script says than a word has.
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

#include "backend.h"
#include "directive.h"
#include "error_code.h"
#include "normal_form.h"
#include "script.h"
#include "script_shape.h"
#include "unit.h"
#include "variable.h"

/* Bytes of the longest script. */
#define ROOM (1024 * 1024)

#define VALUES "{\"a\": \"1; COPY t FROM STDIN;\\n\", \"b\": \"q7 secret''\\\\;$$ word\", \"c\": \"e'\"}"

PG_FUNCTION_INFO_V1(fuzz_script);

/* Of client/directive.c and client/script_text.c, whose headers have names that are taken here. */
extern bool client_directive_is_there(const char *text, size_t length, const char *name);
extern size_t client_script_text_normalise(char *text, size_t length, bool start);

typedef struct Cut
{
	const char *text;
	bool		good;
	int			sqlerrcode;
	List	   *trees;			/* nodes of the statements */
	char	   *blanked;		/* the text with blanks for data of COPY; NULL: it has none */
	char	   *expanded;		/* with the values of its variables; NULL: it has none */
	bool		other;			/* a change of the lexer, or data that the server does not know */
} Cut;

/* Inputs that were ... */
static struct
{
	uint64		tried;
	uint64		parsed;			/* taken by the server's parser, or by ours with data of COPY in them */
	uint64		many;			/* with several statements */
	uint64		data;
	uint64		expanded;
	uint64		approved;		/* each time that plain values were let in */
	uint64		units;			/* runnable as a migration */
}			count;

static bool
changes_lexer(const RawStmt *raw)
{
	if (!IsA(raw->stmt, VariableSetStmt))
		return false;
	return castNode(VariableSetStmt, raw->stmt)->name == NULL ||
		pg_strcasecmp(castNode(VariableSetStmt, raw->stmt)->name, "standard_conforming_strings") == 0 ||
		pg_strcasecmp(castNode(VariableSetStmt, raw->stmt)->name, "backslash_quote") == 0;
}

/* So that what is left is SQL; positions and lines stay. */
static void
blank_data(Cut *cut, const SlipwayCopyData *data)
{
	int			length = strlen(cut->text);
	int			end = data->location + data->length;

	must(data->location <= length && data->length >= 0 && end <= length);
	must(end == length || strncmp(cut->text + end, "\\.", 2) == 0);
	must(data->length == 0 || cut->text[end - 1] == '\n');
	if (cut->blanked == NULL)
		cut->blanked = pstrdup(cut->text);
	end += strcspn(cut->text + end, "\n");
	for (int i = data->location; i < end; i++)
		if (cut->blanked[i] != '\n')
			cut->blanked[i] = ' ';
}

static void
check_statement(Cut *cut, const SlipwayStatement *statement)
{
	const char *text = cut->text;
	int			line = 1;

	for (int i = 0; i < statement->location; i++)
		line += text[i] == '\n';
	must(statement->tree != NULL && statement->start.line == line);
	must(statement->start.position == pg_mbstrlen_with_len(text, statement->location) + 1);
	/* A change of the lexer is in force already. */
	if (!cut->other && !changes_lexer(statement->tree))
		must(equal(statement->tree->stmt, slipway_statement_parse(slipway_statement_text(text, statement))->stmt));
}

/* By our cutter; it must be closed, also after an error. */
static void
cut_ourselves(void *argument)
{
	Cut		   *cut = argument;
	SlipwayCutter *cutter = slipway_script_open(cut->text, NULL);
	int			end = 0;
	int			length = strlen(cut->text);

	PG_TRY();
	{
		SlipwayStatement statement;

		while (slipway_script_next(cutter, &statement))
		{
			must(statement.location >= end && statement.length > 0 && statement.location + statement.length <= length);
			end = statement.location + statement.length;
			check_statement(cut, &statement);
			if (statement.data.location > 0)
			{
				must(statement.data.location >= end);
				blank_data(cut, &statement.data);
			}
			cut->other |= changes_lexer(statement.tree);
			cut->trees = lappend(cut->trees, statement.tree->stmt);
		}
	}
	PG_FINALLY();
	{
		slipway_script_close(cutter);
	}
	PG_END_TRY();
}

static void
cut_as_server(void *argument)
{
	Cut		   *cut = argument;
	ListCell   *cell;

	foreach(cell, raw_parser(cut->text, RAW_PARSE_DEFAULT))
	{
		RawStmt    *raw = lfirst_node(RawStmt, cell);

		cut->other |= changes_lexer(raw);
		if (IsA(raw->stmt, CopyStmt))
			cut->other |= castNode(CopyStmt, raw->stmt)->is_from && castNode(CopyStmt, raw->stmt)->filename == NULL;
		cut->trees = lappend(cut->trees, raw->stmt);
	}
}

static void
check_expansion(Cut *cut, const SlipwayExpansion *expansion)
{
	int			length = strlen(expansion->text);
	int			before = 0;
	char	   *masked = pstrdup(expansion->text);

	for (int i = 0; i <= length; i++)
	{
		int			raw = slipway_expansion_raw(expansion, i);

		must(raw >= before && raw <= (int) strlen(cut->text));
		before = raw;
	}
	slipway_expansion_mask(expansion, 0, length, masked);
	must((int) strlen(masked) == length);
	for (int i = 0; i < expansion->n; i++)
	{
		const SlipwayHole *hole = &expansion->holes[i];

		if (hole->secret)
			must(strncmp(masked + hole->at, expansion->text + hole->at, hole->length) != 0);
	}
	cut->expanded = expansion->text;
}

static void
check_units(const SlipwayOutline *outline)
{
	int			n = 0;

	for (int i = 0; i < outline->nunits; i++)
	{
		must(outline->units[i].first == n && outline->units[i].n > 0);
		must(!outline->units[i].alone || outline->units[i].n == 1);
		n += outline->units[i].n;
	}
	must(n == outline->nstatements);
}

static void
cut_into_units(void *argument)
{
	Cut		   *cut = argument;
	SlipwayOutline *outline = slipway_outline("fuzz", NULL, cut->text, cut->text[0] == '-', strlen(cut->text) % 2 ? 1024 * 1024 : 1);

	check_units(outline);
	for (int i = 0; i < outline->nstatements; i++)
		cut->trees = lappend_int(cut->trees, i);
	if (outline->expansion)
		check_expansion(cut, outline->expansion);
	for (int i = 0; i < outline->nstatements; i += 2)
	{
		(void) slipway_outline_cut(outline, i, i % 4 == 0);
		check_units(outline);
	}
}

static void
offer(const char *values)
{
	slipway_variables_take(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(values))), false, NULL);
}

/* What was approved: where its statements begin and end in the script, with values that were not. */
static void
cut_approved(void *argument)
{
	Cut		   *cut = argument;
	SlipwayOutline *outline;

	slipway_variables_require_plain(SLIPWAY_PLAIN_APPROVAL);
	outline = slipway_outline("fuzz", NULL, cut->text, false, 0);
	for (int i = 0; i < outline->nstatements; i++)
	{
		int			at = outline->statements[i].location;

		if (outline->expansion == NULL)
			break;
		cut->trees = lappend_int(cut->trees, slipway_expansion_raw(outline->expansion, at));
		cut->trees = lappend_int(cut->trees, slipway_expansion_raw(outline->expansion, at + outline->statements[i].length - 1));
	}
}

static bool
has_command_of_psql(const char *text)
{
	return strstr(text, "\\restrict") != NULL || strstr(text, "\\unrestrict") != NULL;
}

static void
run(BackendWork work, Cut *cut, const char *text)
{
	memset(cut, 0, sizeof(Cut));
	cut->text = text;
	cut->good = backend_attempt(work, cut, &cut->sqlerrcode);
}

/* Returns whether there was anything to compare. */
static bool
compare(const char *text, Cut *ours)
{
	Cut			servers;

	run(cut_ourselves, ours, text);
	run(cut_as_server, &servers, ours->good && ours->blanked ? ours->blanked : text);
	count.data += ours->good && ours->blanked != NULL;
	if (has_command_of_psql(text) || ours->other)
		return ours->good;
	if (ours->good)
	{
		must(servers.good && equal(ours->trees, servers.trees));
		script_shape_note(ours->blanked ? ours->blanked : text, ours->trees);
	}
	else if (!servers.other)
		must(!servers.good || ours->sqlerrcode == ERRCODE_STATEMENT_TOO_COMPLEX);
	return ours->good;
}

static void
check_approved(const char *text)
{
	static const char *const plain[] = {"E", "e", "b", "X", "N", "u", "", "-", "/", "+", "=", "@", ".", ":", ",", "1", "-1", "1e", "a.b", "x-", "/x", "x/",
	"_", "\xc3\xa9", "1,E", "+b", "a=b", "..", "a,"};
	Cut			word;
	Cut			value;

	offer("{\"a\": \"word\", \"b\": \"word\", \"c\": \"word\"}");
	run(cut_approved, &word, text);
	for (int i = strlen(text) % 4; word.good && i < lengthof(plain); i += 4)
	{
		offer(psprintf("{\"a\": \"%s\", \"b\": \"%s\", \"c\": \"%s\"}", plain[i], plain[(i + 7) % lengthof(plain)], plain[(i + 11) % lengthof(plain)]));
		run(cut_approved, &value, text);
		must(!value.good || equal(word.trees, value.trees));
		count.approved += value.good;
	}
	slipway_variables_require_plain(SLIPWAY_PLAIN_NOT);
	offer(VALUES);
}

static void
check_client(const char *text, bool good)
{
	bool		clients_kind;
	bool		servers_kind;
	size_t		length = strlen(text);
	char	   *clients = pstrdup(text);
	char	   *servers = pstrdup(text);

	clients[client_script_text_normalise(clients, length, true)] = '\0';
	slipway_normal_form(servers);
	must(strcmp(clients, servers) == 0);
	clients_kind = client_directive_is_there(clients, strlen(clients), "repeatable");
	servers_kind = slipway_directive_is_there(servers, "repeatable");
	/* With a value, which it must not have, the server sees it, too. */
	must(clients_kind == servers_kind || (servers_kind && !good));
}

static void
check_script(const char *text)
{
	Cut			ours;
	Cut			units;
	Cut			expanded;
	bool		good = compare(text, &ours);

	count.tried++;
	count.parsed += good;
	count.many += good && list_length(ours.trees) > 1;
	run(cut_into_units, &units, text);
	count.units += units.good;
	check_client(text, units.good);
	/* Units are refused for more; but who has them has statements. */
	if (units.good && units.expanded == NULL && !ours.other)
		must(ours.good && list_length(units.trees) <= list_length(ours.trees));
	if (units.good && units.expanded)
	{
		count.expanded++;
		must(compare(units.expanded, &expanded));
	}
	if (strstr(text, "${") && strstr(text, "slipway"))
		check_approved(text);
}

/* In front of memory that nobody may read. */
static char *
place_text(const uint8 *data, size_t size)
{
	static char *end = NULL;

	if (end == NULL)
	{
		char	   *room = mmap(NULL, ROOM + getpagesize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(room != MAP_FAILED && mprotect(room + ROOM, getpagesize(), PROT_NONE) == 0);
		end = room + ROOM;
	}
	end[-1] = '\0';
	return memcpy(end - 1 - size, data, size);
}

static void
try_script(const uint8 *data, size_t size)
{
	const char *text;

	if (size >= ROOM)
		return;
	text = place_text(data, size);
	/* Nothing else is stored as a script. */
	if (strlen(text) != size || !pg_verify_mbstr(PG_UTF8, text, size, true))
		return;
	standard_conforming_strings = size % 8 != 7;
	check_script(text);
	standard_conforming_strings = true;
}

static void
print_count(void)
{
	fprintf(stderr, "scripts: " UINT64_FORMAT "; parsed: " UINT64_FORMAT ", of several statements: " UINT64_FORMAT ", with data: " UINT64_FORMAT
			", good as migrations: " UINT64_FORMAT ", with variables: " UINT64_FORMAT
			", with plain values: " UINT64_FORMAT "\n",
			count.tried, count.parsed, count.many, count.data, count.units, count.expanded, count.approved);
}

Datum
fuzz_script(PG_FUNCTION_ARGS)
{
	offer(VALUES);
	(void) atexit(print_count);
	PG_RETURN_INT32(backend_run(fcinfo, "fuzz_script", try_script));
}
