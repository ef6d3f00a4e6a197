/*
 * import_journal.h
 *	  What an import of a file of settings into a store of secrets is doing, in a file beside it: so
 *	  that after an interruption it can be undone or brought to its end.
 *
 * While the phase is "storing" the file is the old one, for certain. While it is "rewriting" it is either, and
 * the backup is complete.
 */
#ifndef SLIPWAY_IMPORT_JOURNAL_H
#define SLIPWAY_IMPORT_JOURNAL_H

#include <stdbool.h>

#include "env_file.h"
#include "secret_store.h"

typedef struct SlipwayImportJournal
{
	char	   *place;			/* the store, as --secrets has it */
	char	   *prefix;
	char	   *backup;			/* path */
	char		set[SLIPWAY_SECRET_SET_SIZE];
	bool		is_rewriting;
} SlipwayImportJournal;

/* Its path; the caller frees it. */
char	   *slipway_import_journal_path(const char *path);

/*
 * The journal of a file, by where that really is; false if there is none. One that cannot be read ends the program with
 * SLIPWAY_EXIT_ERROR.
 */
bool		slipway_import_journal_read(const char *path, SlipwayImportJournal *journal);

/* Puts it on disk, in place of what it said before. */
void		slipway_import_journal_write(const SlipwayEnvFile *file, const SlipwayImportJournal *journal);
void		slipway_import_journal_remove(const char *path);
void		slipway_import_journal_release(SlipwayImportJournal *journal);

#endif
