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

/* The manifest that was applied whole last. */
typedef struct Base
{
	char	   *hash;			/* NULL: there is none */
	size_t		size;			/* its migrations */
	bool		settled;		/* nothing has happened since, and it is the newest */
	bool		may_upload;
	char	   *head;			/* hash of the newest history entry, or NULL */
} Base;

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

static const char find_base_sql[] =
	"SELECT manifest, size, settled, uploader, head FROM slipway.find_base($1)";

void
slipway_upload_begin(PGconn *conn, const char *project)
{
	slipway_server_greet_early(conn, find_base_sql, 1, &project);
}

static char *
copy_field(const PGresult *result, int field)
{
	const char *text = slipway_server_text(result, 0, field);

	return text != NULL ? slipway_memory_copy(text) : NULL;
}

static Base
find_base(PGconn *conn, const char *project)
{
	PGresult   *result = slipway_server_greet(conn, find_base_sql, 1, &project);
	Base		base = {
		.hash = copy_field(result, 0),
		.size = strtoul(PQgetvalue(result, 0, 1), NULL, 10),
		.settled = *PQgetvalue(result, 0, 2) == 't',
		.may_upload = *PQgetvalue(result, 0, 3) == 't',
		.head = copy_field(result, 4),
	};

	PQclear(result);
	return base;
}

/* Asks for a manifest that may be stored, by its hash; returns what is missing. */
static HashList
find_manifest(PGconn *conn, const SlipwayManifest *manifest, const char *project, SlipwayUpload *upload,
			  bool *stored)
{
	static const char sql[] = "SELECT stored, settled, missing FROM slipway.find_manifest($1, $2)";
	const char *const values[] = {manifest->hash, project};
	PGresult   *result = slipway_server_query(conn, sql, 2, values);
	HashList	missing = read_array(PQgetvalue(result, 0, 2));

	*stored = *PQgetvalue(result, 0, 0) == 't';
	upload->settled = *PQgetvalue(result, 0, 1) == 't';
	PQclear(result);
	return missing;
}

/* Sends the manifest, or only the lines that follow its base (NULL: all); returns what is missing. */
static HashList
send_manifest(PGconn *conn, const SlipwayManifest *manifest, const char *project, const char *base,
			  const char *rest)
{
	const char *const whole[] = {manifest->text, project};
	const char *const more[] = {base, rest, project};
	PGresult   *result = base == NULL
		? slipway_server_query(conn, "SELECT * FROM slipway.add_manifest($1, $2)", 2, whole)
		: slipway_server_query(conn, "SELECT * FROM slipway.extend_manifest($1, $2, $3)", 3, more);
	HashList	missing = {0};

	for (int row = 0; row < PQntuples(result); row++)
		add_hash(&missing, PQgetvalue(result, row, 0), (size_t) PQgetlength(result, row, 0));
	PQclear(result);
	return missing;
}

/*
 * Makes the manifest known to the server; returns what is missing. Whether it is
 * known already is worth a question unless little is to be sent, or nothing is likely
 * to be known; and where somebody else has to upload it.
 */
static HashList
bring_manifest(PGconn *conn, const SlipwayManifest *manifest, const char *project, const Base *base,
			   SlipwayUpload *upload)
{
	const char *rest = base->hash != NULL ? slipway_manifest_rest(manifest, base->hash, base->size) : NULL;
	HashList	missing;
	bool		stored;

	if (base->may_upload && rest != NULL && *rest != '\0')
		return send_manifest(conn, manifest, project, base->hash, rest);
	if (base->may_upload && base->hash == NULL)
		return send_manifest(conn, manifest, project, NULL, NULL);
	missing = find_manifest(conn, manifest, project, upload, &stored);
	if (stored)
		return missing;
	free_list(&missing);
	return send_manifest(conn, manifest, project, NULL, NULL);
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
	Base		base = find_base(conn, project);
	SlipwayUpload upload = {.head = base.head};
	HashList	missing = {0};

	if (base.settled && base.hash != NULL && strcmp(base.hash, manifest->hash) == 0)
		upload.settled = true;
	else
		missing = bring_manifest(conn, manifest, project, &base, &upload);
	free(base.hash);
	if (missing.count > 0)
		send_scripts(conn, manifest, project, &missing);
	upload.scripts = missing.count;
	free_list(&missing);
	return upload;
}
