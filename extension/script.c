/*
 * script.c
 *	  The statements of a script.
 *
 * A script is cut by the server's own scanner, so quotes, dollar quotes,
 * nested comments, Unicode escapes and operators end where the server says,
 * and each piece is parsed by the server's own grammar. The scanner only
 * proposes: a semicolon outside parentheses ends a statement. The one
 * construct with other semicolons in it is the body of a SQL function written
 * BEGIN ATOMIC ... END, where CASE ... END and columns named "end" make
 * counting keywords unreliable; there the piece is tried at its first semicolon,
 * as BEGIN and ATOMIC may be names, and then at each that follows END, until
 * the grammar accepts it.
 *
 * Parsing the script as a whole would be simpler, but its parse tree is ten
 * to fifty times the size of its text, errors in it would be found with the
 * lexer settings of its beginning, and every statement would carry the whole
 * script into logs and pg_stat_statements.
 *
 * Long scripts are mostly plain statements that end in a semicolon at the end
 * of a line. For those the scanner need not run before the grammar does: if
 * the text up to such a semicolon parses as one statement, it is one. The
 * semicolon could otherwise only be inside quotes, parentheses or a block
 * comment, and then what stands before it does not parse; or inside a line
 * comment or a dollar quote, and text with those, or with anything that the
 * grammar refuses, is left to the scanner.
 *
 * The scanner works on a copy of its text, so it is given a window of the
 * script, and a larger one if the statement does not end in it.
 *
 * Behind COPY ... FROM STDIN stand data, which the scanner must not see: they
 * begin on the next line, but what is left of the line with the semicolon is
 * still SQL, where psql takes it for that, and perhaps another COPY whose data
 * follow those of the first. So for that rest the script ends with the line.
 */
#include "postgres.h"

#include "common/keywords.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "psql_command.h"
#include "script.h"

/*
 * The scanner reports keywords by a list that we give it; all we need to
 * recognise are these. Their numbers only have to differ from those of
 * the scanner's own tokens, which begin at 258.
 */
enum
{
	TOKEN_ATOMIC = 1000,
	TOKEN_BEGIN,
	TOKEN_END
};

static int
keyword_hash(const void *key, size_t keylen)
{
	switch (*(const char *) key | 0x20)
	{
		case 'a':
			return 0;
		case 'b':
			return 1;
		default:
			return 2;
	}
}

static const uint16 keyword_offsets[] = {0, 7, 13};
static const uint16 keyword_tokens[] = {TOKEN_ATOMIC, TOKEN_BEGIN, TOKEN_END};
static const ScanKeywordList keywords = {
	.kw_string = "atomic\0begin\0end",
	.kw_offsets = keyword_offsets,
	.hash = keyword_hash,
	.num_keywords = 3,
	.max_kw_len = 6,
};

/* First window of the scanner, in bytes. That of the fuzzer is small, so that its borders are everywhere. */
#ifndef WINDOW_SIZE
#define WINDOW_SIZE 16384
#endif

/* Longest text with semicolons in it that is tried as one statement, in bytes. */
#define TRIED_SIZE (1024 * 1024)

/* Sizes of a context for one tree, which may be kept: blocks of a larger one would be half empty. */
#define TREE_SIZES ALLOCSET_SMALL_MINSIZE, ALLOCSET_DEFAULT_INITSIZE, 64 * 1024

struct SlipwayCutter
{
	const char *script;
	const SlipwayExpansion *expansion;	/* NULL: it is as it was written */
	int			length;			/* of what is cut for now: the script, or up to the end of a line */
	int			script_length;
	int			next;			/* byte where the next statement is looked for */
	int			resume;			/* byte behind the data of the COPYs on this line; 0: there are none */
	SlipwayCopyData data;		/* of the last of these */
	SlipwayRestriction restriction;
	SlipwayPosition restriction_position;
	int			not_plain_to;	/* up to this byte the scanner is needed */
	core_yyscan_t scanner;		/* NULL: none is open */
	core_yy_extra_type extra;
	int			window;			/* byte where the text of the scanner begins */
	int			window_end;
	SlipwayPosition window_position;
	MemoryContext window_context;	/* what the scanner allocates */
	bool		saved_strings;	/* standard_conforming_strings of the caller */
	int			counted_to;		/* byte of what was written whose position is known: */
	SlipwayPosition position;
};

