/*
 * script_mutator.c
 *	  How the fuzzer makes a new script of an old one.
 *
 * Bytes changed at random are hardly ever SQL: the grammar refuses them before any two statements are told apart. So most
 * changes are of whole tokens, and what is put in are words, and pieces of scripts that are hard to cut. The fuzzer's own changes
 * come in between, and bytes that are no UTF-8 are replaced, as no such script is ever stored.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOKENS 2048

extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
extern size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
extern size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
										uint8_t *out, size_t max_out_size, unsigned int seed);

typedef struct Span
{
	size_t		from;
	size_t		length;
} Span;

/* Statements and lines, to stand where a statement may begin. */
static const char *const statements[] = {
	"SELECT 1;\n", "SELECT 1", "SELECT ';';\n", "SELECT 1; SELECT 2;\n", ";\n", ";;", "\n", "-- ;\n", "/* ; */", "/* /* ; */ */ ",
	"-- it's\n", "/* ' */", "SELECT $$;$$;\n", "SELECT $a$ $$ ; $a$;\n", "SELECT E'\\';', U&'\\003B';\n", "SELECT 'a'\n';';\n",
	"COPY t FROM STDIN;\n1;2\n\\.\n", "COPY t (a) FROM STDIN WITH (FORMAT csv);\n\"a;\n\\.\n", "COPY t FROM STDIN;\n\\.\n",
	"COPY t FROM STDIN; COPY u FROM STDIN;\n1\n\\.\n2\n\\.\n", "COPY t FROM STDIN; SELECT 1;\n\\.\n", "COPY t FROM STDIN",
	"COPY t FROM STDIN /* ;\n*/ ;\n\\.\n", "COPY t FROM STDIN -- ;\n;\na\\.\n \\.\n\\.\n", "COPY t TO STDOUT;\n", "COPY t FROM 'f';\n",
	"COPY t FROM STDIN WITH (FORMAT binary);\n", "COPY t FROM STDIN CSV;\n\\..\n\\.\r\n\\.\n", "COPY t FROM STDIN;\n\\.", "\\.\n",
	"BEGIN;\n", "COMMIT;\n", "BEGIN; SELECT 1; COMMIT;\n", "START TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n", "END;\n", "ROLLBACK;\n",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;\n", "BEGIN ATOMIC",
	"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;\n",
	"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END;\n",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT \"end\" AS end; SELECT a.end FROM a; END;\n",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;\n", "SELECT begin atomic FROM a;\n",
	"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM 1; END$$;\n", "DO $$BEGIN NULL; END$$;\n",
	"DO $x$BEGIN EXECUTE 'COPY t FROM STDIN;'; END$x$ LANGUAGE plpgsql;\n", "CALL p(1);\n", "VACUUM t;\n", "CREATE DATABASE d;\n",
	"CREATE INDEX CONCURRENTLY i ON t (a);\n", "DROP INDEX CONCURRENTLY i;\n", "REINDEX TABLE CONCURRENTLY t;\n", "CLUSTER;\n",
	"ALTER TABLE t DETACH PARTITION p CONCURRENTLY;\n", "REFRESH MATERIALIZED VIEW CONCURRENTLY m;\n",
	"CREATE TYPE k AS ENUM ('a');\n", "ALTER TYPE k ADD VALUE 'b';\n", "ALTER TYPE k RENAME VALUE 'a' TO 'b';\n",
	"SET standard_conforming_strings = off;\n", "SET LOCAL standard_conforming_strings TO DEFAULT;\n", "RESET ALL;\n",
	"SET SESSION AUTHORIZATION r;\n", "SET ROLE r;\n", "SET LOCAL a.b = 'c';\n", "SELECT set_config('role', 'r', true);\n",
	"PREPARE TRANSACTION 'x';\n", "SAVEPOINT a;\n", "ROLLBACK TO a;\n", "RELEASE a;\n", "DISCARD ALL;\n", "LISTEN a;\n", "LOCK t;\n",
	"CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2);\n", "CREATE SCHEMA s CREATE TABLE t (a int);\n",
	"CREATE VIEW v AS SELECT 1;\n", "INSERT INTO t VALUES (1, 'a;b', $$c$$);\n", "UPDATE t SET a = 1 WHERE b <> ALL (c);\n",
	"EXPLAIN ANALYZE SELECT 1;\n", "CREATE ROLE r PASSWORD 'secret word';\n", "ALTER ROLE r PASSWORD 'secret word';\n",
	"DECLARE c CURSOR WITH HOLD FOR SELECT 1;\n", "FETCH c;\n", "WITH a AS (SELECT 1) SELECT * FROM a;\n", "TABLE t;\n", "VALUES (1);\n",
	"\\restrict a1\n", "\\unrestrict a1\n", "\\i f\n", "\\gset\n", "SELECT 1 \\gexec\n", "SELECT 1 \\g\n", "\\\n", "\xef\xbb\xbf",
	"-- slipway: no-transaction\n", "-- slipway: repeatable\n", "-- slipway: requires a b\n", "-- slipway: run-as r\n",
	"-- slipway: variables a, b secret, c = 1\n", "-- slipway: lock-timeout 5s\n", "-- slipway: statement-timeout 1min\n",
	"SELECT ${a}'\\' AS a, '; SELECT 1; --';\n", "SELECT ${b}e'\\' AS a, '; SELECT 1; --';\n", "SELECT E'a'${c}'\\' AS a, '; SELECT 1; --';\n",
	"COPY t FROM STDIN;\n${a}\\.\n1${b}\n\\.${a}\n\\.\n", "SELECT '${a}' -- ${b}\n, 1 /* ${c}*/ - ${a};\n",
	"SELECT ${a}, ${b:literal} AS ${c:identifier};\n", "SELECT '${a}';\n", "SELECT $${b}$$;\n",
};

