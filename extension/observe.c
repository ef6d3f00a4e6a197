/*
 * observe.c
 *	  Looks at what a statement of a rehearsal has locked, rewritten and read.
 *
 * All of it is read from memory and catalogs between statements; nothing is asked of the
 * statements themselves, so that they run as they do in a deploy. Counters of
 * scans are those of the server's statistics, which it keeps for each transaction.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "nodes/parsenodes.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "held.h"
#include "lock_hold.h"
#include "observe.h"
#include "side_effect.h"

/* One look. */
typedef struct Look
{
	SlipwayObserved *observed;	/* NULL: what is seen belongs to no statement */
	TimestampTz started_at;
	bool		utility;
	List	   *indexes;		/* that were read as a whole */
} Look;

static bool active;

void
slipway_observe_begin(MemoryContext context)
{
	slipway_touched_begin(context);
	slipway_held_begin(context);
	active = true;
}

void
slipway_observe_stop(void)
{
	active = false;
	slipway_touched_stop();
}

void
slipway_observe_end(void)
{
	active = false;
	slipway_held_end();
	slipway_touched_end();
}

static SlipwayObservedLock *
find_lock(SlipwayObserved *observed, SlipwayTouched *of)
{
	SlipwayObservedLock *lock;
	ListCell   *cell;

	foreach(cell, observed->locks)
	{
		lock = lfirst(cell);
		if (lock->of == of)
			return lock;
	}
	lock = palloc0(sizeof(SlipwayObservedLock));
	lock->of = of;
	observed->locks = lappend(observed->locks, lock);
	return lock;
}

static void
take_lock(SlipwayObserved *observed, SlipwayTouched *touched, const SlipwayHeld *held)
{
	SlipwayObservedLock *lock = find_lock(observed, touched);

	lock->mode = held->mode;
	lock->waiters = held->waiters;
	touched->mode = held->mode;
	touched->line = observed->line;
	touched->start_ms = observed->start_ms;
}

static bool
is_counted(Oid relation)
{
	return slipway_touched(relation) != NULL;
}

static void
see_lock(const SlipwayHeld *held, void *arg)
{
	Look	   *look = arg;
	SlipwayTouched *touched = slipway_touched(held->relation);

	if (look->observed && held->again && held->mode > touched->mode)
		take_lock(look->observed, touched, held);
	if (look->observed && slipway_lock_hold_minds(held->mode))
		slipway_lock_hold_note(held->mode, touched->name, look->started_at);
	/* Whoever alters or drops a sequence has another lock on it. */
	if (look->observed && held->again && touched->kind == RELKIND_SEQUENCE && held->mode == RowExclusiveLock)
		slipway_side_effect_sequence(touched->name);
	touched->waiters = Max(touched->waiters, held->waiters);
	touched->used |= held->again;
}

void
slipway_observe_before(void)
{
	Look		look = {0};

	slipway_touched_look();
	slipway_held_look(is_counted, see_lock, &look);
}

/* Tables before their indexes, then by name. */
static int
compare_touched(const SlipwayTouched *one, const SlipwayTouched *other)
{
	if (slipway_touched_is_table(one) != slipway_touched_is_table(other))
		return slipway_touched_is_table(one) ? -1 : 1;
	return strcmp(one->name, other->name);
}

static int
compare_relations(const ListCell *a, const ListCell *b)
{
	return compare_touched(lfirst(a), lfirst(b));
}

/* The strongest first. */
static int
compare_strength(const ListCell *a, const ListCell *b)
{
	const SlipwayObservedLock *one = lfirst(a);
	const SlipwayObservedLock *other = lfirst(b);

	return one->mode != other->mode ? other->mode - one->mode : compare_touched(one->of, other->of);
}

static void
see_relation(SlipwayTouched *touched, void *arg)
{
	Look	   *look = arg;

	/* Whatever has worked on it has locked it, once more if it was locked. */
	if (!touched->used)
		return;
	touched->used = false;
	if (slipway_touched_dropped(touched))
	{
		if (slipway_touched_is_table(touched))
			look->observed->drops = lappend(look->observed->drops, touched);
		else if (slipway_touched_rebuilt(touched))
			look->observed->rewrites = lappend(look->observed->rewrites, touched);
		return;
	}
	if (slipway_touched_rewritten(touched))
		look->observed->rewrites = lappend(look->observed->rewrites, touched);
	if (!slipway_touched_scanned(touched, look->utility))
		return;
	if (touched->kind == RELKIND_INDEX)
		look->indexes = lappend(look->indexes, touched);
	else
		look->observed->scans = lappend(look->observed->scans, touched);
}

void
slipway_observe_after(SlipwayObserved *observed, bool utility, TimestampTz started_at)
{
	Look		look = {observed, started_at, utility, NIL};
	ListCell   *cell;

	slipway_held_look(is_counted, see_lock, &look);
	list_sort(observed->locks, compare_strength);
	if (observed->target)
		observed->target_mode = observed->target->mode;
	slipway_touched_each(see_relation, &look);
	list_sort(observed->rewrites, compare_relations);
	list_sort(observed->scans, compare_relations);
	list_sort(observed->drops, compare_relations);
	foreach(cell, look.indexes)
	{
		SlipwayTouched *table = slipway_touched(((SlipwayTouched *) lfirst(cell))->table);

		if (table)
			observed->scans = list_append_unique_ptr(observed->scans, table);
	}
}

