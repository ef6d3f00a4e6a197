/*
 * snapshot_sequence.c
 *	  Sequences of a snapshot; not their values.
 *
 * That of an identity column is one, too: it has a name and rights of its own.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "snapshot_relation.h"

/* The column that a sequence belongs to, if to one; then also as its parent. */
static void
put_owner_column(SlipwayReader *reader, Oid sequence)
{
	SlipwayRows rows;

	slipway_rows_open_of_object(&rows, reader, DependRelationId, DependDependerIndexId,
								Anum_pg_depend_classid, RelationRelationId, sequence);
	while (slipway_rows_next(&rows))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(rows.tuple);
		SlipwayRelation *owner;

		if (row->refclassid != RelationRelationId || row->refobjsubid <= 0 ||
			(row->deptype != DEPENDENCY_AUTO && row->deptype != DEPENDENCY_INTERNAL))
			continue;
		owner = slipway_relation_find(reader, row->refobjid);
		if (owner == NULL)
			continue;
		reader->parent = owner->identity;
		slipway_reader_line(reader, row->deptype == DEPENDENCY_AUTO ? "owned by" : "identity of",
							psprintf("%s.%s", owner->identity, slipway_relation_column(owner, row->refobjsubid)));
	}
	slipway_rows_close(&rows);
}

static void
put_options(SlipwayReader *reader, Form_pg_sequence row)
{
	bool		up = row->seqincrement > 0;
	int64		greatest = row->seqtypid == INT2OID ? PG_INT16_MAX : row->seqtypid == INT4OID ? PG_INT32_MAX : PG_INT64_MAX;
	int64		least = row->seqtypid == INT2OID ? PG_INT16_MIN : row->seqtypid == INT4OID ? PG_INT32_MIN : PG_INT64_MIN;

	slipway_reader_line(reader, "type", slipway_reader_type(reader, row->seqtypid, -1)->name);
	if (row->seqincrement != 1)
		slipway_reader_number(reader, "increment", row->seqincrement);
	if (row->seqmin != (up ? 1 : least))
		slipway_reader_number(reader, "minimum", row->seqmin);
	if (row->seqmax != (up ? greatest : -1))
		slipway_reader_number(reader, "maximum", row->seqmax);
	if (row->seqstart != (up ? row->seqmin : row->seqmax))
		slipway_reader_number(reader, "start", row->seqstart);
	if (row->seqcache != 1)
		slipway_reader_number(reader, "cache", row->seqcache);
	slipway_reader_flag(reader, "cycle", row->seqcycle);
}

static void
put_sequence(SlipwayReader *reader, Form_pg_sequence row, const SlipwayRelation *relation)
{
	bool		isnull;
	Datum		acl;

	slipway_reader_begin(reader);
	slipway_reader_owner(reader, relation->form->relowner);
	put_options(reader, row);
	slipway_reader_flag(reader, "unlogged", relation->form->relpersistence == RELPERSISTENCE_UNLOGGED);
	put_owner_column(reader, relation->oid);
	acl = SysCacheGetAttr(RELOID, relation->tuple, Anum_pg_class_relacl, &isnull);
	slipway_reader_grants(reader, acl, isnull, OBJECT_SEQUENCE, relation->form->relowner);
	slipway_reader_notes(reader, RelationRelationId, relation->oid, 0);
	slipway_reader_add(reader, "sequence", relation->identity, relation->schema->name);
}

void
slipway_snapshot_sequences(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, SequenceRelationId, SequenceRelidIndexId, Anum_pg_sequence_seqrelid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_sequence row = (Form_pg_sequence) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation = slipway_relation_find(reader, row->seqrelid);

		if (relation && relation->shown)
			put_sequence(reader, row, relation);
	}
	slipway_rows_close(&rows);
}