/* What stands inside of statements. */
static const char *const words[] = {
	";", "'", "''", "\"", "$$", "$a$", "$1", "E'", "e'\\'", "U&'", "U&\"", "N'", "B'1'", "X'f'", "\\", "\\'", "/*", "*/", "--", "(", ")", "[", "]",
	"BEGIN", "ATOMIC", "END", "CASE", "WHEN", "THEN", "ELSE", "COPY", "FROM", "STDIN", "SELECT", "CREATE", "FUNCTION", "PROCEDURE", "RETURN",
	"LANGUAGE sql", "AS", "DO", "COMMIT", "SET", "standard_conforming_strings", "backslash_quote", "off", "on", "UESCAPE '!'", "CONCURRENTLY",
	"WITH", "FORMAT", "csv", "binary", "text", "a", "t", "\"end\"", "end.end", "1", "1.5e3", ":=", "=>", "::", "..", ".", ",", "+", "-", "@-@", "<>",
	"\n", "\r\n", "\r", "\t", "\v", "\f", " ", "\xc2\xa0", "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x90\x98", "\xef\xbb\xbf", "\n\\.\n", "\\.",
	"${a}", "${b:literal}", "${c:identifier}", "${", "}", "-- slipway: ", "CURRENT_USER", "NULL", "INTO", "VALUES", "PASSWORD",
};

/* What can be put around something. */
static const char *const pairs[][2] = {
	{"'", "'"}, {"E'", "'"}, {"\"", "\""}, {"$$", "$$"}, {"$a$", "$a$"}, {"(", ")"}, {"/*", "*/"}, {"--", "\n"}, {"U&'", "'"},
	{"BEGIN ATOMIC ", "; END"}, {"BEGIN;", ";COMMIT;"}, {"CASE WHEN ", " THEN 1 END"}, {"DO $$", "$$;"}, {"COPY t FROM STDIN;\n", "\n\\.\n"},
	{"SELECT ", ";\n"}, {"\n", "\n"},
};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t state;

static size_t
random_below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit == 0 ? 0 : (size_t) ((state >> 11) % limit);
}

