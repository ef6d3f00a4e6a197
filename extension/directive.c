/*
 * directive.c
 *	  What a script says of itself in its first lines.
 *
 * Directives are comments, in lines of their own, before everything else but other comments. However
 * the mark of one is written, it is one: it is not to be passed over for a blank.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "directive.h"
#include "error_code.h"
#include "nearest.h"
#include "variable.h"

#define MARK "slipway"
#define BLANKS " \t\r\v\f"

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

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return text;
}

static Directive
split(const char *text, int len)
{
	Directive	directive = {.name = trim(pnstrdup(text, len))};
	char	   *end = directive.name + strcspn(directive.name, BLANKS);

	directive.value = *end ? trim(end + 1) : end;
	*end = '\0';
	return directive;
}

static void
refuse_second(const Directive *directive, bool there)
{
	if (there)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("directive \"%s\" is there twice", directive->name)));
}

static void
refuse_value(const Directive *directive, const char *wanted)
{
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 *directive->value ? errmsg("invalid value \"%s\" of directive \"%s\"", directive->value, directive->name) :
			 errmsg("directive \"%s\" needs a value", directive->name),
			 errdetail("It takes %s.", wanted)));
}

static void
set_flag(bool *flag, const Directive *directive)
{
	if (*directive->value)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("directive \"%s\" takes no value", directive->name)));
	refuse_second(directive, *flag);
	*flag = true;
}

static void
set_time(int *time, const Directive *directive)
{
	static const char *const wanted = "milliseconds from 0, or a number with a unit such as 30s";

	refuse_second(directive, *time >= 0);
	if (!*directive->value || !parse_int(directive->value, time, GUC_UNIT_MS, NULL) || *time < 0)
		refuse_value(directive, wanted);
}

/* As SQL writes the name of a role: in lower case, unless in quotes. */
static void
set_role(char **role, const Directive *directive)
{
	List	   *names;

	refuse_second(directive, *role != NULL);
	if (!SplitIdentifierString(pstrdup(directive->value), ',', &names) || list_length(names) != 1)
		refuse_value(directive, "the name of a role");
	*role = linitial(names);
}

static List *
add_requirements(List *requirements, const Directive *directive, const SlipwayStatement *at)
{
	char	   *next = pstrdup(directive->value);

	while (next)
	{
		SlipwayRequirement *requirement = palloc(sizeof(SlipwayRequirement));
		char	   *name = next;

		next = strchr(name, ',');
		if (next)
			*next++ = '\0';
		requirement->name = trim(name);
		requirement->at = *at;
		if (*requirement->name == '\0')
			refuse_value(directive, "names of migrations, with commas between them");
		requirements = lappend(requirements, requirement);
	}
	return requirements;
}

static void
refuse_unknown(const Directive *directive)
{
	static const char *const known[] = {
		"no-transaction", "repeatable", "requires", "lock-timeout", "statement-timeout", "run-as", "variables"
	};
	List	   *names = NIL;
	const char *near;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < lengthof(known); i++)
	{
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", known[i]);
		names = lappend(names, (char *) known[i]);
	}
	near = slipway_nearest_find(directive->name, names);
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("unknown directive \"%s\"", directive->name),
			 near ? errhint("Perhaps you meant \"%s\". This version knows: %s.", near, list.data) :
			 errhint("This version knows: %s.", list.data)));
}

static void
take(SlipwayDirectives *directives, const Directive *directive, const SlipwayStatement *at)
{
	const char *name = directive->name;

	if (strcmp(name, "no-transaction") == 0)
	{
		set_flag(&directives->no_transaction, directive);
		directives->no_transaction_at = *at;
	}
	else if (strcmp(name, "repeatable") == 0)
	{
		set_flag(&directives->repeatable, directive);
		directives->repeatable_at = *at;
	}
	else if (strcmp(name, "requires") == 0)
		directives->requirements = add_requirements(directives->requirements, directive, at);
	else if (strcmp(name, "lock-timeout") == 0)
		set_time(&directives->lock_timeout, directive);
	else if (strcmp(name, "statement-timeout") == 0)
		set_time(&directives->statement_timeout, directive);
	else if (strcmp(name, "run-as") == 0)
	{
		set_role(&directives->run_as, directive);
		directives->run_as_at = *at;
	}
	else if (strcmp(name, "variables") == 0)
	{
		directives->variables = slipway_variables_declare(directives->variables, directive->value);
		directives->variables_at = *at;
	}
	else
		refuse_unknown(directive);
}

/* The lines that directives are in. */
typedef struct Reader
{
	const char *line;
	const char *next;
	int			number;			/* of the line, from 1; 0: it has not begun */
	const char *text;			/* of the directive */
} Reader;

/* Goes behind a comment in the manner of C, which may hold others; false: it has no end. */
static bool
skip_comment(Reader *reader)
{
	int			depth = 0;

	do
	{
		int			size = 2;

		if (strncmp(reader->text, "/*", 2) == 0)
			depth++;
		else if (strncmp(reader->text, "*/", 2) == 0)
			depth--;
		else
			size = 1;
		if (*reader->text == '\0')
			return false;
		if (*reader->text == '\n')
		{
			reader->line = reader->text + 1;
			reader->number++;
		}
		reader->text += size;
	} while (depth > 0);
	return true;
}

/* What stands behind the mark of a directive; NULL: it is none. */
static const char *
behind_mark(const char *text)
{
	text += strspn(text, "-");
	text += strspn(text, BLANKS);
	if (pg_strncasecmp(text, MARK, strlen(MARK)) != 0)
		return NULL;
	text += strlen(MARK);
	text += strspn(text, BLANKS);
	return *text == ':' ? text + 1 : NULL;
}

/* Goes to the next directive; false: there is none. */
static bool
next_directive(Reader *reader, Directive *directive)
{
	while (*reader->next)
	{
		const char *end;
		const char *text;

		reader->line = reader->next;
		reader->number++;
		reader->text = reader->line + strspn(reader->line, BLANKS);
		while (strncmp(reader->text, "/*", 2) == 0)
		{
			if (!skip_comment(reader))
				return false;
			reader->text += strspn(reader->text, BLANKS);
		}
		end = strchrnul(reader->text, '\n');
		reader->next = *end ? end + 1 : end;
		if (reader->text < end && strncmp(reader->text, "--", 2) != 0)
			return false;
		text = reader->text < end ? behind_mark(reader->text) : NULL;
		if (text)
		{
			*directive = split(text, end - text);
			return true;
		}
	}
	return false;
}

int
slipway_directives_read(SlipwayDirectives *directives, SlipwayPlace *place)
{
	Reader		reader = {.next = place->script};
	Directive	directive;
	int			length = 0;

	*directives = (SlipwayDirectives) {.lock_timeout = -1, .statement_timeout = -1};
	while (next_directive(&reader, &directive))
	{
		place->statement.location = reader.text - place->script;
		place->statement.start.line = reader.number;
		place->statement.start.column = 1 + pg_mbstrlen_with_len(reader.line, reader.text - reader.line);
		place->in_statement = true;
		take(directives, &directive, &place->statement);
		length = reader.next - place->script;
	}
	return length;
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
