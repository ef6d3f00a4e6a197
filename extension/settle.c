/*
 * settle.c
 *	  What became of a statement that commits by itself, when nobody was left
 *	  to write that down.
 *
 * The journal says that it was started, and what was there before. Either what it
 * was to make is there, or gone, or it is not; a statement that was half done
 * has left what the next try would fail at or leave for ever, which is removed.
 * Statements that may be repeated are. For anything else, such as DO with a COMMIT in it,
 * nobody but its author can know.
 *
 * The rules follow the server's documentation of each statement: an INVALID index
 * of CREATE INDEX CONCURRENTLY is to be dropped; of REINDEX CONCURRENTLY the
 * one of the name ..._ccnew before the exchange, and the old one, as ..._ccold, after
 * it; a partition whose detaching is pending is to be finalized.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/tablespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "query.h"
#include "settle.h"
#include "spi.h"

/* What a statement that commits by itself does, as far as settling goes. */
typedef enum Effect
{
	EFFECT_REPEATABLE,
	EFFECT_MAKES_INDEX,
	EFFECT_DROPS_INDEX,
	EFFECT_REINDEXES,
	EFFECT_DETACHES,
	EFFECT_MAKES,				/* something that has a name outside of all schemas */
	EFFECT_DROPS,
	EFFECT_CHANGES_LIST,		/* the publications of a subscription */
	EFFECT_UNKNOWN
} Effect;

/* Adding what is there already, and dropping what is not, is an error. */
static bool
changes_list(const AlterSubscriptionStmt *stmt)
{
	return stmt->kind == ALTER_SUBSCRIPTION_ADD_PUBLICATION || stmt->kind == ALTER_SUBSCRIPTION_DROP_PUBLICATION;
}

static Effect
effect_of(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_IndexStmt:
			return EFFECT_MAKES_INDEX;
		case T_DropStmt:
			return EFFECT_DROPS_INDEX;
		case T_ReindexStmt:
			return EFFECT_REINDEXES;
		case T_AlterTableStmt:
			return EFFECT_DETACHES;
		case T_CreatedbStmt:
		case T_CreateTableSpaceStmt:
		case T_CreateSubscriptionStmt:
			return EFFECT_MAKES;
		case T_DropdbStmt:
		case T_DropTableSpaceStmt:
		case T_DropSubscriptionStmt:
			return EFFECT_DROPS;
		case T_VacuumStmt:
		case T_ClusterStmt:
		case T_AlterSystemStmt:
		case T_AlterDatabaseStmt:
			return EFFECT_REPEATABLE;
		case T_AlterSubscriptionStmt:
			return changes_list((const AlterSubscriptionStmt *) stmt) ? EFFECT_CHANGES_LIST : EFFECT_REPEATABLE;
		default:
			return EFFECT_UNKNOWN;
	}
}

/* OID of the database, tablespace or subscription that a statement is about; 0 if there is none. */
static Oid
find_object(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CreatedbStmt:
			return get_database_oid(((const CreatedbStmt *) stmt)->dbname, true);
		case T_DropdbStmt:
			return get_database_oid(((const DropdbStmt *) stmt)->dbname, true);
		case T_CreateTableSpaceStmt:
			return get_tablespace_oid(((const CreateTableSpaceStmt *) stmt)->tablespacename, true);
		case T_DropTableSpaceStmt:
			return get_tablespace_oid(((const DropTableSpaceStmt *) stmt)->tablespacename, true);
		case T_CreateSubscriptionStmt:
			return get_subscription_oid(((const CreateSubscriptionStmt *) stmt)->subname, true);
		case T_DropSubscriptionStmt:
			return get_subscription_oid(((const DropSubscriptionStmt *) stmt)->subname, true);
		default:
			return InvalidOid;
	}
}

static Oid
find_relation(const RangeVar *name)
{
	return RangeVarGetRelid(name, NoLock, true);
}

/* OID and name: where both are about the same thing, nothing has happened to it. */
static char *
facts_of_dropped(const DropStmt *stmt)
{
	Oid			oid = find_relation(makeRangeVarFromNameList(linitial(stmt->objects)));
	char	   *name = get_rel_name(oid);

	/* It is not locked: others may have dropped it just now. */
	if (name == NULL)
		return "";
	return psprintf("%u %s", oid,
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(oid)), name));
}

