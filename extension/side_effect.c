/*
 * side_effect.c
 *	  What the scripts of a rehearsal do that no rollback takes back.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/proclang.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "message.h"
#include "side_effect.h"

typedef struct Effect
{
	const char *migration;
	const char *hook;
	int			line;
	const char *kind;
	const char *object;
	const char *detail;
} Effect;

/* What is known of a function. */
typedef struct Known
{
	Oid			function;		/* the key */
	const char *kind;			/* NULL: it is harmless */
	const char *detail;
} Known;

static struct
{
	MemoryContext context;		/* NULL: there is no rehearsal */
	HTAB	   *functions;		/* of Known */
	List	   *effects;
	const char *migration;
	const char *hook;
	int			line;
	bool		looks;			/* the statement reads the values of sequences, as pg_sequences does */
	bool		may_advance;	/* and may advance some */
	List	   *looked_at;		/* names of sequences that were only read */
}			seen;

/* Functions by name: those of the server, or of extension dblink. */
static const struct
{
	const char *name;
	const char *kind;
	const char *detail;
}			lasting[] = {
	{"dblink", "dblink", "it runs a query in another session, which commits by itself"},
	{"dblink_exec", "dblink", "it runs a command in another session, which commits by itself"},
	{"dblink_open", "dblink", "it opens a cursor in another session"},
	{"dblink_connect", "dblink", "it opens a connection, which stays until the session ends"},
	{"dblink_connect_u", "dblink", "it opens a connection, which stays until the session ends"},
	{"dblink_send_query", "dblink", "it runs a query in another session, which commits by itself"},
	{"lo_export", "file", "it writes a file on the server"},
	{"pg_file_write", "file", "it writes a file on the server"},
	{"pg_file_unlink", "file", "it removes a file on the server"},
	{"pg_file_rename", "file", "it renames a file on the server"},
	{"pg_cancel_backend", "function", "it cancels what another session does"},
	{"pg_terminate_backend", "function", "it ends another session"},
	{"pg_reload_conf", "function", "it makes the server read its configuration"},
	{"pg_rotate_logfile", "function", "it makes the server begin another log file"},
	{"pg_switch_wal", "function", "it makes the server begin another WAL file"},
	{"pg_create_restore_point", "function", "it writes to the WAL"},
	{"pg_logical_emit_message", "function", "it writes to the WAL"},
	{"pg_create_physical_replication_slot", "function", "it makes a replication slot"},
	{"pg_create_logical_replication_slot", "function", "it makes a replication slot"},
	{"pg_copy_physical_replication_slot", "function", "it makes a replication slot"},
	{"pg_copy_logical_replication_slot", "function", "it makes a replication slot"},
	{"pg_drop_replication_slot", "function", "it drops a replication slot"},
	{"pg_logical_slot_get_changes", "function", "it takes changes out of a replication slot"},
	{"pg_logical_slot_get_binary_changes", "function", "it takes changes out of a replication slot"},
	{"pg_replication_slot_advance", "function", "it takes changes out of a replication slot"},
	{"pg_replication_origin_advance", "function", "it moves a replication origin"},
	{"pg_backup_start", "function", "it begins a backup"},
	{"pg_backup_stop", "function", "it ends a backup"},
	{"pg_stat_reset", "function", "it resets statistics"},
	{"pg_stat_reset_shared", "function", "it resets statistics"},
	{"pg_stat_reset_slru", "function", "it resets statistics"},
	{"pg_stat_reset_single_table_counters", "function", "it resets statistics"},
	{"pg_stat_reset_single_function_counters", "function", "it resets statistics"},
	{"pg_stat_reset_replication_slot", "function", "it resets statistics"},
	{"pg_stat_reset_subscription_stats", "function", "it resets statistics"},
	{"pg_stat_statements_reset", "function", "it resets statistics"},
};

#define ADVANCED "nextval() or setval() was called"

