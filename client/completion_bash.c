/*
 * completion_bash.c
 *	  The completion script of bash.
 */
#include "completion.h"

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
	if (slipway_completion_print_pattern(stream, SLIPWAY_VALUE_FOLDER, false))
		(void) fputs(")\n            compopt -o filenames\n"
					 "            mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
					 "            return ;;\n        ", stream);
	if (slipway_completion_print_pattern(stream, SLIPWAY_VALUE_FILE, false))
		(void) fputs(")\n            compopt -o filenames\n"
					 "            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
					 "            return ;;\n        ", stream);
	if (slipway_completion_print_pattern(stream, SLIPWAY_VALUE_MIGRATION, false))
		(void) fputs(")\n            IFS=$'\\n'\n"
					 "            mapfile -t COMPREPLY < <(compgen -W"
					 " \"$(slipway completion migrations ${dir:+--dir=\"$dir\"} 2>/dev/null)\""
					 " -- \"$cur\")\n"
					 "            return ;;\n        ", stream);
	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
	{
		if (slipway_completion_value_kind((SlipwayOptionId) id) != SLIPWAY_VALUE_CHOICE)
			continue;
		(void) fprintf(stream, "--%s)\n            mapfile -t COMPREPLY < <(compgen -W '",
					   slipway_option_table[id].name);
		slipway_completion_print_choices(stream, slipway_option_table[id].choices);
		(void) fputs("' -- \"$cur\")\n            return ;;\n        ", stream);
	}
	(void) slipway_completion_print_pattern(stream, SLIPWAY_VALUE_ANYTHING, false);
	(void) fputs(") return ;;\n    esac\n", stream);
}

static void
print_bash_commands(FILE *stream)
{
	(void) fputs("    case $command in\n        '') words='", stream);
	slipway_completion_print_all_names(stream);
	(void) fputs("' ;;\n", stream);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		(void) fputs("        ", stream);
		slipway_completion_print_names(stream, command, " | ");
		(void) fputs(") options+='", stream);
		print_bash_options(stream, command->options);
		(void) fputs("' words='", stream);
		if (command->choices != NULL)
			slipway_completion_print_choices(stream, command->choices);
		else if (command->run == NULL)
			slipway_completion_print_members(stream, command, " ");
		else if (slipway_command_takes_command(command))
			slipway_completion_print_all_names(stream);
		(void) fputc('\'', stream);
		if (slipway_completion_takes_migration(command))
			(void) fputs("\n            if [[ $cur != -* ]]; then IFS=$'\\n'\n"
						 "                words=$(slipway completion migrations"
						 " ${dir:+--dir=\"$dir\"} 2>/dev/null); fi", stream);
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
				 "    if [[ $cur == = ]]; then cur=\n"
				 "    elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi\n",
				 stream);
	slipway_completion_print_search(stream, "1", "COMP_CWORD", "COMP_WORDS");
	print_bash_values(stream);
	print_bash_commands(stream);
	(void) fputs("    if [[ $cur == -* ]]; then words=$options; fi\n"
				 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
				 "}\n"
				 "complete -F _slipway slipway\n", stream);
}
