/*
 * script_file.c
 *	  One script on disk. Bodies are read once to be hashed and again to be
 *	  uploaded, because a folder may be larger than the memory.
 */
#include "script_file.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "die.h"
#include "directive.h"

char *
slipway_script_file_read(const SlipwayScriptFile *file, size_t *length)
{
	SlipwayScriptReader reader = {0};
	SlipwayBuffer text = {0};

	slipway_script_reader_open(&reader, file->path);
	while (!reader.at_end)
	{
		size_t		part_length;
		const char *part = slipway_script_reader_next(&reader, &part_length);

		slipway_buffer_add_bytes(&text, part, part_length);
	}
	slipway_script_reader_close(&reader);
	slipway_script_reader_release(&reader);
	*length = text.length;
	return slipway_buffer_take(&text);
}

void
slipway_script_file_hash(SlipwayScriptFile *file, SlipwayScriptReader *reader)
{
	bool		first = true;

	slipway_script_reader_open(reader, file->path);
	slipway_hash_begin();
	while (!reader->at_end)
	{
		size_t		length;
		const char *part = slipway_script_reader_next(reader, &length);

		slipway_hash_add(part, length);
		if (first)
			file->repeatable = slipway_directive_is_there(part, length, "repeatable");
		first = false;
	}
	slipway_hash_end(file->hash);
	slipway_script_reader_close(reader);
}

void
slipway_script_file_check(const SlipwayScriptFile *file, const char *hash)
{
	if (strcmp(hash, file->hash) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Run it again.", "\"%s\" changed while it was read", file->path);
}

char *
slipway_script_file_read_again(const SlipwayScriptFile *file, size_t *length)
{
	char	   *text = slipway_script_file_read(file, length);
	char		hash[SLIPWAY_HASH_SIZE];

	slipway_hash_bytes(text, *length, hash);
	slipway_script_file_check(file, hash);
	return text;
}
