/*
 * cmd_secret_import.c
 *	  slipway secret import: settings of a connection out of a file into a store of secrets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "confirm.h"
#include "die.h"
#include "env_move.h"
#include "memory.h"
#include "output.h"
#include "secret_import.h"
#include "table.h"

#define MASK "***"

/* What becomes of an entry that leaves the file. */
static const char *
tell_fate(const SlipwayEnvMove *move, const SlipwayDotenvEntry *entry)
{
	for (int i = 0; i < SLIPWAY_ENV_SETTINGS; i++)
	{
		if (move->found[i] == NULL || entry->is_comment || move->found[i] != entry)
			continue;
		if (move->is_stored[i])
			return NULL;
		return entry->length == 0 ? "empty: only taken out" : "only taken out: the other one counts";
	}
	if (entry->is_comment)
		return "commented out: only taken out";
	return "there again below: only taken out";
}

/* "PROD_DB_PASSWORD", also of an entry that has the prefix; the caller frees it. */
static char *
make_secret_name(const SlipwayEnvMove *move, const SlipwayDotenvEntry *entry)
{
	size_t		length = strlen(move->prefix);
	bool		has_prefix = length > 0 && strncmp(entry->name, move->prefix, length) == 0;

	return slipway_memory_format("%s%s", has_prefix ? "" : move->prefix, entry->name);
}

