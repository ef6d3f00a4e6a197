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
	(void) fprintf(stream, slipway_command_group(command) != NULL ? "'%s'" : "%s", command->name);
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
		(void) fprintf(stream, "%s%s", separator, command->aliases[i]);
}

void
slipway_completion_print_all_names(FILE *stream)
{
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (slipway_command_group(command) != NULL)
			continue;
		if (command != slipway_command_table)
			(void) fputc(' ', stream);
		slipway_completion_print_names(stream, command, " ");
	}
}

/* Prints one of a list. */
static void
print_item(FILE *stream, const char *name, const char *quote, const char *separator, bool *first)
{
	(void) fprintf(stream, "%s%s%s%s", *first ? "" : separator, quote, name, quote);
	*first = false;
}

void
slipway_completion_print_members(FILE *stream, const SlipwayCommand *group, const char *separator)
{
	bool		first = true;

	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (slipway_command_group(command) == group)
			print_item(stream, slipway_command_last_name(command), "", separator, &first);
}

bool
slipway_completion_has_groups(const SlipwayCommand *group)
{
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (command->run == NULL && slipway_command_group(command) == group)
			return true;
	return false;
}

void
slipway_completion_print_groups(FILE *stream, const SlipwayCommand *group, const char *separator)
{
	bool		first = true;

	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (command->run == NULL && slipway_command_group(command) == group)
			print_item(stream, slipway_command_last_name(command), "", separator, &first);
}

/* The whole names of all of them, as a pattern for case. */
static void
print_all_groups(FILE *stream)
{
	bool		first = true;

	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (command->run == NULL)
			print_item(stream, command->name, slipway_command_group(command) != NULL ? "'" : "", " | ", &first);
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
				   "            *)\n"
				   "                case $command in\n"
				   "                    '') command=${%s[i]} ;;\n"
				   "                    ", words, words, words, words);
	print_all_groups(stream);
	(void) fprintf(stream,
				   ") command=\"$command ${%s[i]}\" ;;\n"
				   "                esac\n"
				   "                ;;\n"
				   "        esac\n"
				   "    done\n", words);
}

bool
slipway_completion_takes_migration(const SlipwayCommand *command)
{
	/* one that asks no server makes the name up */
	return command->argument != NULL && strstr(command->argument, "NAME") != NULL && !command->offline;
}
