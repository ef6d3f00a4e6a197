/*
 * fuzz_value.c
 *	  What the extension reads besides scripts, with the fuzzer inside a backend: SELECT fuzz_value('{arguments of the fuzzer}').
 *
 * The first byte of an input says what the rest is: times as cron has them, a script that arrives in parts, a value that is to be found in a
 * text, variables, options of a run, a manifest. Apart from crashes, these are failures:
 *
 * - a time that is written and read again is another one; the next time is none of its times, or not the next;
 * - a script in parts has another normal form or hash than as a whole;
 * - a text shows bytes of a value that are not found, quoted in the ways of SQL;
 * - a text whose secrets were replaced by names does not become itself again, or has a secret in it;
 * - members of a manifest are out of order, or twice there.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "backend.h"
#include "cron.h"
#include "hash.h"
#include "manifest.h"
#include "needle.h"
#include "normal_form.h"
#include "options.h"
#include "parts.h"
#include "variable.h"

PG_FUNCTION_INFO_V1(fuzz_value);

/* An input without its first byte, as a string and as it is. */
typedef struct Input
{
	char	   *text;
	const uint8 *bytes;
	int			size;
} Input;

static bool
same_cron(const SlipwayCron *a, const SlipwayCron *b)
{
	return a->minutes == b->minutes && a->hours == b->hours && a->days == b->days && a->months == b->months &&
		a->weekdays == b->weekdays && a->any_day == b->any_day && a->any_weekday == b->any_weekday;
}

/* Without summer time, so that each minute of a day is there once. */
static void
check_next(const SlipwayCron *cron, TimestampTz after)
{
	pg_tz	   *zone = pg_tzset("UTC");
	TimestampTz next = slipway_cron_next(cron, after, zone);
	struct pg_tm tm;
	fsec_t		fraction;
	int			offset;
	bool		of_month;
	bool		of_week;

	must(next > after && timestamp2tm(next, &offset, &tm, &fraction, NULL, zone) == 0);
	must(tm.tm_sec == 0 && fraction == 0);
	must(cron->minutes & (UINT64CONST(1) << tm.tm_min) && cron->hours & (1 << tm.tm_hour) && cron->months & (1 << tm.tm_mon));
	of_month = cron->days & (1 << tm.tm_mday);
	of_week = cron->weekdays & (1 << j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday)));
	must(cron->any_day || cron->any_weekday ? of_month && of_week : of_month || of_week);
	must(slipway_cron_next(cron, next - 1, zone) == next);
}

static void
try_cron(void *argument)
{
	const Input *input = argument;
	SlipwayCron cron;
	SlipwayCron again;
	char	   *lines[2];
	int			n;

	slipway_cron_parse(input->text, &cron);
	slipway_cron_parse(slipway_cron_write(&cron), &again);
	must(same_cron(&cron, &again));
	n = slipway_cron_write_calendar(&cron, lines);
	must(n == 1 || n == 2);
	for (int i = 0; i < n; i++)
		must(strspn(lines[i], "*-:.,0123456789 SunMoTeWdhFriat") == strlen(lines[i]));
	check_next(&cron, INT64CONST(816000000000000) + input->size * INT64CONST(90000000000));
	(void) slipway_cron_next(&cron, INT64CONST(816000000000000), pg_tzset("Europe/Berlin"));
}

/* Cut where the bytes say, and a few sizes besides. */
static void
try_parts(void *argument)
{
	const Input *input = argument;
	char	   *whole = pstrdup(input->text);
	bool		good = (int) strlen(whole) == input->size && pg_verify_mbstr(PG_UTF8, whole, input->size, true);
	uint8		hash[SLIPWAY_HASH_LEN];
	uint8		hash_of_parts[SLIPWAY_HASH_LEN];
	text	   *body;
	int			at = 0;

	do
	{
		int			size = Min(input->size - at, 1 + (input->size > 0 ? input->bytes[(at * 7 + 3) % input->size] % 9 : 0));
		bytea	   *part = (bytea *) cstring_to_text_with_len((const char *) input->bytes + at, size);

		slipway_parts_add(part, at, at + size == input->size);
		at += size;
	} while (at < input->size);
	body = slipway_parts_take(hash_of_parts);
	if (!good)
	{
		/* A NUL is for those to refuse who store it. */
		must(memchr(input->bytes, '\0', input->size) != NULL);
		return;
	}
	slipway_normal_form(whole);
	slipway_hash_text(whole, hash);
	must(VARSIZE_ANY_EXHDR(body) == strlen(whole) && memcmp(VARDATA_ANY(body), whole, strlen(whole)) == 0);
	must(memcmp(hash, hash_of_parts, SLIPWAY_HASH_LEN) == 0);
	slipway_normal_form(whole);
	must(VARSIZE_ANY_EXHDR(body) == strlen(whole));
}

