/*
 * completion.c
 *	  Completion scripts for shells.
 *
 * Options may stand before the command, so the scripts for bash and zsh first
 * look for the command among the words that are no option and no value of
 * one; fish does that by itself.
 */
#include "completion.h"

#include <stdbool.h>
#include <string.h>

#include "command.h"

/* What the value of an option can be completed with. */
typedef enum ValueKind
{
	VALUE_NONE,					/* it has no value */
	VALUE_ANYTHING,
	VALUE_FOLDER,
	VALUE_FILE,
	VALUE_CHOICE,
	VALUE_MIGRATION
} ValueKind;

static ValueKind
get_value_kind(SlipwayOptionId id)
{
	const SlipwayOption *option = &slipway_option_table[id];

	if (option->kind == SLIPWAY_OPTION_KIND_FLAG)
		return VALUE_NONE;
	if (option->kind == SLIPWAY_OPTION_KIND_CHOICE)
		return VALUE_CHOICE;
	if (strcmp(option->value, "DIR") == 0)
		return VALUE_FOLDER;
	if (strcmp(option->value, "FILE") == 0)
		return VALUE_FILE;
	return id == SLIPWAY_OPTION_TO ? VALUE_MIGRATION : VALUE_ANYTHING;
}

/* Prints "a b c" for "a|b|c". */
static void
print_choices(FILE *stream, const char *choices)
{
	for (; *choices != '\0'; choices++)
		(void) fputc(*choices == '|' ? ' ' : *choices, stream);
}

/* Name and aliases of a command. */
static void
print_names(FILE *stream, const SlipwayCommand *command, const char *separator)
{
	(void) fputs(command->name, stream);
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
		(void) fprintf(stream, "%s%s", separator, command->aliases[i]);
}

static void
print_all_names(FILE *stream)
{
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (command != slipway_command_table)
			(void) fputc(' ', stream);
		print_names(stream, command, " ");
	}
}

/* A pattern for case: "-d|--dbname|..." of all options with a value of that kind. */
static bool
print_pattern(FILE *stream, ValueKind kind, bool any_value)
{
	bool		found = false;

	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
	{
		const SlipwayOption *option = &slipway_option_table[id];
		ValueKind	this_kind = get_value_kind((SlipwayOptionId) id);

		if (any_value ? this_kind == VALUE_NONE : this_kind != kind)
			continue;
		if (option->letter != 0)
			(void) fprintf(stream, "%s-%c", found ? " | " : "", option->letter);
		(void) fprintf(stream, "%s--%s", found || option->letter != 0 ? " | " : "", option->name);
		found = true;
	}
	return found;
}

/* The loop of bash and zsh that finds the command and the folder. */
static void
print_search(FILE *stream, const char *first, const char *last, const char *words)
{
	(void) fprintf(stream,
				   "    for ((i = %s; i < %s; i++)); do\n"
				   "        case ${%s[i]} in\n"
				   "            --dir=*) dir=${%s[i]#--dir=} ;;\n"
				   "            ", first, last, words, words);
	(void) print_pattern(stream, VALUE_NONE, true);
	(void) fprintf(stream,
				   ")\n"
				   "                word=${%s[i]}\n"
				   "                i=$((i + 1))\n"
				   "                if [[ ${%s[i]} == = ]]; then i=$((i + 1)); fi\n"
				   "                if [[ $word == --dir ]]; then dir=${%s[i]}; fi\n"
				   "                ;;\n"
				   "            -*) ;;\n"
				   "            *) if [[ -z $command ]]; then command=${%s[i]}; fi ;;\n"
				   "        esac\n"
				   "    done\n", words, words, words, words);
}

static void
print_bash_options(FILE *stream, const SlipwayOptionId *ids)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
		(void) fprintf(stream, " --%s", slipway_option_table[*ids].name);
}