SlipwayCutter *
slipway_script_open(const char *script, const SlipwayExpansion *expansion)
{
	SlipwayCutter *cutter = palloc0(sizeof(SlipwayCutter));

	cutter->script = script;
	cutter->expansion = expansion;
	cutter->script_length = strlen(script);
	cutter->length = cutter->script_length;
	cutter->window_context = AllocSetContextCreate(CurrentMemoryContext, "slipway window",
												   ALLOCSET_DEFAULT_SIZES);
	cutter->saved_strings = standard_conforming_strings;
	cutter->position = (SlipwayPosition) {1, 1, 1};
	return cutter;
}

/* Counted on from the last place that was asked for, as long scripts have many. */
static SlipwayPosition
position_of(SlipwayCutter *cutter, int location)
{
	const char *script = cutter->script;

	if (cutter->expansion)
	{
		script = cutter->expansion->raw;
		location = slipway_expansion_raw(cutter->expansion, location);
	}
	Assert(location >= cutter->counted_to);
	cutter->position = slipway_position_advance(cutter->position, script + cutter->counted_to,
												location - cutter->counted_to);
	cutter->counted_to = location;
	return cutter->position;
}

static void
close_window(SlipwayCutter *cutter)
{
	if (cutter->scanner)
		scanner_finish(cutter->scanner);
	cutter->scanner = NULL;
	MemoryContextReset(cutter->window_context);
}

/* What is skipped where a statement may begin: empty statements, blanks, line comments. */
static int
skip_blanks(const char *script, int from)
{
	for (;;)
	{
		from += strspn(script + from, "; \t\n\r\f");
		if (script[from] != '-' || script[from + 1] != '-')
			return from;
		from += strcspn(script + from, "\n\r");
	}
}

/* Gives the scanner size bytes of the script from where the next statement is. */
static void
open_window(SlipwayCutter *cutter, int size)
{
	MemoryContext caller = CurrentMemoryContext;

	close_window(cutter);
	MemoryContextSwitchTo(cutter->window_context);
	cutter->window = cutter->next;
	cutter->window_end = size < cutter->length - cutter->next ? cutter->next + size : cutter->length;
	cutter->window_position = position_of(cutter, cutter->window);
	cutter->scanner = scanner_init(pnstrdup(cutter->script + cutter->window,
											cutter->window_end - cutter->window),
								   &cutter->extra, &keywords, keyword_tokens);
	/* The parser will warn about escapes; once is enough. */
	cutter->extra.escape_string_warning = false;
	MemoryContextSwitchTo(caller);
}

void
slipway_script_close(SlipwayCutter *cutter)
{
	standard_conforming_strings = cutter->saved_strings;
	close_window(cutter);
	/* What is cancelled while it reads ends in there. */
	if (CurrentMemoryContext == cutter->window_context)
		MemoryContextSwitchTo(MemoryContextGetParent(cutter->window_context));
	MemoryContextDelete(cutter->window_context);
	pfree(cutter);
}

char *
slipway_statement_text(const char *script, const SlipwayStatement *statement)
{
	return pnstrdup(script + statement->location, statement->length);
}

/* Keeps the lexer in step with a script that changes how strings are read. */
static void
obey_string_setting(SlipwayCutter *cutter, const RawStmt *raw)
{
	const VariableSetStmt *set = (const VariableSetStmt *) raw->stmt;
	bool		value;

	if (!IsA(set, VariableSetStmt) || set->name == NULL ||
		pg_strcasecmp(set->name, "standard_conforming_strings") != 0)
		return;
	(void) parse_bool(GetConfigOptionResetString("standard_conforming_strings"), &value);
	if (set->kind == VAR_SET_VALUE && list_length(set->args) == 1)
	{
		A_Const    *arg = linitial(set->args);

		if (!IsA(arg, A_Const))
			return;
		if (IsA(&arg->val, String))
			(void) parse_bool(strVal(&arg->val), &value);
		else if (IsA(&arg->val, Integer))
			value = intVal(&arg->val) != 0;
	}
	if (cutter->scanner)
		cutter->extra.standard_conforming_strings = value;
	standard_conforming_strings = value;
}

