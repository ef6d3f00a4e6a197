/*
 * compat.h
 *	  What differs between the server majors we build on, under the newest name.
 *
 * This is the only file that looks at PG_VERSION_NUM. Each entry says what
 * changed and when.
 */
#ifndef SLIPWAY_COMPAT_H
#define SLIPWAY_COMPAT_H

#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/transam.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "commands/copyfrom_internal.h"
#include "commands/vacuum.h"
#include "common/relpath.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "replication/origin.h"
#include "storage/proc.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#if PG_VERSION_NUM < 150000
#error "pg_slipway needs PostgreSQL 15 or newer"
#endif

/* 18 dropped PortalRun's run_once, which every caller had set to true. */
static inline bool
slipway_portal_run(Portal portal, bool top_level, DestReceiver *dest, QueryCompletion *qc)
{
#if PG_VERSION_NUM >= 180000
	return PortalRun(portal, FETCH_ALL, top_level, dest, dest, qc);
#else
	return PortalRun(portal, FETCH_ALL, top_level, true, dest, dest, qc);
#endif
}

/* 16 made the settings a hash table; before, they were an array. */
static inline struct config_generic **
slipway_guc_variables(int *n)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(n);
#else
	*n = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

/*
 * 16 moved the permissions to check from the range table into a list of its
 * own. These give, for both, the relation and the rights asked of it.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/parsenodes.h"
#define SLIPWAY_CHECK_PERMS_ARGS List *rangeTable, List *permInfos, bool ereport_on_violation
#define SLIPWAY_CHECK_PERMS_PASS rangeTable, permInfos, ereport_on_violation
#define SLIPWAY_CHECK_PERMS_LIST permInfos
typedef RTEPermissionInfo SlipwayPermission;
#else
#define SLIPWAY_CHECK_PERMS_ARGS List *rangeTable, bool ereport_on_violation
#define SLIPWAY_CHECK_PERMS_PASS rangeTable, ereport_on_violation
#define SLIPWAY_CHECK_PERMS_LIST rangeTable
typedef RangeTblEntry SlipwayPermission;
#endif

/*
 * 16 made the list of a backend's locks a dlist. Visits those of one lock
 * partition, whose LWLock the caller holds.
 */
typedef void (*SlipwayProcLockVisitor) (PROCLOCK *proclock, void *arg);

static inline void
slipway_visit_proclocks(int partition, SlipwayProcLockVisitor visit, void *arg)
{
#if PG_VERSION_NUM >= 160000
	dlist_iter	iter;

	dlist_foreach(iter, &MyProc->myProcLocks[partition])
		visit(dlist_container(PROCLOCK, procLink, iter.cur), arg);
#else
	SHM_QUEUE  *head = &MyProc->myProcLocks[partition];
	PROCLOCK   *proclock;

	proclock = (PROCLOCK *) SHMQueueNext(head, head, offsetof(PROCLOCK, procLink));
	while (proclock != NULL)
	{
		visit(proclock, arg);
		proclock = (PROCLOCK *) SHMQueueNext(head, &proclock->procLink,
											 offsetof(PROCLOCK, procLink));
	}
#endif
}

/* 17 added a parameter that lets a stronger lock count. */
static inline bool
slipway_lock_held(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, false);
#else
	return LockHeldByMe(tag, mode);
#endif
}

/*
 * How often this backend has acquired a lock that it holds. The server counts that with
 * each lock, and shows it nowhere; but whoever acquires one once more is given the counter. 18
 * added a parameter that logs failures.
 */
static inline int64
slipway_lock_acquired(const LOCKTAG *tag, LOCKMODE mode)
{
	LOCALLOCK  *local = NULL;
	int64		count;

#if PG_VERSION_NUM >= 180000
	(void) LockAcquireExtended(tag, mode, false, true, true, &local, false);
#else
	(void) LockAcquireExtended(tag, mode, false, true, true, &local);
#endif
	if (local == NULL)
		return 0;
	count = local->nLocks - 1;
	LockRelease(tag, mode, false);
	return count;
}

/* 18 returns the path in a struct. Palloc'd. */
static inline char *
slipway_relation_path(Oid tablespace, Oid node)
{
#if PG_VERSION_NUM >= 180000
	RelPathStr	path = GetRelationPath(MyDatabaseId, tablespace, node, INVALID_PROC_NUMBER, MAIN_FORKNUM);

	return pstrdup(path.str);
#elif PG_VERSION_NUM >= 170000
	return GetRelationPath(MyDatabaseId, tablespace, node, INVALID_PROC_NUMBER, MAIN_FORKNUM);
#else
	return GetRelationPath(MyDatabaseId, tablespace, node, InvalidBackendId, MAIN_FORKNUM);
#endif
}

/* 18 counts frozen pages, too. Sets the number of rows in place, and leaves the rest as it is. */
static inline void
slipway_set_row_count(Relation relation, double rows)
{
	Form_pg_class class = relation->rd_rel;

#if PG_VERSION_NUM >= 180000
	vac_update_relstats(relation, class->relpages, rows, class->relallvisible, class->relallfrozen, class->relhasindex,
						InvalidTransactionId, InvalidMultiXactId, NULL, NULL, false);
#else
	vac_update_relstats(relation, class->relpages, rows, class->relallvisible, class->relhasindex,
						InvalidTransactionId, InvalidMultiXactId, NULL, NULL, false);
#endif
}

