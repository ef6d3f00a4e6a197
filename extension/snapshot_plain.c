/*
 * snapshot_plain.c
 *	  Kinds of objects of which a row of one catalog says all, or nearly so.
 *
 * Columns are found by their names: some exist in newer majors only, and are passed over where they do not.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "snapshot_member.h"
#include "snapshot_name.h"
#include "snapshot_part.h"

/* How a value is shown. */
typedef enum Form
{
	FORM_VALUE,					/* as its type's output function gives it */
	FORM_QUOTED,				/* the same as a literal */
	FORM_NAME,					/* as an identifier */
	FORM_FLAG,					/* yes or no */
	FORM_WORD,					/* a character, explained by "x=word,y=other word" */
	FORM_ENCODING,
	FORM_ROUTINE,				/* from here on an OID, of which 0 is none */
	FORM_OPERATOR,
	FORM_TYPE,
	FORM_OBJECT,				/* an OID of the catalog */
	FORM_SECRETS,				/* an array of "name=value" with passwords */
	FORM_LIST					/* an array of text */
} Form;

typedef struct Property
{
	const char *column;
	const char *name;
	Form		form;
	const char *usual;			/* as text: this value is not shown; NULL: every value is */
	const char *words;			/* FORM_WORD */
	Oid			catalog;		/* FORM_OBJECT */
} Property;

typedef void (*MorePut) (SlipwayReader *reader, const SlipwayRows *rows, Oid oid);

#define MAX_PROPERTIES 16

typedef struct PlainKind
{
	const char *kind;
	Oid			catalog;
	Oid			index;			/* by OID; 0: all rows are read, also those of initdb */
	const char *schema;			/* column; NULL: it is in no schema */
	const char *owner;			/* column; NULL: it has none */
	const char *acl;			/* column; NULL: it has none */
	ObjectType	type;			/* for its default rights */
	MorePut		more;			/* what else there is to show */
	Property	properties[MAX_PROPERTIES];
} PlainKind;

