/*
 * completion_zsh.c
 *	  The completion script of zsh.
 */
#include "completion.h"

#include <string.h>

/* Text within the brackets of a specification in single quotes. */
static void
print_zsh_text(FILE *stream, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (strchr("[]:\\", *text) != NULL)
			(void) fputc('\\', stream);
		if (*text == '\'')
			(void) fputs("'\\'", stream);
		(void) fputc(*text, stream);
	}
}

static void
print_zsh_action(FILE *stream, SlipwayOptionId id)
{
	switch (slipway_completion_value_kind(id))
	{
		case SLIPWAY_VALUE_FOLDER:
			(void) fputs("_files -/", stream);
			break;
		case SLIPWAY_VALUE_FILE:
			(void) fputs("_files", stream);
			break;
		case SLIPWAY_VALUE_MIGRATION:
			(void) fputs("_slipway_migrations", stream);
			break;
		case SLIPWAY_VALUE_CHOICE:
			(void) fputc('(', stream);
			slipway_completion_print_choices(stream, slipway_option_table[id].choices);
			(void) fputc(')', stream);
			break;
		default:
			break;
	}
}

/* '(-d --dbname)'{-d+,--dbname=}'[database name]:DBNAME:' */
static void
print_zsh_options(FILE *stream, const SlipwayOptionId *ids)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
	{
		const SlipwayOption *option = &slipway_option_table[*ids];
		bool		optional = option->kind == SLIPWAY_OPTION_KIND_OPTIONAL;
		bool		has_value = option->kind != SLIPWAY_OPTION_KIND_FLAG && !optional;
		const char *equals = has_value ? "=" : optional ? "=-" : "";

		(void) fputs("\n        ", stream);
		if (option->kind == SLIPWAY_OPTION_KIND_LIST)
			(void) fputs("'*'", stream);
		if (option->letter != 0)
			(void) fprintf(stream, "'(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name,
						   option->letter, has_value ? "+" : "", option->name, equals);
		else
			(void) fprintf(stream, "'--%s%s[", option->name, equals);
		print_zsh_text(stream, option->summary);
		(void) fputc(']', stream);
		if (has_value)
		{
			(void) fprintf(stream, ":%s:", option->value);
			print_zsh_action(stream, *ids);
		}
		if (optional)
			(void) fprintf(stream, "::%.*s:", (int) strlen(option->value) - 3, option->value + 2);
		(void) fputc('\'', stream);
	}
}

static void
print_zsh_command(FILE *stream, const char *name, const char *summary)
{
	(void) fprintf(stream, "\n        '%s:", name);
	print_zsh_text(stream, summary);
	(void) fputc('\'', stream);
}

/* The list of commands with what they do, and the names of migrations. */
static void
print_zsh_lists(FILE *stream)
{
	(void) fputs("_slipway_commands() {\n    local -a commands=(", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (slipway_command_group(command) != NULL)
			continue;
		print_zsh_command(stream, command->name, command->summary);
		for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
			print_zsh_command(stream, command->aliases[i], command->summary);
	}
	(void) fputs(")\n    _describe command commands\n}\n"
				 "_slipway_migrations() {\n"
				 "    local -a migrations=(${(f)\"$(slipway completion migrations"
				 " ${dir:+--dir=$dir} 2>/dev/null)\"})\n"
				 "    compadd -a migrations\n}\n", stream);
}

static void
print_zsh_argument(FILE *stream, const SlipwayCommand *command)
{
	int			place = 2;

	for (const SlipwayCommand *group = slipway_command_group(command); group != NULL; group = slipway_command_group(group))
		(void) fprintf(stream, "\n        '%d:command:'", place++);
	if (command->run == NULL || command->choices != NULL)
	{
		(void) fprintf(stream, "\n        '%d:%s:(", place, command->run == NULL ? "command" : command->argument);
		if (command->run == NULL)
			slipway_completion_print_members(stream, command, " ");
		else
			slipway_completion_print_choices(stream, command->choices);
		(void) fputs(")'", stream);
	}
	else if (command->argument != NULL)
		(void) fprintf(stream, "\n        '%d:%s:%s'", place,
					   command->argument,
					   slipway_command_takes_command(command) ? "_slipway_commands"
					   : slipway_completion_takes_migration(command) ? "_slipway_migrations" : "");
}

static void
print_zsh_commands(FILE *stream)
{
	(void) fputs("    case $command in\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		(void) fputs("        ", stream);
		slipway_completion_print_names(stream, command, "|");
		(void) fputs(") own=(", stream);
		print_zsh_options(stream, command->options);
		print_zsh_argument(stream, command);
		(void) fputs(") ;;\n", stream);
	}
	(void) fputs("    esac\n", stream);
}

void
slipway_completion_print_zsh(FILE *stream)
{
	(void) fputs("#compdef slipway\n"
				 "# zsh completion of slipway, made by \"slipway completion zsh\"\n", stream);
	print_zsh_lists(stream);
	(void) fputs("_slipway() {\n"
				 "    local i word dir= command=\n"
				 "    local -a own general=(", stream);
	print_zsh_options(stream, slipway_command_connection_options);
	print_zsh_options(stream, slipway_command_general_options);
	(void) fputs(")\n", stream);
	slipway_completion_print_search(stream, "2", "CURRENT", "words");
	print_zsh_commands(stream);
	(void) fputs("    _arguments -s -S : $general $own '1:command:_slipway_commands'\n"
				 "}\n"
				 "if [[ $funcstack[1] == _slipway ]]; then _slipway \"$@\"\n"
				 "else compdef _slipway slipway; fi\n", stream);
}
