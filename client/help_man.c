/*
 * help_man.c
 *	  The man page, made from the tables.
 */
#include "help.h"

#include <stdbool.h>
#include <string.h>

#include "option.h"

/* A word or a line of text: nothing in it is a request to roff. */
static void
print_text(FILE *stream, const char *text, size_t length)
{
	if (length > 0 && (*text == '.' || *text == '\''))
		(void) fputs("\\&", stream);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\\')
			(void) fputs("\\e", stream);
		else if (text[i] == '-')
			(void) fputs("\\-", stream);
		else
			(void) fputc(text[i], stream);
}

static void
print_word(FILE *stream, const char *text)
{
	print_text(stream, text, strlen(text));
}

/* Paragraphs; lines that are indented stay as they are. */
static void
print_paragraphs(FILE *stream, const char *text)
{
	bool		is_kept = false;

	while (*text != '\0')
	{
		size_t		length = strcspn(text, "\n");

		if (is_kept != (*text == ' '))
		{
			is_kept = !is_kept;
			(void) fputs(is_kept ? ".PP\n.nf\n" : ".fi\n", stream);
		}
		if (length == 0)
			(void) fputs(".PP", stream);
		print_text(stream, text, length);
		(void) fputc('\n', stream);
		text += length + (text[length] == '\n' ? 1 : 0);
	}
	if (is_kept)
		(void) fputs(".fi\n", stream);
}

static void
print_man_option(FILE *stream, const SlipwayOption *option)
{
	(void) fputs(".TP\n", stream);
	if (option->letter != 0)
		(void) fprintf(stream, "\\fB\\-%c\\fR, ", option->letter);
	(void) fputs("\\fB\\-\\-", stream);
	print_word(stream, option->name);
	(void) fputs("\\fR", stream);
	if (option->value != NULL)
	{
		(void) fputs(option->kind == SLIPWAY_OPTION_KIND_OPTIONAL ? "\\fI" : " \\fI", stream);
		print_word(stream, option->value);
		(void) fputs("\\fR", stream);
	}
	(void) fputc('\n', stream);
	print_word(stream, option->summary);
	if (option->environment != NULL)
		(void) fprintf(stream, " (\\fB%s\\fR)", option->environment);
	(void) fputc('\n', stream);
}

static void
print_man_options(FILE *stream, const SlipwayOptionId *ids)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
		print_man_option(stream, &slipway_option_table[*ids]);
}

static void
print_man_command(FILE *stream, const SlipwayCommand *command)
{
	(void) fprintf(stream, ".SS \"slipway %s%s%s\"\n", command->name,
				   command->argument != NULL ? " " : command->run == NULL ? " COMMAND" : "",
				   command->argument != NULL ? command->argument : "");
	(void) fprintf(stream, "%c", command->summary[0] - 'a' + 'A');
	print_word(stream, command->summary + 1);
	(void) fputc('.', stream);
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
		(void) fprintf(stream, "%s\\fB%s\\fR", i == 0 ? " Also: " : ", ", command->aliases[i]);
	(void) fputs(command->aliases[0] != NULL ? ".\n" : "\n", stream);
	if (command->description != NULL)
	{
		(void) fputs(".PP\n", stream);
		print_paragraphs(stream, command->description);
	}
	print_man_options(stream, command->options);
	if (command->examples == NULL)
		return;
	(void) fputs(".PP\n.nf\n.RS\n", stream);
	print_word(stream, command->examples);
	(void) fputs("\n.RE\n.fi\n", stream);
}

static void
print_exit_codes(FILE *stream)
{
	static const struct
	{
		int			code;
		const char *meaning;
	}			codes[] = {
		{0, "done, or nothing to do"},
		{1, "error, or cancelled"},
		{2, "usage or configuration"},
		{3, "migrations are pending (only with --exit-code)"},
		{4, "validation failed"},
		{5, "a migration failed and was rolled back"},
		{6, "a stepwise migration has stopped part way; the next migrate goes on there"},
		{7, "the lock was not obtained in time"},
		{8, "no connection"},
		{10, "drift"},
		{11, "not approved"},
		{12, "client and extension do not fit"},
		{126, "exec: the program cannot be executed"},
		{127, "exec: there is no such program"},
	};

	(void) fputs(".SH \"EXIT STATUS\"\n", stream);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		(void) fprintf(stream, ".TP\n%d\n", codes[i].code);
		print_word(stream, codes[i].meaning);
		(void) fputc('\n', stream);
	}
}

void
slipway_help_print_man(FILE *stream)
{
	(void) fputs(".\\\" Written by make doc from the tables of commands and options: edit those.\n"
				 ".TH SLIPWAY 1 \"\" \"pg_slipway " SLIPWAY_VERSION "\" \"pg_slipway\"\n"
				 ".nh\n.ad l\n"
				 ".SH NAME\nslipway \\- apply SQL migrations through the extension pg_slipway\n"
				 ".SH SYNOPSIS\n\\fBslipway\\fR [\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]\n"
				 ".SH DESCRIPTION\n"
				 "\\fBslipway\\fR uploads the scripts of a folder to a database and has the extension pg_slipway, which is\n"
				 "installed there, apply what is pending, each migration in a transaction together with its record.\n"
				 "Options may stand before or after the command. Each takes its default from the variable that is\n"
				 "shown with it, else from the section of \\fIslipway.conf\\fR that \\fB\\-\\-env\\fR names.\n"
				 ".SH OPTIONS\n.SS Connection\n", stream);
	print_man_options(stream, slipway_command_connection_options);
	(void) fputs(".SS General\n", stream);
	print_man_options(stream, slipway_command_general_options);
	(void) fputs(".SH COMMANDS\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		print_man_command(stream, command);
	print_exit_codes(stream);
	(void) fputs(".SH ENVIRONMENT\n"
				 "Without connection options the section of \\fB\\-\\-env\\fR says where to connect, else the store of \\fB\\-\\-secrets\\fR, else the first\n"
				 "of these that is set:\n"
				 "\\fBSLIPWAY_URL\\fR, \\fBDB_ADMIN_CONN_STRING\\fR, \\fBDATABASE_URL\\fR, \\fBDSN\\fR, \\fBDB_HOST\\fR with \\fBDB_PORT\\fR,\n"
				 "\\fBDB_NAME\\fR, \\fBDB_ADMIN_USER\\fR and \\fBDB_ADMIN_PASSWORD\\fR; else libpq's own, \\fBPGHOST\\fR and so on.\n"
				 "\\fBMIGRATIONS_PATH\\fR is the folder unless \\fB\\-\\-dir\\fR names another. \\fBSLIPWAY_VAR_\\fINAME\\fR is the value of a\n"
				 "variable of scripts. \\fBNO_COLOR\\fR turns colours off.\n"
				 ".SH FILES\n.TP\n\\fI./slipway.conf\\fR\nenvironments: sections with connections and defaults of options\n"
				 ".TP\n\\fI./migrations\\fR\nthe scripts\n"
				 ".SH \"SEE ALSO\"\n\\fBpsql\\fR(1), \\fBpg_isready\\fR(1), and the documentation of pg_slipway\n", stream);
}
