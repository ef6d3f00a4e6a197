/*
 * script_error.c
 *	  Where in which script an error was raised.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "copy_inline.h"
#include "script_error.h"

static SlipwayPosition last_position;
static const char *last_migration;
static bool last_in_secret;

/* Byte offset of the character that the server counts as its nth, from 1. */
static int
byte_of_character(const char *text, int n)
{
	int			i = 0;

	while (--n > 0 && text[i])
		i += pg_mblen(text + i);
	return i;
}

/* That of a row of data, in the script as it was written; without a column. */
static SlipwayPosition
line_of_data(const SlipwayExpansion *expansion, int location, int data_line)
{
	int			begin = slipway_expansion_line(expansion, location, data_line - 1);
	SlipwayPosition position = slipway_position_advance((SlipwayPosition) {1, 1, 1}, expansion->raw,
														slipway_expansion_raw(expansion, begin));

	position.position = position.column = 0;
	return position;
}

static SlipwayPosition
find_position(const SlipwayPlace *place, int cursor)
{
	const SlipwayStatement *statement = &place->statement;
	SlipwayPosition unknown = {0, 0, 0};
	int			data_line = slipway_copy_inline_line();
	const SlipwayExpansion *expansion = place->expansion;
	const char *text;
	int			bytes;

	if (!place->in_statement)
		return unknown;
	if (statement->data.location > 0 && data_line > 0)
	{
		if (expansion)
			return line_of_data(expansion, statement->data.location, data_line);
		unknown.line = statement->data.line + data_line - 1;
		return unknown;
	}
	if (cursor <= 0)
		return statement->start;
	text = place->script + statement->location;
	bytes = byte_of_character(place->text ? place->text : text, cursor);
	if (expansion)
	{
		int			begin = slipway_expansion_raw(expansion, statement->location);

		last_in_secret = slipway_expansion_has_secret(expansion, statement->location + bytes, 1);
		text = expansion->raw + begin;
		bytes = slipway_expansion_raw(expansion, statement->location + bytes) - begin;
	}
	return slipway_position_advance(statement->start, text, bytes);
}

static void
add_context(void *arg)
{
	SlipwayPlace *place = arg;
	int			cursor = geterrposition();
	StringInfoData where;

	last_in_secret = false;
	last_position = find_position(place, cursor);
	last_migration = place->migration;
	if (cursor > 0)
	{
		/* The client would look for it in the CALL. */
		errposition(0);
		if (place->text && getinternalerrposition() == 0)
		{
			internalerrposition(cursor);
			internalerrquery(place->text);
		}
	}
	initStringInfo(&where);
	appendStringInfo(&where, "%smigration \"%s\"", place->checking ? "check of " : "", place->migration);
	if (place->part)
		appendStringInfo(&where, ", %s script", place->part);
	if (place->units > 0)
		appendStringInfo(&where, ", unit %d of %d", place->unit, place->units);
	if (last_position.line > 0)
		appendStringInfo(&where, ", line %d", last_position.line);
	if (last_position.column > 0)
		appendStringInfo(&where, ", column %d", last_position.column);
	errcontext("%s", where.data);
	/* Of a notice, this context would keep it. */
	pfree(where.data);
}

void
slipway_place_push(SlipwayPlace *place, const char *migration, const char *script, bool checking)
{
	memset(place, 0, sizeof(SlipwayPlace));
	place->migration = migration;
	place->script = script;
	place->checking = checking;
	place->callback.callback = add_context;
	place->callback.arg = place;
	place->callback.previous = error_context_stack;
	error_context_stack = &place->callback;
}

void
slipway_place_expand(SlipwayPlace *place, const SlipwayExpansion *expansion)
{
	place->expansion = expansion;
	if (expansion)
		place->script = expansion->text;
}

void
slipway_place_pop(SlipwayPlace *place)
{
	error_context_stack = place->callback.previous;
}

void
slipway_place_resume(SlipwayPlace *place)
{
	error_context_stack = &place->callback;
}

SlipwayPosition
slipway_place_last(void)
{
	return last_position;
}

const char *
slipway_place_last_migration(void)
{
	return last_migration;
}

bool
slipway_place_last_in_secret(void)
{
	return last_in_secret;
}
