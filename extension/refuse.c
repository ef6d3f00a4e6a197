/*
 * refuse.c
 *	  What the parse tree of a statement says about running it in a migration.
 *
 * This is for clear and early messages. What a script hides from it, in DO or
 * in a function, meets the transaction block, the role's security context and
 * the guard of the tracking tables when it runs.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/value.h"
#include "tcop/cmdtag.h"
#include "tcop/utility.h"

#include "copy_data.h"
#include "error_code.h"
#include "refuse.h"

#define refuse(what, hint) \
	ereport(ERROR, \
			(errcode(SLIPWAY_REFUSED_STATEMENT), \
			 errmsg("%s is not allowed in a migration", what), \
			 errhint("%s", hint)))

static SlipwayNature
check_transaction(const TransactionStmt *stmt)
{
	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			return SLIPWAY_BEGIN;
		case TRANS_STMT_COMMIT:
			if (stmt->chain)
				refuse("COMMIT AND CHAIN", "Write COMMIT and BEGIN.");
			return SLIPWAY_COMMIT;
		case TRANS_STMT_ROLLBACK:
			refuse("ROLLBACK", "A migration is rolled back when it fails: raise an error.");
			break;
		case TRANS_STMT_SAVEPOINT:
		case TRANS_STMT_RELEASE:
		case TRANS_STMT_ROLLBACK_TO:
			refuse("a savepoint", "Use a DO block with EXCEPTION instead.");
			break;
		case TRANS_STMT_PREPARE:
		case TRANS_STMT_COMMIT_PREPARED:
		case TRANS_STMT_ROLLBACK_PREPARED:
			refuse("a two-phase command", "Script and record must commit together.");
			break;
	}
	return SLIPWAY_ORDINARY;
}

static void
check_set(const VariableSetStmt *stmt, bool fixed_role)
{
	if (stmt->kind == VAR_RESET_ALL)
		refuse("RESET ALL", "Reset single settings; all are put back after each migration anyway.");
	if (stmt->kind == VAR_SET_MULTI && strcmp(stmt->name, "SESSION CHARACTERISTICS") == 0)
		refuse("SET SESSION CHARACTERISTICS", "Begin the script with SET TRANSACTION.");
	if (fixed_role && stmt->name &&
		(strcmp(stmt->name, "role") == 0 || strcmp(stmt->name, "session_authorization") == 0))
		refuse("a change of role",
			   "The project has an owner role, as which all of its scripts run.");
}

static void
check_copy(const CopyStmt *stmt)
{
	if (slipway_copy_data_wanted((const Node *) stmt) && slipway_copy_data_binary((const Node *) stmt))
		refuse("COPY FROM STDIN in binary format", "A script is text: use the text or the csv format.");
	if (!stmt->is_from && stmt->filename == NULL && !stmt->is_program)
		refuse("COPY TO STDOUT", "Nobody would receive the data.");
}

/* Is this name, perhaps qualified, the engine's? */
static bool
names_engine(List *name, const char *thing)
{
	return list_length(name) == 2 && strcmp(strVal(linitial(name)), "slipway") == 0 &&
		strcmp(strVal(lsecond(name)), thing) == 0;
}

static void
check_call(const CallStmt *stmt)
{
	if (names_engine(stmt->funccall->funcname, "migrate"))
		refuse("CALL slipway.migrate()", "A run cannot start another one.");
	if (names_engine(stmt->funccall->funcname, "rehearse"))
		refuse("CALL slipway.rehearse()", "A run cannot start another one.");
	if (names_engine(stmt->funccall->funcname, "verify"))
		refuse("CALL slipway.verify()", "Deploy with option verify.");
}

static void
check_drop(const DropStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->objects)
	{
		Node	   *object = lfirst(cell);

		if ((stmt->removeType == OBJECT_EXTENSION && strcmp(strVal(object), "pg_slipway") == 0) ||
			(stmt->removeType == OBJECT_SCHEMA && strcmp(strVal(object), "slipway") == 0))
			ereport(ERROR,
					(errcode(SLIPWAY_PROTECTED),
					 errmsg("a migration cannot drop %s",
							stmt->removeType == OBJECT_SCHEMA ? "schema slipway" : "extension pg_slipway"),
					 errhint("It would take the record of itself with it. Drop it from psql.")));
	}
}

static bool
has_true_option(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return defGetBoolean(option);
	}
	return false;
}

