/*
 * import_journal.c
 *	  What an import of a file of settings is doing.
 */
#include "import_journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"

char *
slipway_import_journal_path(const char *path)
{
	return slipway_memory_format("%s.slipway-import", path);
}

static _Noreturn void
die_unreadable(const char *name, const char *reason)
{
	slipway_die(SLIPWAY_EXIT_ERROR, "It says what an interrupted import was doing. Remove it only if nothing needs to be undone.",
				"could not read \"%s\": %s", name, reason);
}

bool
slipway_import_journal_read(const char *path, SlipwayImportJournal *journal)
{
	char	   *name = slipway_import_journal_path(path);
	FILE	   *file = fopen(name, "re");
	const char *set;
	const char *place;
	const char *prefix;
	const char *backup;
	int			rewriting;
	json_t	   *object;

	*journal = (SlipwayImportJournal) {0};
	if (file == NULL && errno != ENOENT)
		die_unreadable(name, strerror(errno));
	if (file == NULL)
	{
		free(name);
		return false;
	}
	object = json_loadf(file, 0, NULL);
	if (json_unpack(object, "{s:s, s:s, s:s, s:s, s:b}", "set", &set, "secrets", &place, "secret_prefix", &prefix,
					"backup", &backup, "rewriting", &rewriting) != 0 || strlen(set) != SLIPWAY_SECRET_SET_SIZE - 1)
		die_unreadable(name, "it is not what slipway has written");
	(void) fclose(file);
	memcpy(journal->set, set, SLIPWAY_SECRET_SET_SIZE);
	journal->place = slipway_memory_copy(place);
	journal->prefix = slipway_memory_copy(prefix);
	journal->backup = slipway_memory_copy(backup);
	journal->is_rewriting = rewriting != 0;
	json_decref(object);
	free(name);
	return true;
}

void
slipway_import_journal_write(const SlipwayEnvFile *file, const SlipwayImportJournal *journal)
{
	char	   *name = slipway_import_journal_path(file->path);
	json_t	   *object = json_pack("{s:s, s:s, s:s, s:s, s:b}", "set", journal->set, "secrets", journal->place,
								   "secret_prefix", journal->prefix, "backup", journal->backup,
								   "rewriting", journal->is_rewriting ? 1 : 0);
	char	   *text = json_dumps(object, JSON_COMPACT);

	if (text == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": a name is not UTF-8", name);
	slipway_env_file_write_beside(file, name, text, strlen(text));
	free(text);
	json_decref(object);
	free(name);
}

void
slipway_import_journal_remove(const char *path)
{
	char	   *name = slipway_import_journal_path(path);
	char	   *draft = slipway_env_file_draft(name);

	(void) unlink(draft);
	slipway_env_file_remove(name);
	free(draft);
	free(name);
}

void
slipway_import_journal_release(SlipwayImportJournal *journal)
{
	free(journal->place);
	free(journal->prefix);
	free(journal->backup);
	*journal = (SlipwayImportJournal) {0};
}
