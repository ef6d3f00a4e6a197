/*
 * help.c
 *	  Help, made from the tables.
 */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define WIDTH 80
#define INDENT 29				/* of what stands beside an option */
#define COMMAND_INDENT 12

/* Prints words from a column on, and breaks lines before WIDTH. */
static void
print_wrapped(FILE *stream, const char *text, int indent)
{
	int			column = indent;

	while (*text != '\0')
	{
		int			length = (int) strcspn(text, " ");

		if (column > indent && column + 1 + length >= WIDTH)
		{
			(void) fprintf(stream, "\n%*s", indent, "");
			column = indent;
		}
		else if (column > indent)
		{
			(void) fputc(' ', stream);
			column++;
		}
		(void) fprintf(stream, "%.*s", length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	(void) fputc('\n', stream);
}

static void
print_beside(FILE *stream, const char *left, const char *right, int indent)
{
	int			used = fprintf(stream, "  %s", left);

	if (used + 2 > indent)
		(void) fprintf(stream, "\n%*s", indent, "");
	else
		(void) fprintf(stream, "%*s", indent - used, "");
	print_wrapped(stream, right, indent);
}

static void
print_option(FILE *stream, const SlipwayOption *option)
{
	char		letter[8] = "    ";
	char	   *left;

	if (option->letter != 0)
		(void) snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	left = slipway_memory_format("%s--%s%s%s", letter, option->name,
								 option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
	print_beside(stream, left, option->summary, INDENT);
	free(left);
}

static void
print_options(FILE *stream, const char *title, const SlipwayOptionId *ids)
{
	if (*ids == SLIPWAY_OPTION_COUNT)
		return;
	(void) fprintf(stream, "\n%s:\n", title);
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
		print_option(stream, &slipway_option_table[*ids]);
}

void
slipway_help_print(FILE *stream)
{
	(void) fputs("slipway applies SQL migrations through the extension pg_slipway.\n\n"
				 "Usage: slipway [OPTION]... COMMAND [OPTION]... [ARGUMENT]\n\nCommands:\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		print_beside(stream, command->name, command->summary, COMMAND_INDENT);
	print_options(stream, "Connection", slipway_command_connection_options);
	print_options(stream, "General", slipway_command_general_options);
	(void) fputs("\nWithout connection options the section of --env says where to connect, else\n"
				 "the first of these that is set: SLIPWAY_URL, DB_ADMIN_CONN_STRING,\n"
				 "DATABASE_URL, DSN, DB_HOST with DB_PORT, DB_NAME, DB_ADMIN_USER and\n"
				 "DB_ADMIN_PASSWORD; else PGHOST and so on.\n"
				 "Other options have defaults in SLIPWAY_OPTION, for example SLIPWAY_LOCK_WAIT.\n\n"
				 "\"slipway help COMMAND\" tells more.\n", stream);
}

void
slipway_help_print_command(FILE *stream, const SlipwayCommand *command)
{
	(void) fprintf(stream, "slipway %s: %s\n\nUsage: slipway %s [OPTION]...%s%s\n", command->name, command->summary,
				   command->name, command->argument != NULL ? " " : "",
				   command->argument != NULL ? command->argument : "");
	if (command->aliases[0] != NULL)
	{
		(void) fputs("Also:  ", stream);
		for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
			(void) fprintf(stream, "%s%s", i > 0 ? ", " : "", command->aliases[i]);
		(void) fputc('\n', stream);
	}
	if (command->description != NULL)
		(void) fprintf(stream, "\n%s\n", command->description);
	print_options(stream, "Options", command->options);
	print_options(stream, "Connection", slipway_command_connection_options);
	print_options(stream, "General", slipway_command_general_options);
}
