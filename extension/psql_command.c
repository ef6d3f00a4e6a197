/*
 * psql_command.c
 *	  Lines of a script that are meant for psql: they begin with a backslash.
 *
 * pg_dump puts \restrict KEY in front of a dump and \unrestrict KEY behind it,
 * between which psql takes no other command: data of a malicious server could
 * be one. Here none is taken anywhere, so that the two can be left out of
 * account; but they are checked, as a dump without the second is not whole.
 */
#include "postgres.h"

#include "error_code.h"
#include "psql_command.h"

#define BLANKS " \t\r\f\v"

/* What to do instead of commands, whose names are in a list with a blank behind each. */
static const struct
{
	const char *names;
	const char *hint;
}			hints[] = {
	{"i ir include include_relative ",
	"Make the other file a migration of its own."},
	{"set unset gset getenv prompt ",
	"A migration has no variables of psql: write the value where it is needed."},
	{"c connect ",
	"A migration runs in the database that slipway is connected to."},
	{"copy ",
	"Write COPY ... FROM STDIN, and the data behind it; or COPY from a file of the server."},
	{"gexec ",
	"Use a DO block with EXECUTE."},
	{"g gx gdesc crosstabview watch ",
	"End the statement with a semicolon."},
	{"echo qecho warn ",
	"Use a DO block with RAISE NOTICE."},
	{"if elif else endif ",
	"Use a DO block with IF."},
	{"encoding ",
	"The files of migrations are UTF-8."},
	{"! ",
	"A migration can run nothing but SQL."},
	{". ",
	"It ends the data of COPY ... FROM STDIN, and nothing else."},
};

/* Those that end a query. */
#define ENDINGS "g gx gset gexec gdesc crosstabview watch "

/* Length of the command's name, behind the backslash: a word, or one sign. */
static int
name_length(const char *name)
{
	int			length = 0;

	while (isalpha((unsigned char) name[length]) || name[length] == '_')
		length++;
	return length == 0 && isgraph((unsigned char) name[0]) && !IS_HIGHBIT_SET(name[0]) ? 1 : length;
}

/* Is the name in a list where a blank follows each? */
static bool
is_listed(const char *names, const char *name, int length)
{
	const char *next;

	for (; *names != '\0'; names = next + 1)
	{
		next = strchr(names, ' ');
		if (next - names == length && strncmp(names, name, length) == 0)
			return true;
	}
	return false;
}

void
slipway_psql_command_refuse(const char *text)
{
	const char *name = text + 1;
	int			length = name_length(name);
	const char *hint = "Commands with a backslash are psql's. Take it out.";

	for (int i = 0; i < lengthof(hints); i++)
		if (is_listed(hints[i].names, name, length))
			hint = hints[i].hint;
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("psql's command \\%.*s is not allowed in a migration", length, name),
			 errhint("%s", hint)));
}

bool
slipway_psql_command_ends_query(const char *text)
{
	return is_listed(ENDINGS, text + 1, name_length(text + 1));
}

/* The only argument of a command, letters and digits; length 0: there is another one, or more. */
static SlipwayRestriction
read_key(const char *text)
{
	SlipwayRestriction argument;
	const char *end;

	argument.key = text + strspn(text, BLANKS);
	end = argument.key;
	while (isalnum((unsigned char) *end) && !IS_HIGHBIT_SET(*end))
		end++;
	argument.length = end - argument.key;
	end += strspn(end, BLANKS);
	if (*end != '\n' && *end != '\0')
		argument.length = 0;
	return argument;
}

static void
refuse_restriction(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg_internal("%s", message),
			 errhint("%s", hint)));
}

static void
take_restrict(SlipwayRestriction key, SlipwayRestriction *restriction)
{
	if (restriction->key)
		refuse_restriction("\\restrict inside \\restrict",
						   "pg_dump ends each by \\unrestrict. Is the end of a dump missing?");
	*restriction = key;
}

static void
take_unrestrict(SlipwayRestriction key, SlipwayRestriction *restriction)
{
	if (restriction->key == NULL)
		refuse_restriction("\\unrestrict without \\restrict",
						   "Is the beginning of a dump missing? Else take the line out.");
	if (key.length != restriction->length || memcmp(key.key, restriction->key, key.length) != 0)
		refuse_restriction("\\unrestrict with another key than \\restrict",
						   "Are two dumps mixed up?");
	restriction->key = NULL;
}

int
slipway_psql_command_take(const char *text, SlipwayRestriction *restriction)
{
	const char *name = text + 1;
	int			length = name_length(name);
	bool		begins = is_listed("restrict ", name, length);
	SlipwayRestriction key;

	if (!begins && !is_listed("unrestrict ", name, length))
		slipway_psql_command_refuse(text);
	key = read_key(name + length);
	if (key.length == 0)
		refuse_restriction(begins ? "\\restrict needs a key" : "\\unrestrict needs a key",
						   "It has letters and digits only, and nothing follows it on its line.");
	if (begins)
		take_restrict(key, restriction);
	else
		take_unrestrict(key, restriction);
	return strcspn(text, "\n");
}

void
slipway_psql_command_refuse_end(void)
{
	refuse_restriction("\\restrict without \\unrestrict",
					   "pg_dump writes both. Is the end of a dump missing?");
}
