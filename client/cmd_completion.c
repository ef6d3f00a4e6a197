/*
 * cmd_completion.c
 *	  slipway completion
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "completion.h"
#include "folder.h"

/* Names of the folder, for the scripts. */
static void
print_migrations(const SlipwayArguments *arguments)
{
	const char *path = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	SlipwayFolder *folder = slipway_folder_read(path);

	for (size_t i = 0; i < folder->count; i++)
		if (folder->migrations[i].kind != SLIPWAY_HOOK)
			(void) puts(folder->migrations[i].name);
	slipway_folder_free(folder);
}

SlipwayExitCode
slipway_cmd_completion(const SlipwayArguments *arguments)
{
	const char *shell = arguments->words[1];

	if (strcmp(shell, "bash") == 0)
		slipway_completion_print_bash(stdout);
	else if (strcmp(shell, "zsh") == 0)
		slipway_completion_print_zsh(stdout);
	else if (strcmp(shell, "fish") == 0)
		slipway_completion_print_fish(stdout);
	else
		print_migrations(arguments);
	return SLIPWAY_EXIT_DONE;
}
