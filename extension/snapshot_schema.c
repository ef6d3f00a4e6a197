/*
 * snapshot_schema.c
 *	  Schemas of a snapshot.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"

#include "snapshot_part.h"

void
slipway_snapshot_schemas(SlipwayReader *reader)
{
	SlipwayRows rows;

	/* All of them: public has an OID of initdb. */
	slipway_rows_open_all(&rows, reader, NamespaceRelationId, InvalidOid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_namespace row = (Form_pg_namespace) GETSTRUCT(rows.tuple);
		SlipwaySchema *schema = slipway_reader_schema(reader, row->oid);
		bool		isnull;
		Datum		acl;

		if (!schema->shown || slipway_reader_is_member(reader, NamespaceRelationId, row->oid))
			continue;
		slipway_reader_begin(reader);
		slipway_reader_owner(reader, row->nspowner);
		acl = slipway_rows_datum(&rows, Anum_pg_namespace_nspacl, &isnull);
		slipway_reader_grants(reader, acl, isnull, OBJECT_SCHEMA, row->nspowner);
		slipway_reader_notes(reader, NamespaceRelationId, row->oid, 0);
		slipway_reader_add(reader, "schema", schema->quoted, schema->name);
	}
	slipway_rows_close(&rows);
}
