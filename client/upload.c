/*
 * upload.c
 *	  Brings a manifest and the scripts that it needs to the server.
 *
 * Scripts that fit into one part of script_reader.h travel many to a
 * statement, as a statement for each would cost the server more than storing
 * it; larger ones travel in parts.
 */
#include "upload.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "die.h"
#include "memory.h"
#include "pipeline.h"
#include "server.h"

/* How many scripts a statement carries at most. */
#define BATCH_COUNT 1000

/* PostgreSQL's number of the type text, in the binary form of an array. */
#define TEXT_OID 25

/* What the server says of a manifest that it was asked for. */
typedef struct Answer
{
	bool		stored;
	char	   *base;			/* hash of one that was applied whole; NULL: none */
	size_t		base_size;		/* its migrations */
} Answer;

/* Hashes that the server asks for. */
typedef struct HashList
{
	char	  **hashes;
	size_t		count;
} HashList;

/* Scripts on the way. */
typedef struct Sender
{
	SlipwayPipeline pipeline;
	const char *project;
	SlipwayScriptReader reader;
	SlipwayBuffer batch;		/* elements of an array in binary form */
	SlipwayBuffer batch_hashes; /* "{hash,hash" */
	uint32_t	batch_count;
	char	  **expected;		/* what each statement will answer; NULL: nothing */
	size_t		expected_count;
} Sender;

static void
add_hash(HashList *list, const char *hash, size_t length)
{
	list->hashes = slipway_memory_resize(list->hashes, list->count + 1, sizeof(char *));
	list->hashes[list->count++] = slipway_memory_copy_bytes(hash, length);
}

static void
free_list(HashList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->hashes[i]);
	free(list->hashes);
}

/* Reads "{hash,hash}". */
static HashList
read_array(const char *text)
{
	HashList	list = {0};

	for (text += strcspn(text, "{") + 1; *text != '\0' && *text != '}';)
	{
		size_t		length = strcspn(text, ",}");

		add_hash(&list, text, length);
		text += length + (text[length] == ',' ? 1 : 0);
	}
	return list;
}

/*
 * Asks what there is to do; returns what is missing. The question makes the
 * manifest the newest one, so it must not be put to an extension that does not
 * fit; greet() will say so.
 */
static HashList
find_manifest(PGconn *conn, const SlipwayManifest *manifest, const char *project, SlipwayUpload *upload,
			  Answer *answer)
{
	static const char sql[] = "SELECT stored, settled, head, missing, base, base_size"
		" FROM slipway.version() v, slipway.find_manifest($1, $2) WHERE v OPERATOR(pg_catalog.~) $3";
	char	   *fitting = slipway_server_fitting();
	const char *const values[] = {manifest->hash, project, fitting};
	PGresult   *result = slipway_server_greet(conn, sql, 3, values);
	const char *head = slipway_server_text(result, 0, 2);
	const char *base = slipway_server_text(result, 0, 4);
	HashList	missing = read_array(PQgetvalue(result, 0, 3));

	answer->stored = *PQgetvalue(result, 0, 0) == 't';
	upload->settled = *PQgetvalue(result, 0, 1) == 't';
	upload->head = head != NULL ? slipway_memory_copy(head) : NULL;
	answer->base = base != NULL ? slipway_memory_copy(base) : NULL;
	answer->base_size = strtoul(PQgetvalue(result, 0, 5), NULL, 10);
	PQclear(result);
	free(fitting);
	return missing;
}

/* Sends the manifest, or what it has more than its base; returns what is missing. */
static HashList
send_manifest(PGconn *conn, const SlipwayManifest *manifest, const char *project, const Answer *answer)
{
	const char *rest = answer->base == NULL ? NULL
		: slipway_manifest_rest(manifest, answer->base, answer->base_size);
	const char *const whole[] = {manifest->text, project};
	const char *const more[] = {answer->base, rest, project};
	PGresult   *result = rest == NULL
		? slipway_server_query(conn, "SELECT * FROM slipway.add_manifest($1, $2)", 2, whole)
		: slipway_server_query(conn, "SELECT * FROM slipway.extend_manifest($1, $2, $3)", 3, more);
	HashList	missing = {0};

	for (int row = 0; row < PQntuples(result); row++)
		add_hash(&missing, PQgetvalue(result, row, 0), (size_t) PQgetlength(result, row, 0));
	PQclear(result);
	return missing;
}

/* The server hashes what it got; the answer must be what we hashed. */
static void
check_answer(void *context, size_t index, const PGresult *result)
{
	const Sender *sender = context;
	const char *expected = sender->expected[index];

	if (expected != NULL && strcmp(expected, PQgetvalue(result, 0, 0)) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Another program may have changed them on the way; try without it.",
					"scripts arrived differently: sent %s, the server has %s", expected, PQgetvalue(result, 0, 0));
}

/* Takes over expected, which may be NULL. */
static void
send_statement(Sender *sender, const char *sql, const SlipwayValue *values, int count, char *expected)
{
	sender->expected = slipway_memory_resize(sender->expected, sender->expected_count + 1, sizeof(char *));
	sender->expected[sender->expected_count++] = expected;
	slipway_pipeline_send(&sender->pipeline, sql, values, count);
}

static void
add_number(SlipwayBuffer *buffer, uint32_t number)
{
	uint32_t	bytes = htonl(number);

	slipway_buffer_add_bytes(buffer, (const char *) &bytes, sizeof(bytes));
}

