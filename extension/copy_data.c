/*
 * copy_data.c
 *	  The data of COPY ... FROM STDIN in a script.
 *
 * They are as psql reads them: from the line behind that of the semicolon to
 * the first line that is \. and nothing else, whatever the format. Nothing in
 * them is looked at otherwise. In every encoding that a server may have, a
 * byte that looks like a line feed or a backslash is one.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/parsenodes.h"

#include "copy_data.h"

bool
slipway_copy_data_wanted(const Node *stmt)
{
	const CopyStmt *copy = (const CopyStmt *) stmt;

	return IsA(stmt, CopyStmt) && copy->is_from && copy->filename == NULL && !copy->is_program;
}

bool
slipway_copy_data_binary(const Node *stmt)
{
	ListCell   *cell;

	foreach(cell, ((const CopyStmt *) stmt)->options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "format") == 0 && strcmp(defGetString(option), "binary") == 0)
			return true;
	}
	return false;
}

/* Is this \. and nothing else, up to the end of the line or of the script? */
static bool
is_end(const char *line, const char *end)
{
	return end - line >= 2 && line[0] == '\\' && line[1] == '.' &&
		(line + 2 == end || line[2] == '\n');
}

int
slipway_copy_data_find(const char *script, int from, int length, SlipwayCopyData *data)
{
	const char *begin = script + from;
	const char *end = script + length;
	const char *line = begin;

	while (!is_end(line, end))
	{
		line = memmem(line, end - line, "\n\\.", 3);
		if (line == NULL)
			return -1;
		line++;
	}
	data->location = from;
	data->length = line - begin;
	return Min(line + 3, end) - script;
}