static bool
is_word(uint8_t c)
{
	return (c | 0x20) - 'a' < 26u || c - '0' < 10u || c == '_' || c >= 0x80;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Tokens as a reader sees them, blanks included: coarser than a lexer's on purpose. */
static size_t
find_tokens(const uint8_t *data, size_t size, Span *tokens)
{
	size_t		n = 0;

	for (size_t i = 0; i < size && n < MAX_TOKENS; n++)
	{
		size_t		from = i++;

		if (is_word(data[from]))
			while (i < size && is_word(data[i]))
				i++;
		else if (data[from] == ' ')
			while (i < size && is_blank(data[i]))
				i++;
		tokens[n] = (Span) {from, i - from};
	}
	return n;
}

/* Replaces a part by a text, as far as there is room for it; returns the new size. */
static size_t
replace(uint8_t *data, size_t size, size_t max_size, Span part, const void *text, size_t length)
{
	if (size - part.length + length > max_size)
		return size;
	memmove(data + part.from + length, data + part.from + part.length, size - part.from - part.length);
	if (length > 0)
		memcpy(data + part.from, text, length);
	return size - part.length + length;
}

static size_t
insert(uint8_t *data, size_t size, size_t max_size, size_t at, const char *text)
{
	return replace(data, size, max_size, (Span) {at, 0}, text, strlen(text));
}

/* A place where a statement may begin, more likely than not. */
static size_t
random_border(const uint8_t *data, size_t size)
{
	size_t		start = random_below(size + 1);

	if (random_below(6) == 0)
		return 0;
	for (size_t i = start; i < size; i++)
		if (data[i] == ';' || data[i] == '\n')
			return i + 1;
	return size;
}

/* From the beginning of a line or statement to that of another one. */
static Span
random_chunk(const uint8_t *data, size_t size)
{
	size_t		from = random_border(data, size);
	size_t		to = from;
	size_t		n = 1 + random_below(3);

	while (to < size && n > 0)
		if (data[to++] == ';' || (data[to - 1] == '\n' && random_below(2) == 0))
			n--;
	return (Span) {from, to - from};
}

static size_t
copy_chunk(uint8_t *data, size_t size, size_t max_size)
{
	Span		chunk = random_chunk(data, size);
	uint8_t    *copy = malloc(chunk.length + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data + chunk.from, chunk.length);
	size = replace(data, size, max_size, (Span) {random_border(data, size), 0}, copy, chunk.length);
	free(copy);
	return size;
}

static size_t
wrap(uint8_t *data, size_t size, size_t max_size, Span from, Span to)
{
	const char *const *pair = pairs[random_below(LENGTH_OF(pairs))];

	if (size + strlen(pair[0]) + strlen(pair[1]) > max_size || to.from < from.from)
		return size;
	size = insert(data, size, max_size, to.from + to.length, pair[1]);
	return insert(data, size, max_size, from.from, pair[0]);
}

/* As files from other systems have them. */
static size_t
change_line_end(uint8_t *data, size_t size, size_t max_size)
{
	static const char *const ends[] = {"\r\n", "\r", " \n", "\n\n", "", "\n"};
	size_t		start = random_below(size);

	for (size_t i = start; i < size; i++)
		if (data[i] == '\n')
		{
			const char *end = ends[random_below(LENGTH_OF(ends))];

			return replace(data, size, max_size, (Span) {i, 1}, end, strlen(end));
		}
	return size;
}

static size_t
mutate_once(uint8_t *data, size_t size, size_t max_size)
{
	static Span tokens[MAX_TOKENS + 1];
	size_t		n = find_tokens(data, size, tokens);
	Span		token = n > 0 ? tokens[random_below(n)] : (Span) {0, 0};
	const char *word = words[random_below(LENGTH_OF(words))];
	const char *statement = statements[random_below(LENGTH_OF(statements))];

	switch (random_below(12))
	{
		case 0:
		case 1:
		case 2:
			return insert(data, size, max_size, random_border(data, size), statement);
		case 3:
			return insert(data, size, max_size, token.from, word);
		case 4:
			return replace(data, size, max_size, token, word, strlen(word));
		case 5:
			return replace(data, size, max_size, token, "", 0);
		case 6:
			return wrap(data, size, max_size, token, n > 0 ? tokens[random_below(n)] : token);
		case 7:
			return replace(data, size, max_size, random_chunk(data, size), "", 0);
		case 8:
			return copy_chunk(data, size, max_size);
		case 9:
			return change_line_end(data, size, max_size);
		case 10:
			return replace(data, size, max_size, random_chunk(data, size), statement, strlen(statement));
		default:
			return LLVMFuzzerMutate(data, size, max_size);
	}
}

static size_t
character_length(const uint8_t *data, size_t size)
{
	size_t		length = data[0] < 0x80 ? 1 : data[0] >= 0xc2 && data[0] < 0xe0 ? 2 : data[0] >= 0xe0 && data[0] < 0xf0 ? 3 :
		data[0] >= 0xf0 && data[0] < 0xf5 ? 4 : 0;

	if (length > size)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((data[i] & 0xc0) != 0x80)
			return 0;
	if ((data[0] == 0xe0 && data[1] < 0xa0) || (data[0] == 0xed && data[1] > 0x9f) ||
		(data[0] == 0xf0 && data[1] < 0x90) || (data[0] == 0xf4 && data[1] > 0x8f))
		return 0;
	return length;
}

static void
make_text(uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size;)
	{
		size_t		length = character_length(data + i, size - i);

		if (length == 0 || data[i] == '\0')
			data[i] = (data[i] & 0x7f) >= ' ' ? data[i] & 0x7f : ' ';
		i += length == 0 ? 1 : length;
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t		n;

	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	n = 1 + random_below(4);
	for (size_t i = 0; i < n; i++)
		size = mutate_once(data, size, max_size);
	if (size == 0)
		size = LLVMFuzzerMutate(data, size, max_size);
	make_text(data, size);
	return size;
}

/* Up to a statement of the one, and from a statement of the other. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
						  uint8_t *out, size_t max_out_size, unsigned int seed)
{
	size_t		head;
	size_t		from;
	size_t		tail;

	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	head = random_border(data1, size1);
	from = random_border(data2, size2);
	if (head > max_out_size)
		head = max_out_size;
	tail = size2 - from < max_out_size - head ? size2 - from : max_out_size - head;
	memcpy(out, data1, head);
	memcpy(out + head, data2 + from, tail);
	if (head + tail == 0)
		out[tail++] = ';';
	make_text(out, head + tail);
	return head + tail;
}