/*
 * In PG_CATCH: drops an error about the text, and raises any other again. What
 * was tried acquires nothing but memory, so that it needs no subtransaction.
 */
static void
drop_refusal(MemoryContext caller)
{
	int			category = ERRCODE_TO_CATEGORY(geterrcode());

	MemoryContextSwitchTo(caller);
	if (category != ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_FEATURE_NOT_SUPPORTED) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_STATEMENT_TOO_COMPLEX))
		PG_RE_THROW();
	FlushErrorState();
}

/* The trees of a text; NIL where the grammar refuses it. */
static List *
try_parse(const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *volatile trees = NIL;

	PG_TRY();
	{
		trees = raw_parser(text, RAW_PARSE_DEFAULT);
	}
	PG_CATCH();
	{
		drop_refusal(caller);
	}
	PG_END_TRY();
	return trees;
}

/*
 * Is this piece, which holds BEGIN ATOMIC, a whole statement? A long body is
 * tried often: nothing of that may stay in memory.
 */
static bool
is_whole(const char *script, const SlipwayStatement *piece)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "slipway trial parse",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	bool		whole = try_parse(slipway_statement_text(script, piece)) != NIL;

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return whole;
}

RawStmt *
slipway_statement_parse(const char *text)
{
	List	   *trees = raw_parser(text, RAW_PARSE_DEFAULT);

	if (list_length(trees) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("statement was cut differently before the script ran"),
				 errhint("Change standard_conforming_strings only by a SET statement of its own.")));
	return linitial_node(RawStmt, trees);
}

static int
trimmed_length(const char *script, int start, int end)
{
	while (end > start && scanner_isspace(script[end - 1]))
		end--;
	return end - start;
}

/* The next semicolon at the end of a line or of the script, or -1. */
static int
find_line_end(const SlipwayCutter *cutter, int from)
{
	const char *end = cutter->script + cutter->length;
	const char *found = cutter->script + from;

	while ((found = memchr(found, ';', end - found)) != NULL)
	{
		if (found + 1 == end || found[1] == '\n')
			return found - cutter->script;
		found++;
	}
	return -1;
}

/*
 * No line comment, and no dollar quote, of which the semicolon could be part;
 * and a token of the statement at its beginning, as that is what positions are
 * counted from.
 */
static bool
is_plain(const char *text, int length)
{
	const char *end = text + length;

	if (strncmp(text, "/*", 2) == 0 || memchr(text, '$', length))
		return false;
	for (const char *p = text; (p = memchr(p, '-', end - p)) != NULL; p++)
		if (p[1] == '-')
			return false;
	return true;
}

/*
 * The tree of a text that is one statement, or NULL. With semicolons in it, it
 * may also be many: their trees go with a context of their own.
 */
static RawStmt *
try_statement(const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		several = strchr(text, ';') != NULL;
	List	   *trees;

	if (several)
		MemoryContextSwitchTo(AllocSetContextCreate(caller, "slipway trial parse", TREE_SIZES));
	trees = try_parse(text);
	if (several && list_length(trees) != 1)
	{
		MemoryContextDelete(MemoryContextSwitchTo(caller));
		return NULL;
	}
	MemoryContextSwitchTo(caller);
	return list_length(trees) == 1 ? linitial_node(RawStmt, trees) : NULL;
}

/* Takes a statement that ends where a line does; false: ask the scanner. */
static bool
take_plain(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	int			start = cutter->next;
	int			end;
	char	   *text;

	if (start < cutter->not_plain_to || cutter->resume > 0)
		return false;
	end = find_line_end(cutter, start);
	cutter->not_plain_to = end < 0 ? cutter->length + 1 : end + 1;
	if (end < 0 || !is_plain(cutter->script + start, end - start) ||
		(end - start > TRIED_SIZE && memchr(cutter->script + start, ';', end - start)))
		return false;
	statement->location = start;
	statement->length = trimmed_length(cutter->script, start, end);
	statement->start = position_of(cutter, start);
	text = slipway_statement_text(cutter->script, statement);
	statement->tree = try_statement(text);
	pfree(text);
	if (statement->tree == NULL)
		return false;
	cutter->next = end + 1;
	close_window(cutter);
	return true;
}

