/*
 * fuzz_file.c
 *	  Files that slipway has written, or tables that somebody else has, read again: anchors, the journal of an import, a baseline of
 *	  load, a table of users. The first byte of the input says which.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor.h"
#include "csv_file.h"
#include "fuzz.h"
#include "import_journal.h"
#include "load.h"

#define JOURNAL ".slipway-import"

static char folder[FUZZ_FOLDER_SIZE];
static char path[128];
static char journal_path[sizeof(path) + sizeof(JOURNAL)];

static void
remove_folder(void)
{
	(void) unlink(journal_path);
	(void) rmdir(folder);
}

static void
make_folder(void)
{
	if (folder[0] != '\0')
		return;
	fuzz_make_folder(folder);
	(void) snprintf(path, sizeof(path), "%s/env", folder);
	(void) snprintf(journal_path, sizeof(journal_path), "%s%s", path, JOURNAL);
	(void) atexit(remove_folder);
}

static void
read_anchor(void *argument)
{
	SlipwayArguments arguments = {.word_count = 0};

	arguments.values[SLIPWAY_OPTION_ANCHOR] = argument;
	slipway_anchor_free(slipway_anchor_read(&arguments, false));
}

static void
read_journal(void *argument)
{
	SlipwayImportJournal journal;

	(void) argument;
	fuzz_check(slipway_import_journal_read(path, &journal));
	fuzz_check(journal.place != NULL && journal.prefix != NULL && journal.backup != NULL &&
			   strlen(journal.set) == SLIPWAY_SECRET_SET_SIZE - 1);
	slipway_import_journal_release(&journal);
}

static void
read_load(void *argument)
{
	SlipwayLoad load = slipway_load_read(argument);

	fuzz_check(load.acquire.p50 > 0 && load.query.p50 > 0);
}

static void
read_table(void *argument)
{
	SlipwayCsv *csv = slipway_csv_file_read(argument);
	size_t		column;

	fuzz_check(csv->count >= 1);
	for (size_t i = 1; i < csv->count; i++)
		fuzz_check(csv->records[i].count == csv->records[0].count);
	column = slipway_csv_file_column(csv, argument, "user", "login");
	fuzz_check(column < csv->records[0].count);
	slipway_csv_free(csv);
}

static void
write_journal(const uint8_t *data, size_t size)
{
	int			file = open(journal_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	fuzz_check(file >= 0 && write(file, data, size) == (ssize_t) size);
	(void) close(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void	   *name;

	make_folder();
	if (size == 0)
		return 0;
	name = (void *) (uintptr_t) fuzz_file(data + 1, size - 1);
	switch (data[0] % 4)
	{
		case 0:
			(void) fuzz_try(read_anchor, name);
			break;
		case 1:
			write_journal(data + 1, size - 1);
			(void) fuzz_try(read_journal, NULL);
			break;
		case 2:
			(void) fuzz_try(read_load, name);
			break;
		default:
			(void) fuzz_try(read_table, name);
			break;
	}
	return 0;
}