static void
print_bash_values(FILE *stream)
{
	(void) fputs("    case $prev in\n        ", stream);
	if (print_pattern(stream, VALUE_FOLDER, false))
		(void) fputs(")\n            compopt -o filenames\n"
					 "            mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
					 "            return ;;\n        ", stream);
	if (print_pattern(stream, VALUE_FILE, false))
		(void) fputs(")\n            compopt -o filenames\n"
					 "            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
					 "            return ;;\n        ", stream);
	if (print_pattern(stream, VALUE_MIGRATION, false))
		(void) fputs(")\n            IFS=$'\\n'\n"
					 "            mapfile -t COMPREPLY < <(compgen -W \"$(slipway completion migrations"
					 " ${dir:+--dir=\"$dir\"} 2>/dev/null)\" -- \"$cur\")\n"
					 "            return ;;\n        ", stream);
	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
	{
		if (get_value_kind((SlipwayOptionId) id) != VALUE_CHOICE)
			continue;
		(void) fprintf(stream, "--%s)\n            mapfile -t COMPREPLY < <(compgen -W '", slipway_option_table[id].name);
		print_choices(stream, slipway_option_table[id].choices);
		(void) fputs("' -- \"$cur\")\n            return ;;\n        ", stream);
	}
	(void) print_pattern(stream, VALUE_ANYTHING, false);
	(void) fputs(") return ;;\n    esac\n", stream);
}

static void
print_bash_commands(FILE *stream)
{
	(void) fputs("    case $command in\n        '') words='", stream);
	print_all_names(stream);
	(void) fputs("' ;;\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		(void) fputs("        ", stream);
		print_names(stream, command, " | ");
		(void) fputs(") options+='", stream);
		print_bash_options(stream, command->options);
		(void) fputc('\'', stream);
		if (command->choices != NULL || (command->argument != NULL && strcmp(command->argument, "[COMMAND]") == 0))
		{
			(void) fputs(" words='", stream);
			if (command->choices != NULL)
				print_choices(stream, command->choices);
			else
				print_all_names(stream);
			(void) fputc('\'', stream);
		}
		(void) fputs(" ;;\n", stream);
	}
	(void) fputs("    esac\n", stream);
}

void
slipway_completion_print_bash(FILE *stream)
{
	(void) fputs("# bash completion of slipway, made by \"slipway completion bash\"\n"
				 "_slipway() {\n"
				 "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
				 "    local IFS=$' \\t\\n' i word dir= command= words= options='", stream);
	print_bash_options(stream, slipway_command_connection_options);
	print_bash_options(stream, slipway_command_general_options);
	(void) fputs("'\n"
				 "    COMPREPLY=()\n"
				 "    # --option=value arrives as three words\n"
				 "    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi\n",
				 stream);
	print_search(stream, "1", "COMP_CWORD", "COMP_WORDS");
	print_bash_values(stream);
	print_bash_commands(stream);
	(void) fputs("    if [[ $cur == -* ]]; then words=$options; fi\n"
				 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
				 "}\n"
				 "complete -F _slipway slipway\n", stream);
}

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
	switch (get_value_kind(id))
	{
		case VALUE_FOLDER:
			(void) fputs("_files -/", stream);
			break;
		case VALUE_FILE:
			(void) fputs("_files", stream);
			break;
		case VALUE_MIGRATION:
			(void) fputs("_slipway_migrations", stream);
			break;
		case VALUE_CHOICE:
			(void) fputc('(', stream);
			print_choices(stream, slipway_option_table[id].choices);
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
		bool		has_value = option->kind != SLIPWAY_OPTION_KIND_FLAG;
		const char *equals = has_value ? "=" : "";

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
		(void) fputc('\'', stream);
	}
}

