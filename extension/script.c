/*
 * script.c
 *	  Script bodies: their normal form, their hash, and their statements.
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
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/keywords.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

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

struct SlipwayCutter
{
	const char *script;
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	bool		saved_strings;	/* standard_conforming_strings of the caller */
	int			counted_to;		/* byte whose position is known: */
	SlipwayPosition position;
};

void
slipway_hash_text(const char *text, uint8 *hash)
{
	char	   *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	StaticAssertStmt(SLIPWAY_HASH_LEN == PG_SHA256_DIGEST_LENGTH, "hash is SHA-256");
	if (ctx == NULL ||
		pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (const uint8 *) utf8, strlen(utf8)) < 0 ||
		pg_cryptohash_final(ctx, hash, SLIPWAY_HASH_LEN) < 0)
		elog(ERROR, "could not compute SHA-256");
	pg_cryptohash_free(ctx);
	if (utf8 != text)
		pfree(utf8);
}

char *
slipway_hash_hex(const uint8 *hash)
{
	char	   *hex = palloc(SLIPWAY_HASH_HEX_LEN + 1);

	hex_encode((const char *) hash, SLIPWAY_HASH_LEN, hex);
	hex[SLIPWAY_HASH_HEX_LEN] = '\0';
	return hex;
}

bool
slipway_hash_parse(const char *hex, uint8 *hash)
{
	if (strlen(hex) != SLIPWAY_HASH_HEX_LEN ||
		strspn(hex, "0123456789abcdefABCDEF") != SLIPWAY_HASH_HEX_LEN)
		return false;
	hex_decode(hex, SLIPWAY_HASH_HEX_LEN, (char *) hash);
	return true;
}

char *
slipway_script_normalise(const char *body)
{
	size_t		len = strlen(body);
	char	   *normal = palloc(len + 1);
	char	   *out = normal;

	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		(void) pg_verify_mbstr(PG_UTF8, body, len, false);
	if (strncmp(body, "\xEF\xBB\xBF", 3) == 0 &&
		(GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII))
		body += 3;
	for (; *body; body++)
		if (body[0] != '\r' || body[1] != '\n')
			*out++ = *body;
	*out = '\0';
	return normal;
}

/* Bytes of the character at p; a server without encodings holds UTF-8. */
static int
char_length(const char *p)
{
	return GetDatabaseEncoding() == PG_SQL_ASCII ?
		pg_encoding_mblen(PG_UTF8, p) : pg_mblen(p);
}

SlipwayPosition
slipway_position_advance(SlipwayPosition from, const char *text, int nbytes)
{
	for (int i = 0; i < nbytes && text[i]; i += char_length(text + i))
	{
		from.position++;
		from.column++;
		if (text[i] == '\n')
		{
			from.line++;
			from.column = 1;
		}
	}
	return from;
}

SlipwayCutter *
slipway_script_open(const char *script)
{
	SlipwayCutter *cutter = palloc0(sizeof(SlipwayCutter));

	cutter->script = script;
	cutter->saved_strings = standard_conforming_strings;
	cutter->position = (SlipwayPosition) {1, 1, 1};
	cutter->scanner = scanner_init(script, &cutter->extra, &keywords, keyword_tokens);
	/* The parser will warn about escapes; once is enough. */
	cutter->extra.escape_string_warning = false;
	return cutter;
}

void
slipway_script_close(SlipwayCutter *cutter)
{
	standard_conforming_strings = cutter->saved_strings;
	scanner_finish(cutter->scanner);
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
	cutter->extra.standard_conforming_strings = value;
	standard_conforming_strings = value;
}

/*
 * Is this piece, which holds BEGIN ATOMIC, a whole statement? Parsing acquires
 * nothing but memory, so its error can be caught without a subtransaction.
 */
static bool
parses(const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "slipway trial parse",
												  ALLOCSET_DEFAULT_SIZES);
	volatile bool ok = false;

	PG_TRY();
	{
		MemoryContextSwitchTo(context);
		(void) raw_parser(text, RAW_PARSE_DEFAULT);
		ok = true;
	}
	PG_CATCH();
	{
		FlushErrorState();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return ok;
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

/* Counted on from the statement before, as long scripts have many. */
static SlipwayPosition
start_position(SlipwayCutter *cutter, int location)
{
	cutter->position = slipway_position_advance(cutter->position,
												cutter->script + cutter->counted_to,
												location - cutter->counted_to);
	cutter->counted_to = location;
	return cutter->position;
}

static int
trimmed_length(const char *script, int start, int end)
{
	while (end > start && isspace((unsigned char) script[end - 1]))
		end--;
	return end - start;
}

bool
slipway_script_next(SlipwayCutter *cutter, SlipwayStatement *statement)
{
	core_YYSTYPE value;
	YYLTYPE		place = 0;
	int			previous = 0;
	int			depth = 0;
	int			start = -1;
	bool		atomic = false;
	bool		tried = false;
	char	   *text;

	for (;;)
	{
		int			token;

		/* The scanner counts the place of a lexical error from the beginning. */
		statement->location = 0;
		statement->start = (SlipwayPosition) {1, 1, 1};
		CHECK_FOR_INTERRUPTS();
		token = core_yylex(&value, &place, cutter->scanner);
		if (token == 0 && start < 0)
			return false;
		if (token == 0 || (token == ';' && depth <= 0 && start >= 0))
		{
			statement->location = start;
			statement->length = trimmed_length(cutter->script, start, place);
			if (token == 0 || !atomic ||
				((previous == TOKEN_END || !tried) &&
				 parses(slipway_statement_text(cutter->script, statement))))
				break;
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
	statement->start = start_position(cutter, start);
	text = slipway_statement_text(cutter->script, statement);
	statement->tree = slipway_statement_parse(text);
	obey_string_setting(cutter, statement->tree);
	return true;
}
