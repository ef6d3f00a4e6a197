/*
 * completion_fish.c
 *	  The completion script of fish.
 */
#include "completion.h"

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
	switch (slipway_completion_value_kind(id))
	{
		case SLIPWAY_VALUE_NONE:
			break;
		case SLIPWAY_VALUE_ANYTHING:
			(void) fputs(" -x", stream);
			break;
		case SLIPWAY_VALUE_FOLDER:
			(void) fputs(" -x -a '(__fish_complete_directories)'", stream);
			break;
		case SLIPWAY_VALUE_FILE:
			(void) fputs(" -r -F", stream);
			break;
		case SLIPWAY_VALUE_CHOICE:
			(void) fputs(" -x -a '", stream);
			slipway_completion_print_choices(stream, slipway_option_table[id].choices);
			(void) fputc('\'', stream);
			break;
		case SLIPWAY_VALUE_MIGRATION:
			(void) fputs(" -x -a '(slipway completion migrations 2>/dev/null)'", stream);
			break;
	}
}

/* "__fish_seen_subcommand_from credential; and __fish_seen_subcommand_from batch" */
static void
print_fish_groups(FILE *stream, const SlipwayCommand *group)
{
	if (slipway_command_group(group) != NULL)
	{
		print_fish_groups(stream, slipway_command_group(group));
		(void) fputs("; and ", stream);
	}
	(void) fprintf(stream, "__fish_seen_subcommand_from %s", slipway_command_last_name(group));
}

/* When the command is there. */
static void
print_fish_condition(FILE *stream, const SlipwayCommand *command)
{
	const SlipwayCommand *group = slipway_command_group(command);

	(void) fputs(" -n '", stream);
	if (group != NULL)
		print_fish_groups(stream, command);
	else
	{
		(void) fputs("__fish_seen_subcommand_from ", stream);
		slipway_completion_print_names(stream, command, " ");
	}
	if (command->run != NULL && slipway_completion_has_groups(group))
	{
		/* one of them may have the same name */
		(void) fputs("; and not __fish_seen_subcommand_from ", stream);
		slipway_completion_print_groups(stream, group, " ");
	}
	(void) fputc('\'', stream);
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
			print_fish_condition(stream, command);
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
	if (command->choices == NULL && !slipway_command_takes_command(command) &&
		!slipway_completion_takes_migration(command))
		return;
	(void) fputs("complete -c slipway", stream);
	print_fish_condition(stream, command);
	(void) fputs(" -a '", stream);
	if (command->choices != NULL)
		slipway_completion_print_choices(stream, command->choices);
	else if (slipway_command_takes_command(command))
		slipway_completion_print_all_names(stream);
	else
		(void) fputs("(slipway completion migrations 2>/dev/null)", stream);
	(void) fputs("'\n", stream);
}

/* Where no other command is; of a group, where the group is but none of its commands. */
static void
print_fish_name(FILE *stream, const SlipwayCommand *command)
{
	const SlipwayCommand *group = slipway_command_group(command);

	(void) fputs("complete -c slipway -n '", stream);
	if (group != NULL)
	{
		print_fish_groups(stream, group);
		(void) fputs("; and ", stream);
	}
	(void) fputs("not __fish_seen_subcommand_from ", stream);
	if (group != NULL)
		slipway_completion_print_members(stream, group, " ");
	else
		slipway_completion_print_all_names(stream);
	(void) fputs("' -a '", stream);
	if (group != NULL)
		(void) fputs(slipway_command_last_name(command), stream);
	else
		slipway_completion_print_names(stream, command, " ");
	(void) fputs("' -d ", stream);
	print_fish_text(stream, command->summary);
	(void) fputc('\n', stream);
}

void
slipway_completion_print_fish(FILE *stream)
{
	(void) fputs("# fish completion of slipway, made by \"slipway completion fish\"\n"
				 "complete -c slipway -f\n", stream);
	print_fish_options(stream, NULL, slipway_command_connection_options);
	print_fish_options(stream, NULL, slipway_command_general_options);
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		print_fish_name(stream, command);
		print_fish_options(stream, command, command->options);
		print_fish_argument(stream, command);
	}
}