static int
next_token(SlipwayCutter *cutter, int *place)
{
	core_YYSTYPE value;
	YYLTYPE		location = 0;
	int			token;

	CHECK_FOR_INTERRUPTS();
	token = core_yylex(&value, &location, cutter->scanner);
	*place = cutter->window + location;
	return token;
}

/* How a walk of the scanner ended. */
typedef enum ScanEnd
{
	SCAN_STATEMENT,				/* at the end of a statement */
	SCAN_NOTHING,				/* there is none */
	SCAN_COMMAND,				/* before one for psql, behind a comment */
	SCAN_WINDOW					/* at the end of a window that is not that of the script */
} ScanEnd;

/* For errors that are about one place. */
static void
set_place(SlipwayCutter *cutter, SlipwayStatement *statement, int location)
{
	statement->location = location;
	statement->start = position_of(cutter, location);
}

static void
refuse_unfinished(SlipwayCutter *cutter, SlipwayStatement *statement, int start)
{
	set_place(cutter, statement, start);
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("statement behind COPY ... FROM STDIN does not end on its line"),
			 errdetail("The data of COPY begin on the next line."),
			 errhint("Write the statement behind the data.")));
}

/* A backslash outside of quotes is no SQL; true: it is where a statement may begin. */
static bool
meets_command(SlipwayCutter *cutter, SlipwayStatement *statement, int place, bool inside)
{
	if (!inside)
		cutter->next = place;
	else if (slipway_psql_command_ends_query(cutter->script + place))
	{
		set_place(cutter, statement, place);
		slipway_psql_command_refuse(cutter->script + place);
	}
	return !inside;
}

/*
 * Walks to the end of one statement, in the window. Sets it only then: until
 * then its place is that of the window, for lexical errors.
 */
static ScanEnd
scan_statement(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	SlipwayStatement piece = *statement;
	int			previous = 0;
	int			depth = 0;
	int			start = -1;
	int			place;
	bool		atomic = false;
	bool		tried = false;

	for (;;)
	{
		int			token = next_token(cutter, &place);

		if (token == 0 && cutter->window_end < cutter->length)
			return SCAN_WINDOW;
		if (token == 0 && start < 0)
			return SCAN_NOTHING;
		if (token == 0 && cutter->resume > 0)
			refuse_unfinished(cutter, statement, start);
		if (token == '\\' && meets_command(cutter, statement, place, start >= 0))
			return SCAN_COMMAND;
		if (token == 0 || (token == ';' && depth <= 0 && start >= 0))
		{
			piece.location = start;
			piece.length = trimmed_length(cutter->script, start, place);
			if (token == 0 || !atomic ||
				((previous == TOKEN_END || !tried) && is_whole(cutter->script, &piece)))
			{
				*statement = piece;
				cutter->next = token == 0 ? place : place + 1;
				return SCAN_STATEMENT;
			}
			tried = true;
		}
		else if (token != ';' && start < 0)
			start = place;
		if (token == '(')
			depth++;
		else if (token == ')')
			depth--;
		else if (token == TOKEN_ATOMIC && previous == TOKEN_BEGIN)
			atomic = true;
		previous = token;
	}
}

/*
 * The same, where an error may be about the end of the window only, which can
 * be in the middle of a token.
 */
static ScanEnd
scan_guarded(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	volatile ScanEnd end = SCAN_WINDOW;

	PG_TRY();
	{
		end = scan_statement(cutter, statement);
	}
	PG_CATCH();
	{
		drop_refusal(cutter->window_context);
	}
	PG_END_TRY();
	return end;
}

static ScanEnd
scan_window(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	MemoryContext caller = MemoryContextSwitchTo(cutter->window_context);
	ScanEnd		end = cutter->window_end == cutter->length ?
		scan_statement(cutter, statement) : scan_guarded(cutter, statement);

	MemoryContextSwitchTo(caller);
	return end;
}

