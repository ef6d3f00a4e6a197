/*
 * peer.c
 *	  Another process of the server: who it is and what it is doing.
 *
 * The functions behind pg_stat_activity take a copy of all of it, which lasts to
 * the end of the transaction and would be what a script finds there. So its
 * entry is read in place, as they do it for their copy.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/memutils.h"

#include "compat.h"
#include "peer.h"

/* Bytes of a query that are worth a line or two. */
#define QUERY_BYTES 160

/* How often an entry is looked at that is just being written. */
#define READ_TRIES 1000

typedef struct KnownRole
{
	Oid			role;
	char	   *name;
	bool		visible;		/* may the caller see what its sessions do? */
} KnownRole;

struct SlipwayRoles
{
	List	   *roles;
	bool		all_visible;
	MemoryContext context;
};

static KnownRole *
find_role(const SlipwayRoles *roles, Oid role)
{
	ListCell   *cell;

	foreach(cell, roles->roles)
	{
		KnownRole  *one = lfirst(cell);

		if (one->role == role)
			return one;
	}
	return NULL;
}

void
slipway_peer_learn(SlipwayRoles *roles, Oid role)
{
	MemoryContext caller = CurrentMemoryContext;
	KnownRole  *known;
	char	   *name;

	if (!OidIsValid(role) || find_role(roles, role))
		return;
	name = GetUserNameFromId(role, true);
	if (name == NULL)
		return;
	MemoryContextSwitchTo(roles->context);
	known = palloc(sizeof(KnownRole));
	known->role = role;
	known->name = pstrdup(name);
	known->visible = has_privs_of_role(GetUserId(), role);
	roles->roles = lappend(roles->roles, known);
	MemoryContextSwitchTo(caller);
}

SlipwayRoles *
slipway_peer_roles(void)
{
	SlipwayRoles *roles = palloc0(sizeof(SlipwayRoles));

	roles->context = CurrentMemoryContext;
	roles->all_visible = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	/* Which ones exactly does not matter, so that nothing need be locked. */
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		const PGPROC *proc = &ProcGlobal->allProcs[i];

		if (proc->pid != 0)
			slipway_peer_learn(roles, proc->roleId);
	}
	return roles;
}

static const char *
state_name(BackendState state)
{
	switch (state)
	{
		case STATE_IDLE:
			return "idle";
		case STATE_RUNNING:
			return "active";
		case STATE_IDLEINTRANSACTION:
			return "idle in transaction";
		case STATE_FASTPATH:
			return "fastpath function call";
		case STATE_IDLEINTRANSACTION_ABORTED:
			return "idle in transaction (aborted)";
		default:
			return NULL;
	}
}

char *
slipway_peer_shorten(const char *query)
{
	char	   *line = palloc(strlen(query) + 1);
	int			length = 0;

	for (; *query; query++)
	{
		bool		space = strchr(" \t\r\n\f\v", *query) != NULL;

		if (!space)
			line[length++] = *query;
		else if (length > 0 && line[length - 1] != ' ')
			line[length++] = ' ';
	}
	line[length] = '\0';
	if (length == 0 || !pg_verifymbstr(line, length, true))
		return NULL;
	if (length <= QUERY_BYTES)
		return line;
	line[pg_mbcliplen(line, length, QUERY_BYTES - 3)] = '\0';
	return psprintf("%s...", line);
}

/*
 * Copies the entry of pg_stat_activity of a process; false if it is not that
 * one's any more. It may be called while a message is on its way to the log: an
 * interrupt must not be served here.
 */
static bool
copy_status(PGPROC *proc, int pid, PgBackendStatus *copy, char *application, char *query)
{
	volatile PgBackendStatus *status = slipway_backend_entry(proc);

	for (int i = 0; status && i < READ_TRIES; i++)
	{
		int			before;
		int			after;

		pgstat_begin_read_activity(status, before);
		*copy = *(PgBackendStatus *) status;
		strlcpy(application, (char *) copy->st_appname, NAMEDATALEN);
		strlcpy(query, (char *) copy->st_activity_raw, pgstat_track_activity_query_size);
		pgstat_end_read_activity(status, after);
		if (pgstat_read_activity_complete(before, after))
			return copy->st_procpid == pid;
	}
	return false;
}

bool
slipway_peer_read(const SlipwayRoles *roles, int pid, SlipwayPeer *peer)
{
	char	   *query = palloc(pgstat_track_activity_query_size);
	char		application[NAMEDATALEN];
	PgBackendStatus status;
	const KnownRole *role;
	PGPROC	   *proc;

	memset(peer, 0, sizeof(SlipwayPeer));
	peer->pid = pid;
	if (pid == 0)
		return true;
	proc = BackendPidGetProc(pid);
	if (proc == NULL || !copy_status(proc, pid, &status, application, query))
		return false;
	role = find_role(roles, status.st_userid);
	peer->role = status.st_userid;
	peer->role_name = role ? role->name : NULL;
	peer->type = status.st_backendType;
	peer->wraparound = (proc->statusFlags & PROC_VACUUM_FOR_WRAPAROUND) != 0;
	peer->started_at = status.st_proc_start_timestamp;
	peer->application = pg_verifymbstr(application, strlen(application), true) ? pstrdup(application) : "";
	peer->idle = status.st_state == STATE_IDLEINTRANSACTION ||
		status.st_state == STATE_IDLEINTRANSACTION_ABORTED;
	if (roles->all_visible || (role && role->visible))
	{
		peer->state = state_name(status.st_state);
		peer->transaction_started_at = status.st_xact_start_timestamp;
		peer->query = slipway_peer_shorten(pgstat_clip_activity(query));
	}
	pfree(query);
	return true;
}

TimestampTz
slipway_peer_started_at(int pid)
{
	char	   *query = palloc(pgstat_track_activity_query_size);
	char		application[NAMEDATALEN];
	PGPROC	   *proc = BackendPidGetProc(pid);
	PgBackendStatus status;
	TimestampTz started_at = 0;

	if (proc && proc->databaseId == MyDatabaseId && copy_status(proc, pid, &status, application, query))
		started_at = status.st_proc_start_timestamp;
	pfree(query);
	return started_at;
}
