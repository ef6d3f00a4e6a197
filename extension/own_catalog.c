/*
 * own_catalog.c
 *	  What catalogs say of slipway's own objects, while scripts write into catalogs.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"

#include "error_code.h"
#include "own_catalog.h"
#include "query.h"
#include "spi.h"

static struct
{
	bool		known;
	Oid			schema;
	Oid			extension;
	char		hash[33];
}			before;

/* As the script's role: who owns the tables is itself something that could be changed. */
static void
look(char *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_OWN_CATALOG, 2, {OIDOID, OIDOID}};
	SlipwayArgs args = {0};
	char	   *text;

	slipway_arg_datum(&args, ObjectIdGetDatum(before.schema), false);
	slipway_arg_datum(&args, ObjectIdGetDatum(before.extension), false);
	slipway_spi_begin_as(GetUserId());
	slipway_query(&query, &args, 0);
	text = slipway_row_text(0, 1);
	strlcpy(hash, text ? text : "", sizeof(before.hash));
	slipway_spi_end();
}

void
slipway_own_catalog_write(Oid relid)
{
	if (before.known || !IsCatalogRelationOid(relid))
		return;
	before.schema = get_namespace_oid("slipway", true);
	before.extension = get_extension_oid("pg_slipway", true);
	look(before.hash);
	before.known = true;
}

void
slipway_own_catalog_check(void)
{
	char		hash[sizeof(before.hash)];

	if (!before.known)
		return;
	look(hash);
	if (strcmp(hash, before.hash) == 0)
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_PROTECTED),
			 errmsg("a migration cannot change what the catalogs say of schema slipway and extension pg_slipway"),
			 errhint("Leave their rows out of what is changed in the catalogs.")));
}

void
slipway_own_catalog_changed(void)
{
	if (before.known)
		look(before.hash);
}

void
slipway_own_catalog_forget(void)
{
	before.known = false;
}
