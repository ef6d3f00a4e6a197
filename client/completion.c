/*
 * completion.c
 *	  What the completion scripts of shells have in common.
 */
#include "completion.h"

#include <string.h>

SlipwayValueKind
slipway_completion_value_kind(SlipwayOptionId id)
{
	const SlipwayOption *option = &slipway_option_table[id];

	/* what stands behind "=" is part of the same word */
	if (option->kind == SLIPWAY_OPTION_KIND_FLAG || option->kind == SLIPWAY_OPTION_KIND_OPTIONAL)
		return SLIPWAY_VALUE_NONE;
	if (option->kind == SLIPWAY_OPTION_KIND_CHOICE)
		return SLIPWAY_VALUE_CHOICE;
	if (strcmp(option->value, "DIR") == 0)
		return SLIPWAY_VALUE_FOLDER;
	if (strcmp(option->value, "FILE") == 0)
		return SLIPWAY_VALUE_FILE;
	switch (id)
	{
		case SLIPWAY_OPTION_TO:
		case SLIPWAY_OPTION_REQUIRE:
		case SLIPWAY_OPTION_ACCEPT_CHECKSUM:
		case SLIPWAY_OPTION_FORGET_FAILED:
		case SLIPWAY_OPTION_MARK_APPLIED:
			return SLIPWAY_VALUE_MIGRATION;
		default:
			return SLIPWAY_VALUE_ANYTHING;
	}
}

void
slipway_completion_print_choices(FILE *stream, const char *choices)
{
	for (; *choices != '\0'; choices++)
		(void) fputc(*choices == '|' ? ' ' : *choices, stream);
}

void
slipway_completion_print_names(FILE *stream, const SlipwayCommand *command, const char *separator)
{
	(void) fputs(command->name, stream);
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
		(void) fprintf(stream, "%s%s", separator, command->aliases[i]);
}

void
slipway_completion_print_all_names(FILE *stream)
{
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (command != slipway_command_table)
			(void) fputc(' ', stream);
		slipway_completion_print_names(stream, command, " ");
	}
}

bool
slipway_completion_print_pattern(FILE *stream, SlipwayValueKind kind, bool any_value)
{
	bool		found = false;

	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
	{
		const SlipwayOption *option = &slipway_option_table[id];
		SlipwayValueKind	this_kind = slipway_completion_value_kind((SlipwayOptionId) id);

		if (any_value ? this_kind == SLIPWAY_VALUE_NONE : this_kind != kind)
			continue;
		if (option->letter != 0)
			(void) fprintf(stream, "%s-%c", found ? " | " : "", option->letter);
		(void) fprintf(stream, "%s--%s", found || option->letter != 0 ? " | " : "", option->name);
		found = true;
	}
	return found;
}

void
slipway_completion_print_search(FILE *stream, const char *first, const char *last,
								const char *words)
{
	(void) fprintf(stream,
				   "    for ((i = %s; i < %s; i++)); do\n"
				   "        case ${%s[i]} in\n"
				   "            --dir=*) dir=${%s[i]#--dir=} ;;\n"
				   "            ", first, last, words, words);
	(void) slipway_completion_print_pattern(stream, SLIPWAY_VALUE_NONE, true);
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

bool
slipway_completion_takes_command(const SlipwayCommand *command)
{
	return command->argument != NULL && strcmp(command->argument, "[COMMAND]") == 0;
}

bool
slipway_completion_takes_migration(const SlipwayCommand *command)
{
	/* one that asks no server makes the name up */
	return command->argument != NULL && strstr(command->argument, "NAME") != NULL && !command->offline;
}