static bool
detaches_concurrently(const AlterTableStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, cell);

		if (cmd->subtype == AT_DetachPartition && castNode(PartitionCmd, cmd->def)->concurrent)
			return true;
	}
	return false;
}

/* A boolean option of a statement that is on unless it says otherwise. */
static bool
is_switched_off(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return !defGetBoolean(option);
	}
	return false;
}

static bool
creates_slot(const CreateSubscriptionStmt *stmt)
{
	return !is_switched_off(stmt->options, "connect") &&
		!is_switched_off(stmt->options, "create_slot");
}

static bool
refreshes_subscription(const AlterSubscriptionStmt *stmt)
{
	switch (stmt->kind)
	{
		case ALTER_SUBSCRIPTION_REFRESH:
			return true;
		case ALTER_SUBSCRIPTION_SET_PUBLICATION:
		case ALTER_SUBSCRIPTION_ADD_PUBLICATION:
		case ALTER_SUBSCRIPTION_DROP_PUBLICATION:
			return !is_switched_off(stmt->options, "refresh");
		default:
			return false;
	}
}

static bool
moves_database(const AlterDatabaseStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->options)
		if (strcmp(lfirst_node(DefElem, cell)->defname, "tablespace") == 0)
			return true;
	return false;
}

bool
slipway_refuse_waits_long(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_IndexStmt:
			return ((const IndexStmt *) stmt)->concurrent;
		case T_DropStmt:
			return ((const DropStmt *) stmt)->concurrent;
		case T_ReindexStmt:
			return has_true_option(((const ReindexStmt *) stmt)->params, "concurrently");
		case T_AlterTableStmt:
			return detaches_concurrently((const AlterTableStmt *) stmt);
		case T_VacuumStmt:
			return ((const VacuumStmt *) stmt)->is_vacuumcmd;
		default:
			return false;
	}
}

/* Statements that always refuse a transaction block. */
static bool
stands_alone(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_ReindexStmt:
			return ((const ReindexStmt *) stmt)->kind >= REINDEX_OBJECT_SCHEMA ||
				slipway_refuse_waits_long(stmt);
		case T_ClusterStmt:
			return ((const ClusterStmt *) stmt)->relation == NULL;
		case T_AlterDatabaseStmt:
			return moves_database((const AlterDatabaseStmt *) stmt);
		case T_CreateSubscriptionStmt:
			return creates_slot((const CreateSubscriptionStmt *) stmt);
		case T_AlterSubscriptionStmt:
			return refreshes_subscription((const AlterSubscriptionStmt *) stmt);
		case T_AlterSystemStmt:
		case T_CreatedbStmt:
		case T_DropdbStmt:
		case T_CreateTableSpaceStmt:
		case T_DropTableSpaceStmt:
			return true;
		default:
			return slipway_refuse_waits_long(stmt);
	}
}

void
slipway_refuse_reset(const Node *stmt)
{
	if (IsA(stmt, DiscardStmt))
		refuse("DISCARD", "The session is put back after each migration anyway.");
	if (IsA(stmt, DeallocateStmt) && ((const DeallocateStmt *) stmt)->name == NULL)
		refuse("DEALLOCATE ALL", "It would take what the caller's driver has prepared.");
	if (IsA(stmt, UnlistenStmt) && ((const UnlistenStmt *) stmt)->conditionname == NULL)
		refuse("UNLISTEN *", "It would take what the caller listens to.");
}

SlipwayNature
slipway_refuse_check(const RawStmt *raw, bool fixed_role)
{
	const Node *stmt = raw->stmt;

	switch (nodeTag(stmt))
	{
		case T_TransactionStmt:
			return check_transaction((const TransactionStmt *) stmt);
		case T_DiscardStmt:
		case T_DeallocateStmt:
		case T_UnlistenStmt:
			slipway_refuse_reset(stmt);
			break;
		case T_VariableSetStmt:
			check_set((const VariableSetStmt *) stmt, fixed_role);
			break;
		case T_CopyStmt:
			check_copy((const CopyStmt *) stmt);
			break;
		case T_CallStmt:
			check_call((const CallStmt *) stmt);
			break;
		case T_DropStmt:
			check_drop((const DropStmt *) stmt);
			break;
		default:
			break;
	}
	return stands_alone(stmt) ? SLIPWAY_ALONE : SLIPWAY_ORDINARY;
}
