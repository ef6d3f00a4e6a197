/*
 * directive.c
 *	  What a script says of itself in its first lines.
 *
 * Directives are comments, in lines of their own, before everything else.
 */
#include "postgres.h"

#include "directive.h"
#include "error_code.h"

#define MARK "-- slipway:"

/* One of them: "NAME", or "NAME value". */
typedef struct Directive
{
	char	   *name;
	char	   *value;			/* "" if there is none */
} Directive;

static char *
trim(char *text)
{
	int			len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && isspace((unsigned char) text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static Directive
split(const char *text, int len)
{
	Directive	directive = {.name = trim(pnstrdup(text, len))};
	char	   *end = directive.name + strcspn(directive.name, " \t");

	directive.value = *end ? trim(end + 1) : end;
	*end = '\0';
	return directive;
}

static void
set_flag(bool *flag, const Directive *directive)
{
	if (*directive->value)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("directive \"%s\" takes no value", directive->name)));
	if (*flag)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("directive \"%s\" is there twice", directive->name)));
	*flag = true;
}

static void
take(SlipwayDirectives *directives, const Directive *directive, const SlipwayStatement *at)
{
	if (strcmp(directive->name, "no-transaction") == 0)
	{
		set_flag(&directives->no_transaction, directive);
		directives->no_transaction_at = *at;
	}
	else if (strcmp(directive->name, "repeatable") == 0)
		set_flag(&directives->repeatable, directive);
	else
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("unknown directive \"%s\"", directive->name),
				 errhint("This version knows: no-transaction, repeatable.")));
}

/* The lines that directives are in. */
typedef struct Reader
{
	const char *line;
	const char *next;
	int			number;			/* of the line, from 1; 0: it has not begun */
	const char *text;			/* of the directive */
} Reader;

/* Goes to the next directive; false: there is none. */
static bool
next_directive(Reader *reader, Directive *directive)
{
	while (*reader->next)
	{
		const char *end = strchrnul(reader->next, '\n');

		reader->line = reader->next;
		reader->next = *end ? end + 1 : end;
		reader->number++;
		reader->text = reader->line + strspn(reader->line, " \t");
		if (reader->text < end && strncmp(reader->text, "--", 2) != 0)
			return false;
		if (strncmp(reader->text, MARK, strlen(MARK)) == 0)
		{
			*directive = split(reader->text + strlen(MARK), end - reader->text - strlen(MARK));
			return true;
		}
	}
	return false;
}

void
slipway_directives_read(SlipwayDirectives *directives, SlipwayPlace *place)
{
	Reader		reader = {.next = place->script};
	Directive	directive;

	*directives = (SlipwayDirectives) {0};
	while (next_directive(&reader, &directive))
	{
		place->statement.location = reader.text - place->script;
		place->statement.start.line = reader.number;
		place->statement.start.column = 1 + (reader.text - reader.line);
		place->in_statement = true;
		take(directives, &directive, &place->statement);
	}
}

bool
slipway_directive_is_there(const char *script, const char *name)
{
	Reader		reader = {.next = script};
	Directive	directive;

	while (next_directive(&reader, &directive))
		if (strcmp(directive.name, name) == 0)
			return true;
	return false;
}