/* The valid indexes in what is to be rebuilt. */
static char *
facts_of_reindexed(const ReindexStmt *stmt)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_VALID_INDEXES, 2, {OIDOID, TEXTOID}};
	Oid			relation = stmt->relation ? find_relation(stmt->relation) : InvalidOid;
	const char *schema = stmt->kind == REINDEX_OBJECT_SCHEMA ? stmt->name : NULL;
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	char	   *facts;

	slipway_arg_datum(&args, ObjectIdGetDatum(relation), !OidIsValid(relation));
	slipway_arg_text(&args, schema);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	facts = slipway_row_text(0, 1);
	facts = facts ? MemoryContextStrdup(caller, facts) : NULL;
	slipway_spi_end();
	return facts;
}

/* The table that an index is made for: another one may be made meanwhile, by an event trigger. */
static char *
facts_of_made(const IndexStmt *stmt)
{
	return psprintf("%u", find_relation(stmt->relation));
}

static const PartitionCmd *
find_detach(const AlterTableStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, cell);

		if (cmd->subtype == AT_DetachPartition)
			return castNode(PartitionCmd, cmd->def);
	}
	return NULL;
}

/*
 * What became of a partition, given as facts; *finalize is the command that is all that is left to do, in
 * the current memory context, or NULL.
 */
static SlipwayFate
read_partition(const char *facts, char **finalize)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_PARTITION_STATE, 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayFate fate = SLIPWAY_FATE_UNKNOWN;
	SlipwayArgs args = {0};

	*finalize = NULL;
	slipway_arg_text(&args, facts);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		char	   *command = slipway_row_text(0, 2);
		bool		isnull;

		fate = DatumGetBool(slipway_row_datum(0, 1, &isnull)) ? SLIPWAY_FATE_UNDONE : SLIPWAY_FATE_DONE;
		*finalize = command ? MemoryContextStrdup(caller, command) : NULL;
	}
	slipway_spi_end();
	return fate;
}

/* Nothing for what is no partition of the table: the statement will fail, and has detached nothing. */
static char *
facts_of_detached(const AlterTableStmt *stmt)
{
	const PartitionCmd *detach = find_detach(stmt);
	char	   *facts;
	char	   *finalize;

	if (detach == NULL)
		return NULL;
	facts = psprintf("%u,%u", find_relation(stmt->relation), find_relation(detach->name));
	return read_partition(facts, &finalize) == SLIPWAY_FATE_UNDONE ? facts : "";
}

/* The publications of a subscription; NULL: there is none of that name. */
static char *
read_publications(const AlterSubscriptionStmt *stmt)
{
	static SlipwayQuery query = {"SELECT s.subpublications::text FROM pg_subscription s"
		" JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() AND s.subname = $1",
	1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	char	   *list = NULL;

	slipway_arg_text(&args, stmt->subname);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		list = MemoryContextStrdup(caller, slipway_row_text(0, 1));
	slipway_spi_end();
	return list;
}

char *
slipway_settle_facts(const Node *stmt)
{
	switch (effect_of(stmt))
	{
		case EFFECT_MAKES_INDEX:
			return facts_of_made((const IndexStmt *) stmt);
		case EFFECT_DROPS_INDEX:
			return facts_of_dropped((const DropStmt *) stmt);
		case EFFECT_REINDEXES:
			return facts_of_reindexed((const ReindexStmt *) stmt);
		case EFFECT_DETACHES:
			return facts_of_detached((const AlterTableStmt *) stmt);
		case EFFECT_MAKES:
		case EFFECT_DROPS:
			return psprintf("%u", find_object(stmt));
		case EFFECT_CHANGES_LIST:
			return read_publications((const AlterSubscriptionStmt *) stmt);
		default:
			return NULL;
	}
}

/* Drops an index that is of no use and takes part in every change of its table. */
static List *
drop_later(List *commands, const char *index)
{
	return lappend(commands, psprintf("DROP INDEX CONCURRENTLY %s", index));
}

static SlipwayFate
settle_made(const char *project, const SlipwayOpenUnit *unit, List **commands)
{
	SlipwayFate fate = SLIPWAY_FATE_UNDONE;
	ListCell   *cell;

	foreach(cell, slipway_journal_list_made(project, unit->entry))
	{
		const SlipwayMade *made = lfirst(cell);

		if (!made->valid)
			*commands = drop_later(*commands, made->name);
		else if (unit->facts == NULL || made->table == atooid(unit->facts))
			fate = SLIPWAY_FATE_DONE;
	}
	return fate;
}

/*
 * Is it gone? One of its name that is another may have been made by somebody, or is itself: in another
 * cluster, where a dump of the journal was restored.
 */
static SlipwayFate
settle_dropped(const char *facts)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_DROPPED_STATE, 1, {TEXTOID}};
	SlipwayFate fate = SLIPWAY_FATE_DONE;
	SlipwayArgs args = {0};

	/* DROP ... IF EXISTS of what was not there. */
	if (facts == NULL || *facts == '\0')
		return SLIPWAY_FATE_UNDONE;
	slipway_arg_text(&args, facts);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		bool		isnull;
		bool		same = DatumGetBool(slipway_row_datum(0, 1, &isnull));

		fate = same ? SLIPWAY_FATE_UNDONE : SLIPWAY_FATE_UNKNOWN;
	}
	slipway_spi_end();
	return fate;
}