/* Up to the first line feed, and what is behind it. */
static char *
cut_line(char *text)
{
	char	   *end = strchr(text, '\n');

	if (end == NULL)
		return text + strlen(text);
	*end = '\0';
	return end + 1;
}

static void
must_find(const char *before, const char *shown, const char *behind, const List *needles)
{
	char	   *text = psprintf("%s%s%s", before, shown, behind);
	bool	   *found = slipway_needle_find(text, needles);
	int			begin = strlen(before);
	int			end = begin + strlen(shown);

	/* Quotes around it, and the E in front of them, may be anybody's. */
	while (begin < end && strchr("'\"\\ E", text[begin]))
		begin++;
	while (end > begin && strchr("'\"\\", text[end - 1]))
		end--;
	for (int i = begin; i < end; i++)
		must(found != NULL && found[i]);
}

static char *
make_json_string(const char *value)
{
	StringInfoData json;

	initStringInfo(&json);
	escape_json(&json, value);
	return json.data;
}

/* Long enough to be found however it is quoted, and without what has other ways to be escaped. */
static bool
is_long(const char *value)
{
	int			n = 0;

	for (const char *c = value; *c; c++)
	{
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			return false;
		n += strchr("'\"\\", *c) == NULL;
	}
	return n >= 4;
}

static void
try_needle(void *argument)
{
	char	   *value = pstrdup(((const Input *) argument)->text);
	char	   *around = cut_line(value);
	List	   *needles;

	if (!is_long(value) || strchr("'\"\\ E", value[0]) || strchr("'\"\\", value[strlen(value) - 1]))
		return;
	needles = list_make1(slipway_needle_make(value));
	must_find(around, value, "", needles);
	must_find("", value, around, needles);
	must_find("(", quote_literal_cstr(value), ")", needles);
	must_find(around, quote_literal_cstr(quote_literal_cstr(value)), "", needles);
	must_find("", quote_identifier(value), around, needles);
	must_find("", make_json_string(value), ": 1}", needles);
}

/* One is the first line, the text is the rest. */
static void
try_variables(void *argument)
{
	char	   *value = pstrdup(((const Input *) argument)->text);
	char	   *text = cut_line(value);
	char	   *json = psprintf("{\"a\": %s, \"b\": \"word of no use\"}", make_json_string(value));
	List	   *variables = slipway_variables_declare(NIL, "a secret, b secret, c = ${a}, d = 'x'");
	char	   *names;

	slipway_variables_take(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json))), false, NULL);
	names = slipway_variables_to_names(variables, text);
	must(strcmp(slipway_variables_from_names(variables, names), text) == 0);
	must(strlen(value) < 8 || strchr(value, '$') || strstr(names, value) == NULL);
	(void) slipway_variables_declare(NIL, value);
}

static void
try_options(void *argument)
{
	static const char *const actions[] = {"migrate", "rollback", "redo", "verify", "rehearse"};
	const char *text = ((const Input *) argument)->text;
	int			action = text[0] - '0';
	Jsonb	   *json;
	SlipwayOptions *options;

	if (action < 0 || action >= lengthof(actions))
		return;
	json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text + 1)));
	options = slipway_options_parse(json, actions[action]);

	must(options->lock_wait >= 0 && options->lock_timeout >= 0 && options->statement_timeout >= 0 && options->retries >= 0 && options->steps >= 0);
}

static void
try_manifest(void *argument)
{
	SlipwayManifest *manifest = slipway_manifest_parse(((const Input *) argument)->text);
	HTAB	   *index = slipway_manifest_index(manifest);

	for (int i = 0; i < manifest->n; i++)
	{
		must(manifest->members[i].name[0] != '\0');
		must(i == 0 || slipway_member_compare(manifest->order, &manifest->members[i - 1], &manifest->members[i]) < 0);
		must(manifest->members[i].kind == SLIPWAY_HOOK || slipway_manifest_position(index, manifest->members[i].name) == i);
	}
}

static void
try_value(const uint8 *data, size_t size)
{
	static const BackendWork works[] = {try_cron, try_parts, try_needle, try_variables, try_options, try_manifest};
	Input		input;
	BackendWork work;
	int			sqlerrcode;

	if (size == 0)
		return;
	work = works[data[0] % lengthof(works)];
	input.bytes = data + 1;
	input.size = size - 1;
	input.text = pnstrdup((const char *) data + 1, size - 1);
	/* What comes as text is one; parts are bytes. */
	if (work != try_parts && !pg_verify_mbstr(PG_UTF8, input.text, strlen(input.text), true))
		return;
	(void) backend_attempt(work, &input, &sqlerrcode);
}

Datum
fuzz_value(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(backend_run(fcinfo, "fuzz_value", try_value));
}