void
slipway_observe_cancelled(SlipwayObserved *observed, TimestampTz started_at)
{
	Look		look = {observed, started_at, false, NIL};

	slipway_held_look(is_counted, see_lock, &look);
	list_sort(observed->locks, compare_strength);
	if (observed->target)
		observed->target_mode = observed->target->mode;
}

static void
note_strong(const SlipwayHeld *held, void *arg)
{
	if (slipway_lock_hold_minds(held->mode))
		slipway_lock_hold_note(held->mode, slipway_touched(held->relation)->name, *(TimestampTz *) arg);
}

void
slipway_observe_strong_locks(TimestampTz since)
{
	slipway_held_peek(is_counted, note_strong, &since);
}

typedef struct UnitEnd
{
	double		now_ms;
	List	   *locks;
} UnitEnd;

static void
end_lock(SlipwayTouched *touched, void *arg)
{
	UnitEnd    *end = arg;
	SlipwayObservedLock *lock;

	if (touched->mode == NoLock)
		return;
	lock = palloc(sizeof(SlipwayObservedLock));
	*lock = (SlipwayObservedLock) {
		.of = touched, .mode = touched->mode, .waiters = touched->waiters, .line = touched->line,
		.start_ms = touched->start_ms, .held_ms = end->now_ms - touched->start_ms,
	};
	end->locks = lappend(end->locks, lock);
	touched->mode = NoLock;
	touched->waiters = 0;
}

/* The order in which they were taken, then that of the names: a hash table has none. */
static int
compare_locks(const ListCell *a, const ListCell *b)
{
	const SlipwayObservedLock *one = lfirst(a);
	const SlipwayObservedLock *other = lfirst(b);

	if (one->start_ms != other->start_ms)
		return one->start_ms < other->start_ms ? -1 : 1;
	return compare_touched(one->of, other->of);
}

List *
slipway_observe_end_unit(double now_ms)
{
	UnitEnd		end = {now_ms, NIL};

	slipway_touched_each(end_lock, &end);
	list_sort(end.locks, compare_locks);
	return end.locks;
}

/* Locks on indexes that rows are added to end with the statement. */
static void
look_at_indexes(Oid table)
{
	Relation	relation = RelationIdGetRelation(table);
	ListCell   *cell;

	if (relation == NULL)
		return;
	foreach(cell, RelationGetIndexList(relation))
		(void) slipway_touched(lfirst_oid(cell));
	RelationClose(relation);
}

void
slipway_observe_access(Oid relation, bool writes)
{
	SlipwayTouched *touched = active ? slipway_touched(relation) : NULL;

	if (touched == NULL || !writes)
		return;
	touched->written = true;
	look_at_indexes(relation);
}

void
slipway_observe_truncate(Oid relation)
{
	SlipwayTouched *touched = active ? slipway_touched(relation) : NULL;

	if (touched)
		touched->truncated = true;
}

/* The relation that a statement is about, if it names a single one. */
static RangeVar *
target_of(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			return ((const AlterTableStmt *) stmt)->relation;
		case T_IndexStmt:
			return ((const IndexStmt *) stmt)->relation;
		case T_RenameStmt:
			return ((const RenameStmt *) stmt)->relation;
		case T_ReindexStmt:
			return ((const ReindexStmt *) stmt)->relation;
		case T_ClusterStmt:
			return ((const ClusterStmt *) stmt)->relation;
		case T_RefreshMatViewStmt:
			return ((const RefreshMatViewStmt *) stmt)->relation;
		case T_UpdateStmt:
			return ((const UpdateStmt *) stmt)->relation;
		case T_DeleteStmt:
			return ((const DeleteStmt *) stmt)->relation;
		case T_VacuumStmt:
			if (list_length(((const VacuumStmt *) stmt)->rels) == 1)
				return linitial_node(VacuumRelation, ((const VacuumStmt *) stmt)->rels)->relation;
			return NULL;
		default:
			return NULL;
	}
}

static Oid
find_target(const Node *stmt)
{
	RangeVar   *name = target_of(stmt);

	return name ? RangeVarGetRelid(name, NoLock, true) : InvalidOid;
}

SlipwayTouched *
slipway_observe_target(const Node *stmt)
{
	Oid			relation = find_target(stmt);

	return OidIsValid(relation) ? slipway_touched(relation) : NULL;
}

static bool
is_foreign_key(const Node *node)
{
	return IsA(node, Constraint) && ((const Constraint *) node)->contype == CONSTR_FOREIGN;
}

/* May it lock another table than the one it alters? */
static bool
reaches_out(const AlterTableCmd *cmd)
{
	ListCell   *cell;

	if (cmd->def && IsA(cmd->def, ColumnDef))
		foreach(cell, ((const ColumnDef *) cmd->def)->constraints)
			if (is_foreign_key(lfirst(cell)))
				return true;
	return cmd->subtype == AT_AttachPartition || cmd->subtype == AT_DetachPartition ||
		cmd->subtype == AT_AddInherit || cmd->subtype == AT_DropInherit ||
		(cmd->def && is_foreign_key(cmd->def));
}

bool
slipway_observe_is_own(const Node *stmt)
{
	Oid			relation = find_target(stmt);
	ListCell   *cell;

	if (!OidIsValid(relation) || slipway_touched(relation) != NULL)
		return false;
	if (IsA(stmt, AlterTableStmt))
		foreach(cell, ((const AlterTableStmt *) stmt)->cmds)
			if (reaches_out(lfirst_node(AlterTableCmd, cell)))
				return false;
	return true;
}