/* Which of the indexes that were valid are not any more. */
static List *
drop_replaced(List *commands, const char *facts)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_INVALID_INDEXES, 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	uint64		rows;

	slipway_arg_text(&args, facts);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		commands = drop_later(commands, slipway_row_text(i, 1));
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return commands;
}

static SlipwayFate
settle_detached(const char *facts, List **commands)
{
	SlipwayFate fate;
	char	   *finalize;

	if (*facts == '\0')
		return SLIPWAY_FATE_UNDONE;
	fate = read_partition(facts, &finalize);
	if (finalize == NULL)
		return fate;
	*commands = lappend(*commands, finalize);
	return SLIPWAY_FATE_DONE;
}

static SlipwayFate
settle_list(const AlterSubscriptionStmt *stmt, const char *before)
{
	const char *now = read_publications(stmt);

	return before && now && strcmp(before, now) != 0 ? SLIPWAY_FATE_DONE : SLIPWAY_FATE_UNDONE;
}

bool
slipway_settle_can_tell(const Node *stmt)
{
	return effect_of(stmt) != EFFECT_UNKNOWN;
}

SlipwayFate
slipway_settle(const Node *stmt, const char *project, const SlipwayOpenUnit *unit, List **commands)
{
	switch (effect_of(stmt))
	{
		case EFFECT_REPEATABLE:
			return SLIPWAY_FATE_UNDONE;
		case EFFECT_MAKES_INDEX:
			return settle_made(project, unit, commands);
		case EFFECT_DROPS_INDEX:
			return settle_dropped(unit->facts);
		case EFFECT_REINDEXES:
			(void) settle_made(project, unit, commands);
			*commands = drop_replaced(*commands, unit->facts);
			return SLIPWAY_FATE_UNDONE;
		case EFFECT_DETACHES:
			return unit->facts ? settle_detached(unit->facts, commands) : SLIPWAY_FATE_UNKNOWN;
		case EFFECT_MAKES:
			/* What was there before was made by somebody else. */
			return strcmp(unit->facts, "0") == 0 && OidIsValid(find_object(stmt)) ?
				SLIPWAY_FATE_DONE : SLIPWAY_FATE_UNDONE;
		case EFFECT_DROPS:
			return strcmp(unit->facts, "0") != 0 && !OidIsValid(find_object(stmt)) ?
				SLIPWAY_FATE_DONE : SLIPWAY_FATE_UNDONE;
		case EFFECT_CHANGES_LIST:
			return settle_list((const AlterSubscriptionStmt *) stmt, unit->facts);
		case EFFECT_UNKNOWN:
			break;
	}
	/* An error was seen by somebody, who has decided to try again. */
	return unit->failed ? SLIPWAY_FATE_UNDONE : SLIPWAY_FATE_UNKNOWN;
}