static const PlainKind kinds[] = {
	{
		.kind = "access method", .catalog = AccessMethodRelationId, .index = AmOidIndexId,
		.properties = {
			{"amtype", "type", FORM_WORD, .words = "i=index,t=table"},
			{"amhandler", "handler", FORM_ROUTINE}
		}
	},
	{
		.kind = "cast", .catalog = CastRelationId, .index = CastOidIndexId,
		.properties = {
			{"castfunc", "function", FORM_ROUTINE},
			{"castmethod", "method", FORM_WORD, "f", "b=binary coercible,i=input and output"},
			{"castcontext", "context", FORM_WORD, "e", "i=implicit,a=assignment"}
		}
	},
	{
		.kind = "collation", .catalog = CollationRelationId, .index = CollationOidIndexId,
		.schema = "collnamespace", .owner = "collowner",
		.properties = {
			{"collprovider", "provider", FORM_WORD, .words = "d=default,b=builtin,i=icu,c=libc"},
			{"collisdeterministic", "deterministic", FORM_FLAG, "t"},
			{"collcollate", "collate", FORM_QUOTED},
			{"collctype", "ctype", FORM_QUOTED},
			{"colliculocale", "locale", FORM_QUOTED},
			{"colllocale", "locale", FORM_QUOTED},
			{"collicurules", "rules", FORM_QUOTED}
		}
	},
	{
		.kind = "conversion", .catalog = ConversionRelationId, .index = ConversionOidIndexId,
		.schema = "connamespace", .owner = "conowner",
		.properties = {
			{"conforencoding", "for", FORM_ENCODING},
			{"contoencoding", "to", FORM_ENCODING},
			{"conproc", "function", FORM_ROUTINE},
			{"condefault", "default", FORM_FLAG, "f"}
		}
	},
	{
		.kind = "event trigger", .catalog = EventTriggerRelationId, .index = EventTriggerOidIndexId,
		.owner = "evtowner",
		.properties = {
			{"evtevent", "event", FORM_VALUE},
			{"evttags", "tags", FORM_LIST},
			{"evtfoid", "function", FORM_ROUTINE},
			{"evtenabled", "enabled", FORM_WORD, "O", "D=no,R=replica,A=always"}
		}
	},
	{
		.kind = "extension", .catalog = ExtensionRelationId,
		.properties = {
			{"extversion", "version", FORM_QUOTED},
			{"extnamespace", "schema", FORM_OBJECT, .catalog = NamespaceRelationId}
		}
	},
	{
		.kind = "foreign data wrapper", .catalog = ForeignDataWrapperRelationId, .index = ForeignDataWrapperOidIndexId,
		.owner = "fdwowner", .acl = "fdwacl", .type = OBJECT_FDW,
		.properties = {
			{"fdwhandler", "handler", FORM_ROUTINE},
			{"fdwvalidator", "validator", FORM_ROUTINE},
			{"fdwoptions", "option", FORM_SECRETS}
		}
	},
	{
		.kind = "server", .catalog = ForeignServerRelationId, .index = ForeignServerOidIndexId,
		.owner = "srvowner", .acl = "srvacl", .type = OBJECT_FOREIGN_SERVER,
		.properties = {
			{"srvfdw", "foreign data wrapper", FORM_OBJECT, .catalog = ForeignDataWrapperRelationId},
			{"srvtype", "type", FORM_QUOTED},
			{"srvversion", "version", FORM_QUOTED},
			{"srvoptions", "option", FORM_SECRETS}
		}
	},
	{
		.kind = "user mapping", .catalog = UserMappingRelationId, .index = UserMappingOidIndexId,
		.properties = {
			{"umoptions", "option", FORM_SECRETS}
		}
	},
	{
		.kind = "language", .catalog = LanguageRelationId, .index = LanguageOidIndexId,
		.owner = "lanowner", .acl = "lanacl", .type = OBJECT_LANGUAGE,
		.properties = {
			{"lanpltrusted", "trusted", FORM_FLAG},
			{"lanplcallfoid", "handler", FORM_ROUTINE},
			{"laninline", "inline handler", FORM_ROUTINE},
			{"lanvalidator", "validator", FORM_ROUTINE}
		}
	},
	{
		.kind = "transform", .catalog = TransformRelationId, .index = TransformOidIndexId,
		.properties = {
			{"trffromsql", "from sql", FORM_ROUTINE},
			{"trftosql", "to sql", FORM_ROUTINE}
		}
	},
	{
		.kind = "operator", .catalog = OperatorRelationId, .index = OperatorOidIndexId,
		.schema = "oprnamespace", .owner = "oprowner",
		.properties = {
			{"oprcode", "function", FORM_ROUTINE},
			{"oprcom", "commutator", FORM_OPERATOR},
			{"oprnegate", "negator", FORM_OPERATOR},
			{"oprrest", "restrict", FORM_ROUTINE},
			{"oprjoin", "join", FORM_ROUTINE},
			{"oprcanhash", "hashes", FORM_FLAG, "f"},
			{"oprcanmerge", "merges", FORM_FLAG, "f"}
		}
	},
	{
		.kind = "operator class", .catalog = OperatorClassRelationId, .index = OpclassOidIndexId,
		.schema = "opcnamespace", .owner = "opcowner", .more = slipway_snapshot_operator_class,
		.properties = {
			{"opcintype", "type", FORM_TYPE},
			{"opcdefault", "default", FORM_FLAG, "f"},
			{"opcfamily", "family", FORM_OBJECT, .catalog = OperatorFamilyRelationId},
			{"opckeytype", "storage", FORM_TYPE}
		}
	},
	{
		.kind = "operator family", .catalog = OperatorFamilyRelationId, .index = OpfamilyOidIndexId,
		.schema = "opfnamespace", .owner = "opfowner", .more = slipway_snapshot_operator_family
	},
	{
		.kind = "text search parser", .catalog = TSParserRelationId, .index = TSParserOidIndexId,
		.schema = "prsnamespace",
		.properties = {
			{"prsstart", "start", FORM_ROUTINE},
			{"prstoken", "next token", FORM_ROUTINE},
			{"prsend", "end", FORM_ROUTINE},
			{"prsheadline", "headline", FORM_ROUTINE},
			{"prslextype", "token types", FORM_ROUTINE}
		}
	},
	{
		.kind = "text search template", .catalog = TSTemplateRelationId, .index = TSTemplateOidIndexId,
		.schema = "tmplnamespace",
		.properties = {
			{"tmplinit", "init", FORM_ROUTINE},
			{"tmpllexize", "lexize", FORM_ROUTINE}
		}
	},
	{
		.kind = "text search dictionary", .catalog = TSDictionaryRelationId, .index = TSDictionaryOidIndexId,
		.schema = "dictnamespace", .owner = "dictowner",
		.properties = {
			{"dicttemplate", "template", FORM_OBJECT, .catalog = TSTemplateRelationId},
			{"dictinitoption", "options", FORM_VALUE}
		}
	},
	{
		.kind = "text search configuration", .catalog = TSConfigRelationId, .index = TSConfigOidIndexId,
		.schema = "cfgnamespace", .owner = "cfgowner", .more = slipway_snapshot_search_mappings,
		.properties = {
			{"cfgparser", "parser", FORM_OBJECT, .catalog = TSParserRelationId}
		}
	},
	{
		.kind = "statistics", .catalog = StatisticExtRelationId, .index = StatisticExtOidIndexId,
		.schema = "stxnamespace", .owner = "stxowner", .more = slipway_snapshot_statistics_columns,
		.properties = {
			{"stxrelid", "table", FORM_OBJECT, .catalog = RelationRelationId},
			{"stxstattarget", "target", FORM_VALUE, "-1"}
		}
	},
	{
		.kind = "publication", .catalog = PublicationRelationId, .index = PublicationObjectIndexId,
		.owner = "pubowner",
		.properties = {
			{"puballtables", "all tables", FORM_FLAG, "f"},
			{"pubinsert", "inserts", FORM_FLAG, "t"},
			{"pubupdate", "updates", FORM_FLAG, "t"},
			{"pubdelete", "deletes", FORM_FLAG, "t"},
			{"pubtruncate", "truncates", FORM_FLAG, "t"},
			{"pubviaroot", "via root", FORM_FLAG, "f"},
			{"pubgencols", "generated columns", FORM_WORD, "n", "s=stored"}
		}
	},
	{
		/* A restored one is disabled, whatever it was; of its connection nothing may be shown. */
		.kind = "subscription", .catalog = SubscriptionRelationId, .index = SubscriptionObjectIndexId,
		.owner = "subowner",
		.properties = {
			{"subpublications", "publication", FORM_LIST},
			{"subslotname", "slot", FORM_NAME},
			{"subbinary", "binary", FORM_FLAG, "f"},
			{"substream", "streaming", FORM_WORD, "f", "t=yes,p=parallel"},
			{"subtwophasestate", "two phase", FORM_WORD, "d", "p=yes,e=yes"},
			{"subdisableonerr", "disabled on error", FORM_FLAG, "f"},
			{"subsynccommit", "synchronous commit", FORM_VALUE, "off"},
			{"subpasswordrequired", "password required", FORM_FLAG, "t"},
			{"subrunasowner", "run as owner", FORM_FLAG, "f"},
			{"suborigin", "origin", FORM_VALUE, "any"},
			{"subfailover", "failover", FORM_FLAG, "f"}
		}
	}
};