/* Dimensions, has no nulls, type, elements, first index: as array_recv() reads them. */
static void
send_batch(Sender *sender)
{
	const uint32_t header[] = {1, 0, TEXT_OID, sender->batch_count, 1};
	SlipwayBuffer array = {0};
	SlipwayValue values[2] = {{.binary = true}, {.bytes = sender->project}};

	if (sender->batch_count == 0)
		return;
	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		add_number(&array, header[i]);
	slipway_buffer_add_bytes(&array, sender->batch.data, sender->batch.length);
	values[0].bytes = array.data;
	values[0].length = array.length;
	slipway_buffer_add_char(&sender->batch_hashes, '}');
	send_statement(sender, "SELECT slipway.add_scripts($1, $2)", values, 2,
				   slipway_buffer_take(&sender->batch_hashes));
	free(array.data);
	sender->batch.length = 0;
	sender->batch_count = 0;
}

static void
add_to_batch(Sender *sender, const SlipwayScriptFile *file, const char *body, size_t length)
{
	char		hash[SLIPWAY_HASH_SIZE];

	slipway_hash_bytes(body, length, hash);
	slipway_script_file_check(file, hash);
	if (sender->batch_count == BATCH_COUNT || sender->batch.length + length > SLIPWAY_PART_SIZE)
		send_batch(sender);
	add_number(&sender->batch, (uint32_t) length);
	slipway_buffer_add_bytes(&sender->batch, body, length);
	slipway_buffer_add_char(&sender->batch_hashes, sender->batch_count == 0 ? '{' : ',');
	slipway_buffer_add(&sender->batch_hashes, hash);
	sender->batch_count++;
}

/* Adds a script to the batch if it is small; true: it was. */
static bool
send_small(Sender *sender, const SlipwayScriptFile *file)
{
	size_t		length;
	const char *body;

	slipway_script_reader_open(&sender->reader, file->path);
	body = slipway_script_reader_next(&sender->reader, &length);
	if (sender->reader.at_end)
		add_to_batch(sender, file, body, length);
	slipway_script_reader_close(&sender->reader);
	return sender->reader.at_end;
}

/*
 * Sends a script in parts. The hash is checked before the last one goes, so
 * that a script that has changed is not stored.
 */
static void
send_large(Sender *sender, const SlipwayScriptFile *file)
{
	SlipwayScriptReader *reader = &sender->reader;
	size_t		offset = 0;
	char		hash[SLIPWAY_HASH_SIZE];

	slipway_script_reader_open(reader, file->path);
	slipway_hash_begin();
	while (!reader->at_end)
	{
		size_t		length;
		const char *part = slipway_script_reader_next(reader, &length);
		char	   *offset_text = slipway_memory_format("%zu", offset);
		const SlipwayValue values[] = {
			{.bytes = part, .length = length, .binary = true}, {.bytes = offset_text},
			{.bytes = reader->at_end ? "true" : "false"}, {.bytes = sender->project}
		};

		slipway_hash_add(part, length);
		if (reader->at_end)
		{
			slipway_hash_end(hash);
			slipway_script_file_check(file, hash);
		}
		send_statement(sender, "SELECT slipway.add_script_part($1, $2, $3, $4)", values, 4,
					   reader->at_end ? slipway_memory_copy(hash) : NULL);
		free(offset_text);
		offset += length;
	}
	slipway_script_reader_close(reader);
}

static const SlipwayScriptFile *
find_file(const SlipwayManifest *manifest, const char *hash)
{
	const SlipwayScriptFile *file = slipway_manifest_find(manifest, hash);

	if (file == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the server asks for script %s, which is not in folder \"%s\"",
					hash, manifest->folder->path);
	return file;
}

static void
send_scripts(PGconn *conn, const SlipwayManifest *manifest, const char *project, const HashList *missing)
{
	Sender		sender = {.project = project};
	const SlipwayScriptFile **large = slipway_memory_new(missing->count * sizeof(SlipwayScriptFile *));
	size_t		large_count = 0;

	slipway_pipeline_open(&sender.pipeline, conn, check_answer, &sender);
	for (size_t i = 0; i < missing->count; i++)
	{
		const SlipwayScriptFile *file = find_file(manifest, missing->hashes[i]);

		if (!send_small(&sender, file))
			large[large_count++] = file;
	}
	send_batch(&sender);
	for (size_t i = 0; i < large_count; i++)
		send_large(&sender, large[i]);
	slipway_pipeline_close(&sender.pipeline);

	for (size_t i = 0; i < sender.expected_count; i++)
		free(sender.expected[i]);
	free(sender.expected);
	free(sender.batch.data);
	free(large);
	slipway_script_reader_release(&sender.reader);
}

SlipwayUpload
slipway_upload_run(PGconn *conn, const SlipwayManifest *manifest, const char *project)
{
	SlipwayUpload upload = {0};
	Answer		answer;
	HashList	missing = find_manifest(conn, manifest, project, &upload, &answer);

	if (!answer.stored)
		missing = send_manifest(conn, manifest, project, &answer);
	free(answer.base);
	if (missing.count > 0)
		send_scripts(conn, manifest, project, &missing);
	upload.scripts = missing.count;
	free_list(&missing);
	return upload;
}