/* 17 moved it into a struct. */
static inline LocalTransactionId
slipway_local_transaction(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* 18 added a parameter that lets deferrable ones count. */
static inline Oid
slipway_primary_key(Relation relation)
{
#if PG_VERSION_NUM >= 180000
	return RelationGetPrimaryKeyIndex(relation, false);
#else
	return RelationGetPrimaryKeyIndex(relation);
#endif
}

/* 18 lets a module say its name and version, which pg_get_loaded_modules() shows. */
#if PG_VERSION_NUM >= 180000
#define SLIPWAY_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "pg_slipway",.version = SLIPWAY_VERSION)
#else
#define SLIPWAY_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * The entry of a backend in the array behind pg_stat_activity, of which the server
 * shows our own; NULL if it has none, as in the middle of its start. 17 orders it as the array
 * of PGPROCs.
 */
static inline volatile PgBackendStatus *
slipway_backend_entry(PGPROC *proc)
{
#if PG_VERSION_NUM >= 170000
	return MyBEEntry + (GetNumberFromPGProc(proc) - MyProcNumber);
#else
	/* Read once: a process that ends meanwhile may be followed by one that starts. */
	BackendId	id = *(volatile BackendId *) &proc->backendId;

	return id != InvalidBackendId ? MyBEEntry + (id - MyBackendId) : NULL;
#endif
}

/* 16 lets several backends use an origin. */
static inline void
slipway_origin_setup(RepOriginId origin)
{
#if PG_VERSION_NUM >= 160000
	replorigin_session_setup(origin, 0);
#else
	replorigin_session_setup(origin);
#endif
}

/* 18 has a role that may signal workers of autovacuum; before, only a superuser may. */
static inline bool
slipway_may_signal_autovacuum(Oid role)
{
#if PG_VERSION_NUM >= 180000
	return has_privs_of_role(role, ROLE_PG_SIGNAL_AUTOVACUUM_WORKER);
#else
	return superuser_arg(role);
#endif
}

/* 16 tells having a role's privileges from being allowed to SET ROLE to it. */
static inline bool
slipway_may_become(Oid member, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(member, role);
#else
	return is_member_of_role(member, role);
#endif
}

/* 16 has one function for the rights on objects of most kinds. */
static inline bool
slipway_schema_is_writable(Oid schema, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_CREATE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

/* 16 inserts rows into foreign tables in batches; then the row is not known. */
static inline bool
slipway_copy_in_batch(const CopyFromState state)
{
#if PG_VERSION_NUM >= 160000
	return state->relname_only;
#else
	return false;
#endif
}

/* transaction_timeout came with 17; it ends the session, not the statement. */
static inline bool
slipway_have_transaction_timeout(void)
{
	return PG_VERSION_NUM >= 170000;
}

/*
 * 17 lets a background worker be a role without LOGIN; 0 before, where it
 * cannot.
 */
#if PG_VERSION_NUM >= 170000
#define SLIPWAY_WORKER_WITHOUT_LOGIN BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define SLIPWAY_WORKER_WITHOUT_LOGIN 0
#endif

/* As setting server_version_num: how objects are written differs between majors. */
#define SLIPWAY_SERVER_VERSION PG_VERSION_NUM

/* The statistics target of a row of pg_attribute; 17 made its default, -1, NULL. */
static inline int
slipway_statistics_target(HeapTuple tuple, TupleDesc descriptor)
{
#if PG_VERSION_NUM >= 170000
	bool		isnull;
	Datum		target = heap_getattr(tuple, Anum_pg_attribute_attstattarget, descriptor, &isnull);

	return isnull ? -1 : DatumGetInt16(target);
#else
	return ((Form_pg_attribute) GETSTRUCT(tuple))->attstattarget;
#endif
}

/* 18 made NOT NULL of columns a constraint; before, only the column knew. */
#if PG_VERSION_NUM >= 180000
#define SLIPWAY_CONSTRAINT_NOT_NULL CONSTRAINT_NOTNULL
#else
#define SLIPWAY_CONSTRAINT_NOT_NULL 'n'
#endif

static inline bool
slipway_have_not_null_constraints(void)
{
	return PG_VERSION_NUM >= 180000;
}

/* 18 lets NOT NULL be declared for later. The descriptor is that of a relation. */
static inline bool
slipway_is_never_null(TupleDesc descriptor, int i)
{
#if PG_VERSION_NUM >= 180000
	return TupleDescCompactAttr(descriptor, i)->attnullability == ATTNULLABLE_VALID;
#else
	return TupleDescAttr(descriptor, i)->attnotnull;
#endif
}

/* 18 has constraints over periods of time, and some that are not enforced. */
static inline bool
slipway_constraint_has_period(Form_pg_constraint row)
{
#if PG_VERSION_NUM >= 180000
	return row->conperiod;
#else
	return false;
#endif
}

static inline bool
slipway_constraint_is_enforced(Form_pg_constraint row)
{
#if PG_VERSION_NUM >= 180000
	return row->conenforced;
#else
	return true;
#endif
}

#endif							/* SLIPWAY_COMPAT_H */
