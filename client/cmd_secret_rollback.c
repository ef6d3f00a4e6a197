/*
 * cmd_secret_rollback.c
 *	  slipway secret rollback: a file of settings as it was before its import.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "env_move.h"
#include "import_journal.h"
#include "login_test.h"
#include "memory.h"
#include "output.h"
#include "secret_import.h"
#include "whole_file.h"

/* Settings that say something of TLS, and that the store of the process environment is asked for too. */
static const char *const beside[] = {"DB_SSLMODE"};

static char *
find_backup(const char *name, const char *path)
{
	char	   *backup = slipway_env_file_newest_backup(path);

	if (backup == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "\"slipway secret import\" makes one beside the file.", "there is no backup of \"%s\"", name);
	return backup;
}

/* An application may look at either; the import was told which. */
static void
settle(const SlipwayArguments *arguments, SlipwayEnvMove *move)
{
	const char *given = slipway_option_text(arguments, SLIPWAY_OPTION_PREFER);
	bool		url = given == NULL || strcmp(given, "url") == 0;

	for (int round = 0; round < 2 && move->difference_count > 0; round++)
	{
		if (given == NULL)
			slipway_output_warn("--prefer parameters tries these.", "%s: %s and the single parameters disagree; the former is tried",
								move->file->name, move->string_name);
		slipway_env_move_settle(move, url ? SLIPWAY_ENV_PREFER_URL : SLIPWAY_ENV_PREFER_PARAMETERS);
	}
}

/*
 * Tries the connections of the backup before the file is what applications read. What the file says is put into the process
 * environment, which is a store as well: so the other one need not even be there.
 */
static void
test_connections(const SlipwayArguments *arguments, const SlipwayEnvFile *backup, const char *prefix)
{
	SlipwayArguments only = slipway_login_arguments(arguments, "environment");
	SlipwayEnvMove move;

	slipway_env_move_plan(backup, prefix, &move);
	settle(arguments, &move);
	for (int i = 0; i < SLIPWAY_ENV_SETTINGS; i++)
	{
		const char *name = slipway_env_setting_name((SlipwayEnvSetting) i);

		if (move.is_stored[i])
			(void) setenv(name, move.found[i]->value, 1);
		else
			(void) unsetenv(name);
	}
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_find(backup->dotenv, beside[i]);

		if (entry != NULL && entry->problem == NULL)
			(void) setenv(beside[i], entry->value, 1);
	}
	if (slipway_env_move_is_whole(&move))
		slipway_login_test(&only, true);
	if (slipway_env_move_has_admin(&move))
		slipway_login_test(&only, false);
	if (!slipway_env_move_is_whole(&move) && !slipway_env_move_has_admin(&move))
		slipway_output_warn("If its names have a prefix: --secret-prefix.", "%s says of no connection all that it needs: none was tried",
							backup->name);
	slipway_env_move_release(&move);
}

/* What the file has now may have been changed since: nobody is to lose that. */
static void
restore(const char *name, const char *backup_path)
{
	char	   *path = slipway_whole_file_resolve(name);
	char	   *kept = slipway_memory_format("%s.before-rollback", path);
	SlipwayEnvFile backup;
	SlipwayEnvFile file;

	(void) slipway_env_file_load(backup_path, false, &backup);
	if (slipway_env_file_load(name, true, &file))
	{
		slipway_env_file_check(&file);
		/* one that was interrupted has done this */
		if (strcmp(file.text.data, backup.text.data) != 0)
		{
			slipway_env_file_write_beside(&file, kept, file.text.data, file.text.length);
			slipway_env_file_replace(&file, backup.text.data, backup.text.length);
		}
		if (access(kept, F_OK) == 0)
			slipway_output_say("%s: as it was before the import; what it had is in %s", name, kept);
		else
			slipway_output_say("%s: as it was before the import", name);
	}
	else
	{
		slipway_env_file_write_beside(&backup, path, backup.text.data, backup.text.length);
		slipway_output_say("%s: as it was before the import", name);
	}
	slipway_env_file_remove(backup_path);
	slipway_env_file_release(&backup);
	slipway_env_file_release(&file);
	free(kept);
	free(path);
}

/* That of the example has the same time in its name. */
static void
restore_example(const char *path, const char *backup)
{
	char	   *example = slipway_secret_import_example(path);
	char	   *example_path = example != NULL ? slipway_whole_file_resolve(example) : NULL;
	char	   *example_backup = example != NULL ? slipway_memory_format("%s%s", example_path, strrchr(backup, '.')) : NULL;

	if (example != NULL && access(example_backup, F_OK) == 0)
		restore(example, example_backup);
	free(example_backup);
	free(example_path);
	free(example);
}

/*
 * Before the file was replaced a backup need not be whole, and is not needed: true if that is so. Once it may have been replaced
 * the backup is whole, and what is left to do in the store can be done later.
 */
static bool
is_untouched(const SlipwayArguments *arguments, const char *name, const char *path)
{
	SlipwayImportJournal journal;
	bool		untouched = slipway_import_journal_read(path, &journal) && !journal.is_rewriting;

	slipway_import_journal_release(&journal);
	if (!untouched)
		return false;
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_NO_TEST) || slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		slipway_output_say("%s: an interrupted import has not touched it; \"slipway secret import\" undoes what it has stored", name);
	else
		(void) slipway_secret_import_recover(arguments, name);
	return true;
}

static void
run(const SlipwayArguments *arguments, const char *name, const char *path)
{
	const char *prefix = slipway_option_text(arguments, SLIPWAY_OPTION_SECRET_PREFIX);
	char	   *backup_path = find_backup(name, path);
	SlipwayEnvFile backup;

	(void) slipway_env_file_read(backup_path, false, &backup);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		slipway_output_say("%s: would be restored from %s", name, backup_path);
	else
	{
		if (!slipway_option_flag(arguments, SLIPWAY_OPTION_NO_TEST))
			test_connections(arguments, &backup, prefix != NULL ? prefix : "");
		restore_example(path, backup_path);
		restore(name, backup_path);
		if (slipway_output_is_json())
			slipway_output_json(json_pack("{s:s, s:o, s:o}", "event", "secret_restored", "file", slipway_output_json_text(name),
										  "backup", slipway_output_json_text(backup_path)));
		slipway_output_say("What is stored stays there: \"slipway secret delete\" removes it.");
	}
	slipway_env_file_release(&backup);
	free(backup_path);
}

SlipwayExitCode
slipway_cmd_secret_rollback(const SlipwayArguments *arguments)
{
	const char *name = arguments->words[1];
	char	   *path = slipway_whole_file_resolve(name);

	slipway_env_file_lock(name);
	if (!is_untouched(arguments, name, path))
		run(arguments, name, path);
	free(path);
	return SLIPWAY_EXIT_DONE;
}
