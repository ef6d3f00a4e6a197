/*
 * completion.h
 *	  Completion scripts for shells, made from the tables of commands and
 *	  options, and what they have in common.
 *
 * Options may stand before the command, so the scripts for bash and zsh first
 * look for the command among the words that are no option and no value of
 * one; fish does that by itself.
 */
#ifndef SLIPWAY_COMPLETION_H
#define SLIPWAY_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"

/* What the value of an option can be completed with. */
typedef enum SlipwayValueKind
{
	SLIPWAY_VALUE_NONE,			/* it has no value */
	SLIPWAY_VALUE_ANYTHING,
	SLIPWAY_VALUE_FOLDER,
	SLIPWAY_VALUE_FILE,
	SLIPWAY_VALUE_CHOICE,
	SLIPWAY_VALUE_MIGRATION
} SlipwayValueKind;

/* Print the script of a shell, to be sourced by it. */
void		slipway_completion_print_bash(FILE *stream);
void		slipway_completion_print_zsh(FILE *stream);
void		slipway_completion_print_fish(FILE *stream);

SlipwayValueKind slipway_completion_value_kind(SlipwayOptionId id);

/* Is it the name of a migration in the folder? */
bool		slipway_completion_takes_migration(const SlipwayCommand *command);

/* Prints "a b c" for "a|b|c". */
void		slipway_completion_print_choices(FILE *stream, const char *choices);

/*
 * Print name and aliases of a command, and those of all that are no members of groups. Names of more than one word
 * are in quotes.
 */
void		slipway_completion_print_names(FILE *stream, const SlipwayCommand *command,
										   const char *separator);
void		slipway_completion_print_all_names(FILE *stream);

/*
 * Print the last names of the members of a group, or of those that are groups; without a group, of what
 * is in none. has_groups: is there any of the latter?
 */
void		slipway_completion_print_members(FILE *stream, const SlipwayCommand *group,
											 const char *separator);
void		slipway_completion_print_groups(FILE *stream, const SlipwayCommand *group,
											const char *separator);
bool		slipway_completion_has_groups(const SlipwayCommand *group);

/*
 * Prints a pattern for case, "-d | --dbname | ...", of the options with a
 * value of that kind, or with any value; false if there are none.
 */
bool		slipway_completion_print_pattern(FILE *stream, SlipwayValueKind kind, bool any_value);

/*
 * Prints the loop of bash and zsh that sets $command ("secret get" for one of a group), $place
 * (its number of words) and $dir from the words of an array, from the first up to but not the last.
 */
void		slipway_completion_print_search(FILE *stream, const char *first, const char *last,
											const char *words);

#endif