void
slipway_side_effect_begin(MemoryContext context)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(Known), .hcxt = context};

	memset(&seen, 0, sizeof(seen));
	seen.context = context;
	seen.functions = hash_create("slipway functions", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
slipway_side_effect_end(void)
{
	memset(&seen, 0, sizeof(seen));
}

void
slipway_side_effect_at(const char *migration, const char *hook, int line)
{
	seen.migration = migration;
	seen.hook = hook;
	seen.line = line;
	seen.looks = seen.may_advance = false;
}

static void
add(const char *kind, const char *object, const char *detail)
{
	MemoryContext caller = MemoryContextSwitchTo(seen.context);
	Effect	   *effect = palloc(sizeof(Effect));
	ListCell   *cell;

	*effect = (Effect) {seen.migration, seen.hook, seen.line, kind, pstrdup(object), pstrdup(detail)};
	foreach(cell, seen.effects)
	{
		const Effect *other = lfirst(cell);

		if (other->migration == effect->migration && other->hook == effect->hook &&
			other->line == effect->line && strcmp(other->kind, kind) == 0 && strcmp(other->object, object) == 0)
			break;
	}
	if (cell == NULL)
		seen.effects = lappend(seen.effects, effect);
	MemoryContextSwitchTo(caller);
}

/* Of a language that may do what the server's process may; those of the server itself are not meant. */
static char *
untrusted_language(Oid language)
{
	HeapTuple	tuple = SearchSysCache1(LANGOID, ObjectIdGetDatum(language));
	char	   *name = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	if (((Form_pg_language) GETSTRUCT(tuple))->lanispl && !((Form_pg_language) GETSTRUCT(tuple))->lanpltrusted)
		name = pstrdup(NameStr(((Form_pg_language) GETSTRUCT(tuple))->lanname));
	ReleaseSysCache(tuple);
	return name;
}

static char *
describe_language(const char *name)
{
	return psprintf("language %s may reach out of the database", name);
}

static void
look_up_name(Known *known, Oid extension)
{
	char	   *name = get_func_name(known->function);
	char	   *extension_name = OidIsValid(extension) ? get_extension_name(extension) : NULL;
	bool		is_dblink = extension_name && strcmp(extension_name, "dblink") == 0;

	for (int i = 0; name && i < lengthof(lasting); i++)
		if (strcmp(name, lasting[i].name) == 0 && (strcmp(lasting[i].kind, "dblink") == 0) == is_dblink)
		{
			known->kind = lasting[i].kind;
			known->detail = lasting[i].detail;
		}
}

static void
look_up(Known *known)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(known->function));
	Oid			extension = InvalidOid;
	Oid			language;
	char	   *untrusted;

	known->kind = known->detail = NULL;
	if (!HeapTupleIsValid(tuple))
		return;
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	ReleaseSysCache(tuple);
	if (known->function >= FirstNormalObjectId)
		extension = getExtensionOfObject(ProcedureRelationId, known->function);
	if (known->function < FirstNormalObjectId || OidIsValid(extension))
		look_up_name(known, extension);
	if (known->kind)
		return;
	untrusted = untrusted_language(language);
	if (untrusted == NULL)
		return;
	known->kind = "language";
	known->detail = MemoryContextStrdup(seen.context, describe_language(untrusted));
}

/*
 * Something may advance sequences. Those that were only read are locked until the transaction ends, and
 * may be advanced without another lock.
 */
static void
see_advance(void)
{
	ListCell   *cell;

	seen.may_advance = true;
	foreach(cell, seen.looked_at)
		add("sequence", lfirst(cell), ADVANCED);
	seen.looked_at = NIL;
}

/* Both kinds lock the sequence alike. */
static void
see_sequence_function(Oid function)
{
	switch (function)
	{
		case F_PG_SEQUENCE_LAST_VALUE:
		case F_CURRVAL:
		case F_LASTVAL:
			seen.looks = true;
			break;
		case F_NEXTVAL:
		case F_SETVAL_REGCLASS_INT8:
		case F_SETVAL_REGCLASS_INT8_BOOL:
			see_advance();
			break;
	}
}

void
slipway_side_effect_write(void)
{
	if (seen.context)
		see_advance();
}

void
slipway_side_effect_function(Oid function)
{
	Known	   *known;
	bool		found;

	if (seen.context == NULL)
		return;
	see_sequence_function(function);
	known = hash_search(seen.functions, &function, HASH_ENTER, &found);
	if (!found)
		look_up(known);
	if (known->kind)
		add(known->kind, format_procedure_qualified(function), known->detail);
}

static void
see_copy(const CopyStmt *stmt)
{
	if (stmt->is_program)
		add("program", stmt->filename, "COPY runs it on the server");
	else if (stmt->filename && !stmt->is_from)
		add("file", stmt->filename, "COPY writes it on the server");
}

static void
see_do(const DoStmt *stmt)
{
	const char *name = "plpgsql";
	char	   *untrusted;
	Oid			language;
	ListCell   *cell;

	foreach(cell, stmt->args)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "language") == 0)
			name = defGetString(option);
	}
	language = get_language_oid(name, true);
	untrusted = OidIsValid(language) ? untrusted_language(language) : NULL;
	if (untrusted)
		add("language", "DO", describe_language(untrusted));
}

void
slipway_side_effect_command(const Node *command)
{
	if (seen.context == NULL)
		return;
	if (IsA(command, CopyStmt))
		see_copy((const CopyStmt *) command);
	else if (IsA(command, DoStmt))
		see_do((const DoStmt *) command);
}

void
slipway_side_effect_sequence(const char *name)
{
	MemoryContext caller;

	if (seen.context == NULL)
		return;
	if (seen.may_advance || !seen.looks)
	{
		add("sequence", name, ADVANCED);
		return;
	}
	caller = MemoryContextSwitchTo(seen.context);
	seen.looked_at = lappend(seen.looked_at, pstrdup(name));
	MemoryContextSwitchTo(caller);
}

void
slipway_side_effect_report(void)
{
	ListCell   *cell;

	foreach(cell, seen.effects)
	{
		const Effect *effect = lfirst(cell);
		StringInfoData json;

		slipway_event_begin(&json, "not_rolled_back");
		slipway_event_null(&json, "migration", effect->migration);
		slipway_event_null(&json, "hook", effect->hook);
		slipway_event_int(&json, "line", effect->line);
		slipway_event_text(&json, "kind", effect->kind);
		slipway_event_text(&json, "object", effect->object);
		slipway_event_text(&json, "detail", effect->detail);
		slipway_event_send(&json, "%s, line %d: not rolled back: %s %s, as %s",
						   effect->migration ? effect->migration : effect->hook, effect->line, effect->kind,
						   effect->object, effect->detail);
	}
}