static void
show_json(const SlipwayEnvMove *move, const char *event)
{
	for (size_t i = 0; i < slipway_dotenv_count(move->file->dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(move->file->dotenv, i);
		const char *fate;
		char	   *secret;
		json_t	   *object;

		if (!slipway_env_move_leaves((void *) move, entry))
			continue;
		fate = tell_fate(move, entry);
		secret = fate == NULL ? make_secret_name(move, entry) : NULL;
		object = json_pack("{s:s, s:o, s:I, s:o, s:o, s:o}", "event", event, "file", slipway_output_json_text(move->file->name),
						   "line", (json_int_t) entry->line, "setting", slipway_output_json_text(entry->name),
						   "secret", slipway_output_json_text(secret), "note", slipway_output_json_text(fate));
		slipway_output_json(object);
		free(secret);
	}
}

/* What would move, without the values. */
static void
show_plan(const SlipwayEnvMove *move, const char *place)
{
	static const SlipwayColumn columns[] = {
		{.title = "line",.right = true}, {.title = "setting"}, {.title = "secret"}, {.title = "value"}
	};
	SlipwayTable *table;
	size_t		count = slipway_dotenv_count(move->file->dotenv);
	char	  **texts;

	if (slipway_output_is_json())
	{
		show_json(move, "secret_move");
		return;
	}
	table = slipway_table_new(columns, 4);
	texts = slipway_memory_new(2 * (count + 1) * sizeof(char *));
	for (size_t i = 0; i < count; i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(move->file->dotenv, i);
		const char *fate = tell_fate(move, entry);

		if (!slipway_env_move_leaves((void *) move, entry))
			continue;
		texts[2 * i] = slipway_memory_format("%zu", entry->line);
		texts[2 * i + 1] = fate == NULL ? make_secret_name(move, entry) : NULL;
		slipway_table_add(table, (const char *const[]) {texts[2 * i], entry->name, texts[2 * i + 1], fate != NULL ? fate : MASK},
						  0, SLIPWAY_COLOR_NONE);
	}
	slipway_table_print(table, stdout);
	for (size_t i = 0; i < 2 * count; i++)
		free(texts[i]);
	free(texts);
	slipway_output_say("%s: this would move into %s; nothing was changed", move->file->name, place);
}

static void
warn_of_rest(const SlipwayEnvMove *move)
{
	const char *left = slipway_env_move_left_behind(move);

	if (left != NULL)
		slipway_output_warn("In a comment, perhaps, or in a setting of another name.",
							"%s: the password in %s stands somewhere else, too, and stays there", move->file->name, left);
	for (size_t i = 0; i < slipway_dotenv_count(move->file->dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(move->file->dotenv, i);

		if (slipway_env_move_is_suspicious(move, entry))
			slipway_output_warn("\"slipway secret put\" stores it, if its application can read it from there.",
								"%s:%zu: %s looks like a secret, and stays", move->file->name, entry->line, entry->name);
	}
}

/* Talk, as the table of it is not what the command is about. */
static void
show_differences(const SlipwayEnvMove *move)
{
	slipway_output_begin_talk();
	for (size_t i = 0; i < move->difference_count; i++)
	{
		const SlipwayEnvDifference *difference = &move->differences[i];

		if (difference->in_string == NULL)
			(void) fprintf(stderr, "  %s: not the same\n", difference->part);
		else
			(void) fprintf(stderr, "  %s: %s in %s, %s in the parameter\n", difference->part, difference->in_string,
						   move->string_name, difference->in_parameters);
	}
}

static SlipwayEnvPreference
ask_preference(const SlipwayEnvMove *move)
{
	SlipwayEnvPreference preference = SLIPWAY_ENV_PREFER_NEITHER;
	char	   *line = NULL;
	size_t		size = 0;

	while (preference == SLIPWAY_ENV_PREFER_NEITHER)
	{
		(void) fprintf(stderr, "Which counts: %s (u) or the parameters (p)? ", move->string_name);
		(void) fflush(stderr);
		if (getline(&line, &size, stdin) < 0)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "no answer; nothing was changed");
		if (line[0] == 'u' || line[0] == 'U')
			preference = SLIPWAY_ENV_PREFER_URL;
		else if (line[0] == 'p' || line[0] == 'P')
			preference = SLIPWAY_ENV_PREFER_PARAMETERS;
	}
	free(line);
	return preference;
}

/* The connection string and the single parameters may disagree, of either connection. */
static void
settle(const SlipwayArguments *arguments, SlipwayEnvMove *move)
{
	const char *given = slipway_option_text(arguments, SLIPWAY_OPTION_PREFER);

	for (int round = 0; round < 2 && move->difference_count > 0; round++)
	{
		SlipwayEnvPreference preference = given == NULL ? SLIPWAY_ENV_PREFER_NEITHER
			: strcmp(given, "url") == 0 ? SLIPWAY_ENV_PREFER_URL : SLIPWAY_ENV_PREFER_PARAMETERS;

		if (preference == SLIPWAY_ENV_PREFER_NEITHER)
		{
			slipway_output_begin_talk();
			(void) fprintf(stderr, "%s: %s and the single parameters disagree\n", move->file->name, move->string_name);
			show_differences(move);
			if (!slipway_confirm_is_possible())
				slipway_die(SLIPWAY_EXIT_USAGE, "Say with --prefer url or --prefer parameters which of them counts.",
							"%s: which settings count is not clear", move->file->name);
			preference = ask_preference(move);
		}
		slipway_env_move_settle(move, preference);
	}
}

static SlipwaySecretStore *
find_store(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_store_find(arguments);

	if (store == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write --secrets barbican, or secrets = barbican in a section of slipway.conf.",
					"there is no store to move settings into");
	if (!slipway_secret_store_keeps_policies(store))
		slipway_die(SLIPWAY_EXIT_USAGE, "Barbican is such a store: --secrets barbican.",
					"settings cannot be moved into \"%s\"", slipway_secret_store_place(store));
	return store;
}

/* Others could read the passwords as long as they were in the file. */
static void
warn_of_readers(const SlipwayEnvFile *file)
{
	if ((file->status.st_mode & 044) != 0)
		slipway_output_warn("Change the passwords: \"slipway secret rotate\".", "other users could read the passwords in \"%s\"",
							file->name);
}

SlipwayExitCode
slipway_cmd_secret_import(const SlipwayArguments *arguments)
{
	const char *name = arguments->words[1];
	bool		dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN);
	SlipwaySecretStore *store = find_store(arguments);
	SlipwayEnvFile file;
	SlipwayEnvMove move;

	if (!dry_run)
	{
		slipway_env_file_lock(name);
		(void) slipway_secret_import_recover(arguments, name);
	}
	(void) slipway_env_file_read(name, false, &file);
	slipway_env_move_plan(&file, slipway_secret_store_prefix(store), &move);
	settle(arguments, &move);
	if (slipway_env_move_count(&move) == 0)
		slipway_output_say("%s: there is nothing to move, as it has no settings of a database connection", name);
	else if (dry_run)
		show_plan(&move, slipway_secret_store_place(store));
	else
	{
		slipway_secret_import_run(arguments, &file, &move);
		if (slipway_output_is_json())
			show_json(&move, "secret_moved");
		warn_of_readers(&file);
		slipway_output_say("The backup has the passwords still: remove it when all works. Until then: slipway secret rollback %s", name);
	}
	warn_of_rest(&move);
	slipway_env_move_release(&move);
	slipway_env_file_release(&file);
	return SLIPWAY_EXIT_DONE;
}
