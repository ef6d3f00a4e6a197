/*
 * snapshot_name.c
 *	  Names of what an object of a snapshot refers to.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "snapshot_name.h"

static const char *
require(const char *name, const char *kind, Oid oid)
{
	if (name == NULL)
		elog(ERROR, "cache lookup failed for %s %u", kind, oid);
	return name;
}

const char *
slipway_name_schema(Oid oid)
{
	return quote_identifier(require(get_namespace_name(oid), "schema", oid));
}

const char *
slipway_name_tablespace(Oid oid)
{
	return quote_identifier(require(get_tablespace_name(oid), "tablespace", oid));
}

const char *
slipway_name_access_method(Oid oid)
{
	return quote_identifier(require(get_am_name(oid), "access method", oid));
}

const char *
slipway_name_routine(Oid oid)
{
	return require(format_procedure_extended(oid, FORMAT_PROC_INVALID_AS_NULL), "function", oid);
}

const char *
slipway_name_operator(Oid oid)
{
	return require(format_operator_extended(oid, FORMAT_OPERATOR_INVALID_AS_NULL), "operator", oid);
}

const char *
slipway_name_type(Oid oid, int32 typmod)
{
	return require(format_type_extended(oid, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_INVALID_AS_NULL), "type", oid);
}