/* The list of commands with what they do, and the names of migrations. */
static void
print_zsh_lists(FILE *stream)
{
	(void) fputs("_slipway_commands() {\n    local -a commands=(", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		for (int i = -1; i < SLIPWAY_COMMAND_MAX_ALIASES && (i < 0 || command->aliases[i] != NULL); i++)
		{
			(void) fprintf(stream, "\n        '%s:", i < 0 ? command->name : command->aliases[i]);
			print_zsh_text(stream, command->summary);
			(void) fputc('\'', stream);
		}
	(void) fputs(")\n    _describe command commands\n}\n"
				 "_slipway_migrations() {\n"
				 "    local -a migrations=(${(f)\"$(slipway completion migrations ${dir:+--dir=$dir} 2>/dev/null)\"})\n"
				 "    compadd -a migrations\n}\n", stream);
}

static void
print_zsh_commands(FILE *stream)
{
	(void) fputs("    case $command in\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		(void) fputs("        ", stream);
		print_names(stream, command, "|");
		(void) fputs(") own=(", stream);
		print_zsh_options(stream, command->options);
		if (command->choices != NULL)
		{
			(void) fprintf(stream, "\n        '2:%s:(", command->argument);
			print_choices(stream, command->choices);
			(void) fputs(")'", stream);
		}
		else if (command->argument != NULL)
			(void) fprintf(stream, "\n        '2:%s:%s'", command->argument,
						   strcmp(command->argument, "[COMMAND]") == 0 ? "_slipway_commands" : "");
		(void) fputs(") ;;\n", stream);
	}
	(void) fputs("    esac\n", stream);
}

void
slipway_completion_print_zsh(FILE *stream)
{
	(void) fputs("#compdef slipway\n# zsh completion of slipway, made by \"slipway completion zsh\"\n", stream);
	print_zsh_lists(stream);
	(void) fputs("_slipway() {\n"
				 "    local i word dir= command=\n"
				 "    local -a own general=(", stream);
	print_zsh_options(stream, slipway_command_connection_options);
	print_zsh_options(stream, slipway_command_general_options);
	(void) fputs(")\n", stream);
	print_search(stream, "2", "CURRENT", "words");
	print_zsh_commands(stream);
	(void) fputs("    _arguments -s -S : $general $own '1:command:_slipway_commands'\n"
				 "}\n"
				 "if [[ $funcstack[1] == _slipway ]]; then _slipway \"$@\"; else compdef _slipway slipway; fi\n", stream);
}

/* Text in single quotes. */
static void
print_fish_text(FILE *stream, const char *text)
{
	(void) fputc('\'', stream);
	for (; *text != '\0'; text++)
	{
		if (*text == '\'' || *text == '\\')
			(void) fputc('\\', stream);
		(void) fputc(*text, stream);
	}
	(void) fputc('\'', stream);
}

static void
print_fish_value(FILE *stream, SlipwayOptionId id)
{
	switch (get_value_kind(id))
	{
		case VALUE_NONE:
			break;
		case VALUE_ANYTHING:
			(void) fputs(" -x", stream);
			break;
		case VALUE_FOLDER:
			(void) fputs(" -x -a '(__fish_complete_directories)'", stream);
			break;
		case VALUE_FILE:
			(void) fputs(" -r -F", stream);
			break;
		case VALUE_CHOICE:
			(void) fputs(" -x -a '", stream);
			print_choices(stream, slipway_option_table[id].choices);
			(void) fputc('\'', stream);
			break;
		case VALUE_MIGRATION:
			(void) fputs(" -x -a '(slipway completion migrations 2>/dev/null)'", stream);
			break;
	}
}

/* command NULL: for all of them. */
static void
print_fish_options(FILE *stream, const SlipwayCommand *command, const SlipwayOptionId *ids)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
	{
		const SlipwayOption *option = &slipway_option_table[*ids];

		(void) fputs("complete -c slipway", stream);
		if (command != NULL)
		{
			(void) fputs(" -n '__fish_seen_subcommand_from ", stream);
			print_names(stream, command, " ");
			(void) fputc('\'', stream);
		}
		if (option->letter != 0)
			(void) fprintf(stream, " -s %c", option->letter);
		(void) fprintf(stream, " -l %s", option->name);
		print_fish_value(stream, *ids);
		(void) fputs(" -d ", stream);
		print_fish_text(stream, option->summary);
		(void) fputc('\n', stream);
	}
}

static void
print_fish_argument(FILE *stream, const SlipwayCommand *command)
{
	if (command->choices == NULL && (command->argument == NULL || strcmp(command->argument, "[COMMAND]") != 0))
		return;
	(void) fprintf(stream, "complete -c slipway -n '__fish_seen_subcommand_from %s' -a '", command->name);
	if (command->choices != NULL)
		print_choices(stream, command->choices);
	else
		print_all_names(stream);
	(void) fputs("'\n", stream);
}

void
slipway_completion_print_fish(FILE *stream)
{
	(void) fputs("# fish completion of slipway, made by \"slipway completion fish\"\ncomplete -c slipway -f\n", stream);
	print_fish_options(stream, NULL, slipway_command_connection_options);
	print_fish_options(stream, NULL, slipway_command_general_options);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		(void) fputs("complete -c slipway -n 'not __fish_seen_subcommand_from ", stream);
		print_all_names(stream);
		(void) fputs("' -a '", stream);
		print_names(stream, command, " ");
		(void) fputs("' -d ", stream);
		print_fish_text(stream, command->summary);
		(void) fputc('\n', stream);
		print_fish_options(stream, command, command->options);
		print_fish_argument(stream, command);
	}
}
