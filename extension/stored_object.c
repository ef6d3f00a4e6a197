/*
 * stored_object.c
 *	  Writes objects of a snapshot into slipway.schema_object.
 */
#include "postgres.h"

#include "row_writer.h"
#include "stored_object.h"

enum
{
	COLUMN_PROJECT, COLUMN_SNAPSHOT, COLUMN_HASH, COLUMN_KIND, COLUMN_IDENTITY, COLUMN_SCHEMA, COLUMN_PARENT,
	COLUMN_DEFINITION, COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
	"project", "snapshot", "hash", "kind", "identity", "schema", "parent", "definition"
};

struct SlipwayObjectWriter
{
	const char *project;
	int64		snapshot;
	SlipwayRowWriter *rows;
};

SlipwayObjectWriter *
slipway_stored_object_open(const char *project, int64 snapshot)
{
	SlipwayObjectWriter *writer = palloc(sizeof(SlipwayObjectWriter));

	writer->project = project;
	writer->snapshot = snapshot;
	writer->rows = slipway_row_writer_open("schema_object", names, COLUMN_COUNT);
	return writer;
}

void
slipway_stored_object_add(SlipwayObjectWriter *writer, const SlipwayObject *object)
{
	SlipwayRowWriter *rows = writer->rows;

	slipway_row_writer_begin(rows);
	slipway_row_writer_set_text(rows, COLUMN_PROJECT, writer->project);
	slipway_row_writer_set(rows, COLUMN_SNAPSHOT, Int64GetDatum(writer->snapshot));
	slipway_row_writer_set(rows, COLUMN_HASH, slipway_hash_datum(object->hash));
	slipway_row_writer_set_text(rows, COLUMN_KIND, object->kind);
	slipway_row_writer_set_text(rows, COLUMN_IDENTITY, object->identity);
	slipway_row_writer_set_text(rows, COLUMN_SCHEMA, object->schema);
	slipway_row_writer_set_text(rows, COLUMN_PARENT, object->parent);
	slipway_row_writer_set_text(rows, COLUMN_DEFINITION, object->definition);
	slipway_row_writer_end(rows);
}

void
slipway_stored_object_close(SlipwayObjectWriter *writer)
{
	slipway_row_writer_close(writer->rows);
	pfree(writer);
}