/* Takes a statement as the scanner cuts it. */
static ScanEnd
take_scanned(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	ScanEnd		end = SCAN_WINDOW;

	for (int size = WINDOW_SIZE; end == SCAN_WINDOW; size *= 2)
	{
		if (cutter->scanner == NULL || size > WINDOW_SIZE)
			open_window(cutter, size);
		/* The scanner counts the place of a lexical error from there. */
		statement->location = cutter->window;
		statement->start = cutter->window_position;
		end = scan_window(cutter, statement);
	}
	if (end == SCAN_STATEMENT)
	{
		char	   *text = slipway_statement_text(cutter->script, statement);

		statement->start = position_of(cutter, statement->location);
		statement->tree = slipway_statement_parse(text);
		pfree(text);
	}
	return end;
}

/* Commands for psql between statements: what pg_dump writes is skipped. */
static void
take_commands(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	for (;;)
	{
		cutter->next = Min(skip_blanks(cutter->script, cutter->next), cutter->length);
		if (cutter->next == cutter->length || cutter->script[cutter->next] != '\\')
			break;
		close_window(cutter);
		set_place(cutter, statement, cutter->next);
		cutter->restriction_position = statement->start;
		cutter->next += slipway_psql_command_take(cutter->script + cutter->next, &cutter->restriction);
	}
}

static int
count_lines(const char *text, int length)
{
	const char *end = text + length;
	int			n = 0;

	while ((text = memchr(text, '\n', end - text)) != NULL)
	{
		text++;
		n++;
	}
	return n;
}

/* Where the data of this COPY begin, if any end there; their line, too. */
static SlipwayCopyData
begin_data(SlipwayCutter *cutter, const SlipwayStatement *statement)
{
	SlipwayCopyData data = cutter->data;
	const char *line_end;

	if (cutter->resume > 0)
	{
		data.line += count_lines(cutter->script + data.location, cutter->resume - data.location);
		data.location = cutter->resume;
		return data;
	}
	line_end = memchr(cutter->script + cutter->next, '\n', cutter->length - cutter->next);
	if (line_end)
		cutter->length = line_end - cutter->script;
	data.location = Min(cutter->length + 1, cutter->script_length);
	data.line = statement->start.line +
		count_lines(cutter->script + statement->location, data.location - statement->location);
	return data;
}

static void
take_data(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	SlipwayCopyData data = begin_data(cutter, statement);
	int			behind = slipway_copy_data_find(cutter->script, data.location, cutter->script_length, &data);

	if (behind < 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("data of COPY ... FROM STDIN have no end"),
				 errhint("They begin on the line below, and a line with \\. and nothing else ends them.")));
	close_window(cutter);
	cutter->data = statement->data = data;
	cutter->resume = behind;
}

/* Goes on behind the data of the COPYs on a line; false: there are none. */
static bool
leave_line(SlipwayCutter *cutter)
{
	if (cutter->resume == 0)
		return false;
	close_window(cutter);
	cutter->next = cutter->resume;
	cutter->resume = 0;
	cutter->length = cutter->script_length;
	return true;
}

/* Takes the next statement before the end of what is cut for now; false: there is none. */
static bool
take_statement(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	ScanEnd		end;

	do
	{
		take_commands(cutter, statement);
		if (cutter->next == cutter->length)
			return false;
		if (take_plain(cutter, statement))
			return true;
		end = take_scanned(cutter, statement);
	} while (end == SCAN_COMMAND);
	if (end == SCAN_NOTHING)
		cutter->next = cutter->length;
	return end == SCAN_STATEMENT;
}

static void
check_end(const SlipwayCutter *cutter, SlipwayStatement *statement)
{
	if (cutter->restriction.key == NULL)
		return;
	statement->start = cutter->restriction_position;
	slipway_psql_command_refuse_end();
}

int
slipway_lexer_settings(void)
{
	return standard_conforming_strings + 2 * backslash_quote;
}

bool
slipway_script_next(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	CHECK_FOR_INTERRUPTS();
	statement->data = (SlipwayCopyData) {0};
	while (!take_statement(cutter, statement))
	{
		if (!leave_line(cutter))
		{
			check_end(cutter, statement);
			return false;
		}
	}
	statement->lexer = slipway_lexer_settings();
	obey_string_setting(cutter, statement->tree);
	if (slipway_copy_data_wanted(statement->tree->stmt) && !slipway_copy_data_binary(statement->tree->stmt))
		take_data(cutter, statement);
	return true;
}
