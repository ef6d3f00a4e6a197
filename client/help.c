/*
 * help.c
 *	  Help, made from the tables.
 */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"

#define WIDTH 80
#define INDENT 29				/* of what stands beside an option */
#define COMMAND_INDENT 14
#define MEMBER_INDENT 20

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

/* What stands between an option and its value. */
static const char *
separate(const SlipwayOption *option)
{
	return option->value == NULL || option->kind == SLIPWAY_OPTION_KIND_OPTIONAL ? "" : " ";
}

static void
print_option(FILE *stream, const SlipwayOption *option)
{
	char		letter[8] = "    ";
	char	   *left;

	if (option->letter != 0)
		(void) snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	left = slipway_memory_format("%s--%s%s%s", letter, option->name,
								 separate(option),
								 option->value != NULL ? option->value : "");
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

static void
print_command(FILE *stream, const SlipwayCommand *command, int indent)
{
	SlipwayBuffer text = {0};
	char	   *summary;

	slipway_buffer_add(&text, command->summary);
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
	{
		slipway_buffer_add(&text, i == 0 ? " (also: " : ", ");
		slipway_buffer_add(&text, command->aliases[i]);
	}
	if (command->aliases[0] != NULL)
		slipway_buffer_add(&text, ")");
	summary = slipway_buffer_take(&text);
	print_beside(stream, slipway_command_last_name(command), summary, indent);
	free(summary);
}

static void
print_members(FILE *stream, const SlipwayCommand *group)
{
	(void) fputs("\nCommands:\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (slipway_command_group(command) == group)
			print_command(stream, command, MEMBER_INDENT);
}

void
slipway_help_print(FILE *stream)
{
	(void) fputs("slipway applies SQL migrations through the extension pg_slipway.\n\n"
				 "Usage: slipway [OPTION]... COMMAND [OPTION]... [ARGUMENT]\n\nCommands:\n",
				 stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (slipway_command_group(command) == NULL)
			print_command(stream, command, COMMAND_INDENT);
	print_options(stream, "Connection", slipway_command_connection_options);
	print_options(stream, "General", slipway_command_general_options);
	(void) fputs("\nWithout connection options the section of --env says where to connect, else\n"
				 "the store of --secrets, else the first of these that is set: SLIPWAY_URL,\n"
				 "DB_ADMIN_CONN_STRING, DATABASE_URL, DSN, DB_HOST with DB_PORT, DB_NAME,\n"
				 "DB_ADMIN_USER and DB_ADMIN_PASSWORD; else PGHOST and so on.\n"
				 "Other options take their default from a variable, as --lock-wait does from\n"
				 "SLIPWAY_LOCK_WAIT.\n\n"
				 "\"slipway help COMMAND\" tells more of a command.\n", stream);
}

static void
print_indented(FILE *stream, const char *lines, const char *indent)
{
	for (; *lines != '\0'; lines += strspn(lines, "\n"))
	{
		int			length = (int) strcspn(lines, "\n");

		(void) fprintf(stream, "%s%.*s\n", indent, length, lines);
		lines += length;
	}
}

static void
print_examples(FILE *stream, const SlipwayCommand *command)
{
	if (command->examples == NULL)
		return;
	(void) fputs("\nExamples:\n", stream);
	print_indented(stream, command->examples, "  ");
}

void
slipway_help_print_command(FILE *stream, const SlipwayCommand *command)
{
	(void) fprintf(stream, "slipway %s: %s\n\nUsage: slipway %s%s [OPTION]...%s%s\n",
				   command->name, command->summary, command->name,
				   command->run == NULL ? " COMMAND" : "",
				   command->argument != NULL ? " " : "",
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
	print_examples(stream, command);
	if (command->run == NULL)
	{
		print_members(stream, command);
		(void) fprintf(stream, "\n\"slipway help %s COMMAND\" tells more of a command.\n", command->name);
		return;
	}
	print_options(stream, "Options", command->options);
	if (!command->offline && !command->application)
		print_options(stream, "Connection", slipway_command_connection_options);
	print_options(stream, "General", slipway_command_general_options);
}

/* Text of a cell: bars would end it. */
static void
print_cell(FILE *stream, const char *text)
{
	for (; *text != '\0'; text++)
		(void) fprintf(stream, "%s%c", *text == '|' ? "\\" : "", *text);
}

static void
print_markdown_options(FILE *stream, const SlipwayOptionId *ids)
{
	if (*ids == SLIPWAY_OPTION_COUNT)
		return;
	(void) fputs("\n| option | variable | |\n|---|---|---|\n", stream);
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
	{
		const SlipwayOption *option = &slipway_option_table[*ids];

		(void) fputs("| ", stream);
		if (option->letter != 0)
			(void) fprintf(stream, "`-%c`, ", option->letter);
		(void) fprintf(stream, "`--%s%s%s` | ", option->name, separate(option),
					   option->value != NULL ? option->value : "");
		if (option->environment != NULL)
			(void) fprintf(stream, "`%s`", option->environment);
		(void) fputs(" | ", stream);
		print_cell(stream, option->summary);
		(void) fputs(" |\n", stream);
	}
}

static void
print_markdown_command(FILE *stream, const SlipwayCommand *command)
{
	(void) fprintf(stream, "\n### slipway %s%s%s\n\n", command->name,
				   command->argument != NULL ? " " : command->run == NULL ? " COMMAND" : "",
				   command->argument != NULL ? command->argument : "");
	(void) fprintf(stream, "%c%s.", command->summary[0] - 'a' + 'A', command->summary + 1);
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
		(void) fprintf(stream, "%s`%s`", i == 0 ? " Also: " : ", ", command->aliases[i]);
	(void) fprintf(stream, "%s\n", command->aliases[0] != NULL ? "." : "");
	if (command->description != NULL)
		(void) fprintf(stream, "\n%s\n", command->description);
	print_markdown_options(stream, command->options);
	if (command->examples != NULL)
	{
		(void) fputc('\n', stream);
		print_indented(stream, command->examples, "    ");
	}
}

void
slipway_help_print_markdown(FILE *stream)
{
	(void) fputs("### Options of all commands\n", stream);
	print_markdown_options(stream, slipway_command_connection_options);
	print_markdown_options(stream, slipway_command_general_options);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		print_markdown_command(stream, command);
}