/* Number of a column; 0 if this major has none of that name. */
static AttrNumber
find_column(const SlipwayRows *rows, const char *name)
{
	for (int i = 0; i < rows->descriptor->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(rows->descriptor, i)->attname), name) == 0)
			return i + 1;
	return InvalidAttrNumber;
}

static Datum
column_datum(const SlipwayRows *rows, const char *name, bool *isnull)
{
	AttrNumber	column = find_column(rows, name);

	*isnull = true;
	return column ? slipway_rows_datum(rows, column, isnull) : (Datum) 0;
}

static char *
value_text(const SlipwayRows *rows, const char *column, Datum value)
{
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(TupleDescAttr(rows->descriptor, find_column(rows, column) - 1)->atttypid, &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

/* What the character means, from "x=word,y=other word". */
static char *
find_word(const char *words, char character)
{
	while (*words)
	{
		size_t		length = strcspn(words, ",");

		if (words[0] == character)
			return pnstrdup(words + 2, length - 2);
		words += length + (words[length] == ',');
	}
	return psprintf("%c", character);
}

static char *
show_list(Datum array)
{
	StringInfoData list;
	Datum	   *values;
	int			n;

	initStringInfo(&list);
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", quote_literal_cstr(TextDatumGetCString(values[i])));
	return list.data;
}

static const char *
show_oid(SlipwayReader *reader, const Property *property, Oid oid)
{
	switch (property->form)
	{
		case FORM_ROUTINE:
			return slipway_name_routine(oid);
		case FORM_OPERATOR:
			return slipway_name_operator(oid);
		case FORM_TYPE:
			return slipway_reader_type(reader, oid, -1)->name;
		default:
			return slipway_reader_identity(property->catalog, oid);
	}
}

static const char *
show_text(const Property *property, char *value)
{
	switch (property->form)
	{
		case FORM_QUOTED:
			return quote_literal_cstr(value);
		case FORM_NAME:
			return quote_identifier(value);
		case FORM_FLAG:
			return value[0] == 't' ? "yes" : "no";
		case FORM_WORD:
			return find_word(property->words, value[0]);
		case FORM_ENCODING:
			return pg_encoding_to_char(atoi(value));
		default:
			return value;
	}
}

static void
put_property(SlipwayReader *reader, const SlipwayRows *rows, const Property *property)
{
	bool		isnull;
	Datum		value = column_datum(rows, property->column, &isnull);

	if (isnull)
		return;
	if (property->form == FORM_SECRETS)
		slipway_reader_secrets(reader, property->name, value, false);
	else if (property->form == FORM_LIST)
		slipway_reader_line(reader, property->name, show_list(value));
	else if (property->form >= FORM_ROUTINE)
	{
		if (OidIsValid(DatumGetObjectId(value)))
			slipway_reader_line(reader, property->name, show_oid(reader, property, DatumGetObjectId(value)));
	}
	else
	{
		char	   *shown = value_text(rows, property->column, value);

		if (property->usual == NULL || strcmp(shown, property->usual) != 0)
			slipway_reader_line(reader, property->name, show_text(property, shown));
	}
}

/*
 * Operators without a function are only named by others, and not dumped; subscriptions of all databases are in
 * one catalog, casts from ranges to multiranges come with these types, and what we are is no part of the schema.
 */
static bool
is_other(const PlainKind *kind, const SlipwayRows *rows)
{
	if (kind->catalog == CastRelationId)
	{
		Form_pg_cast row = (Form_pg_cast) GETSTRUCT(rows->tuple);

		return get_range_multirange(row->castsource) == row->casttarget;
	}
	if (kind->catalog == OperatorRelationId)
		return !OidIsValid(((Form_pg_operator) GETSTRUCT(rows->tuple))->oprcode);
	if (kind->catalog == SubscriptionRelationId)
		return ((Form_pg_subscription) GETSTRUCT(rows->tuple))->subdbid != MyDatabaseId;
	if (kind->catalog == ExtensionRelationId)
		return strcmp(NameStr(((Form_pg_extension) GETSTRUCT(rows->tuple))->extname), "pg_slipway") == 0;
	return false;
}

/* As the server names it, but for transforms, of which 17 changed the words. */
static char *
identity_of(SlipwayReader *reader, const PlainKind *kind, const SlipwayRows *rows, Oid oid)
{
	Form_pg_transform transform = (Form_pg_transform) GETSTRUCT(rows->tuple);

	if (kind->catalog != TransformRelationId)
		return slipway_reader_identity(kind->catalog, oid);
	return psprintf("for %s language %s", slipway_reader_type(reader, transform->trftype, -1)->name,
					quote_identifier(get_language_name(transform->trflang, false)));
}

static void
put_object(SlipwayReader *reader, const PlainKind *kind, const SlipwayRows *rows)
{
	bool		isnull;
	Oid			oid = DatumGetObjectId(slipway_rows_datum(rows, 1, &isnull));
	Oid			owner = kind->owner ? DatumGetObjectId(column_datum(rows, kind->owner, &isnull)) : InvalidOid;
	SlipwaySchema *schema = NULL;
	const char *identity;

	if (is_other(kind, rows) || slipway_reader_is_member(reader, kind->catalog, oid))
		return;
	if (kind->schema)
		schema = slipway_reader_schema(reader, DatumGetObjectId(column_datum(rows, kind->schema, &isnull)));
	if (schema && !schema->shown)
		return;
	slipway_reader_begin(reader);
	if (OidIsValid(owner))
		slipway_reader_owner(reader, owner);
	for (const Property *property = kind->properties; property->column; property++)
		put_property(reader, rows, property);
	if (kind->more)
		kind->more(reader, rows, oid);
	if (kind->acl)
	{
		Datum		acl = column_datum(rows, kind->acl, &isnull);

		slipway_reader_grants(reader, acl, isnull, kind->type, owner);
	}
	slipway_reader_notes(reader, kind->catalog, oid, 0);
	identity = identity_of(reader, kind, rows, oid);
	slipway_reader_add(reader, kind->kind, identity, schema ? schema->name : NULL);
}

void
slipway_snapshot_plain(SlipwayReader *reader)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		SlipwayRows rows;

		if (OidIsValid(kinds[i].index))
			slipway_rows_open(&rows, reader, kinds[i].catalog, kinds[i].index, 1);
		else
			slipway_rows_open_all(&rows, reader, kinds[i].catalog, InvalidOid);
		while (slipway_rows_next(&rows))
			put_object(reader, &kinds[i], &rows);
		slipway_rows_close(&rows);
	}
}
