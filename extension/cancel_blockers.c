/*
 * cancel_blockers.c
 *	  Cancels what is in the way of a migration, where that was asked for.
 *
 * Never anything that the caller could not cancel with pg_cancel_backend(), and
 * far from everything that it could: a deploy must not end a backup, a
 * replica, another deploy's worker, or the vacuum that keeps the server from
 * coming to a stop. A session that was in the way may be busy with something else by
 * now: so each is looked at again right before its signal. The server itself cancels an ordinary vacuum of autovacuum that a
 * statement waits for; here it is asked once more.
 */
#include "postgres.h"

#include <signal.h>

#include "catalog/pg_authid.h"
#include "utils/acl.h"
#include "utils/varlena.h"

#include "blockers.h"
#include "cancel_blockers.h"
#include "compat.h"
#include "lock_watch.h"
#include "message.h"
#include "signal_backend.h"

SlipwayCancelRule
slipway_cancel_rule_parse(const char *text)
{
	SlipwayCancelRule rule = {.any = strcmp(text, "none") != 0};
	List	   *names;
	ListCell   *cell;

	if (!rule.any)
		return rule;
	if (!SplitIdentifierString(pstrdup(text), ',', &names))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"cancel_blockers\""),
				 errdetail("It takes \"none\", or names of roles with commas between them.")));
	foreach(cell, names)
		rule.roles = lappend_oid(rule.roles, get_role_oid(lfirst(cell), false));
	return rule;
}

static bool
may_signal(const SlipwayPeer *peer)
{
	if (peer->type == B_AUTOVAC_WORKER)
		return slipway_may_signal_autovacuum(GetUserId());
	return has_privs_of_role(GetUserId(), peer->role) ||
		has_privs_of_role(GetUserId(), ROLE_PG_SIGNAL_BACKEND);
}

/* Why a process is let alone; NULL: it is not. */
static const char *
reason_to_spare(const SlipwayCancelRule *rule, const SlipwayPeer *peer)
{
	if (peer->pid == 0)
		return "it is a prepared transaction";
	if (peer->pid == MyProcPid)
		return "it is this session";
	if (peer->wraparound)
		return "it prevents a wraparound of transaction ids";
	if (peer->type != B_BACKEND && peer->type != B_AUTOVAC_WORKER)
		return "it is not a client's session";
	if (peer->type == B_BACKEND && superuser_arg(peer->role))
		return "it is a superuser's session";
	if (peer->type == B_BACKEND && !list_member_oid(rule->roles, peer->role))
		return "its role is not among those named";
	if (!may_signal(peer))
		return "this role may not cancel it";
	if (peer->idle)
		return "it is idle in a transaction, which a cancel does not end";
	return NULL;
}

static void
report(const char *event, const char *migration, const SlipwayPeer *peer, const char *reason)
{
	StringInfoData json;

	slipway_event_begin(&json, event);
	slipway_event_text(&json, "migration", migration);
	slipway_event_int(&json, "pid", peer->pid);
	slipway_event_text(&json, "type", peer->pid != 0 ? GetBackendTypeDesc(peer->type) : NULL);
	slipway_event_text(&json, "role", peer->role_name);
	slipway_event_text(&json, "application", peer->application);
	slipway_event_text(&json, "reason", reason);
	if (reason)
		slipway_event_send(&json, "%s: pid %d is not cancelled: %s", migration, peer->pid, reason);
	else
		slipway_event_send(&json, "%s: cancelled pid %d, which was in the way", migration, peer->pid);
}

static void
cancel(const char *migration, const SlipwayPeer *peer)
{
	if (!slipway_signal_cancel(peer->pid))
	{
		report("blocker_spared", migration, peer, "it has ended");
		return;
	}
	ereport(LOG,
			(errmsg("pg_slipway has cancelled process %d (%s, role %s), which was in the way of migration \"%s\"",
					peer->pid, GetBackendTypeDesc(peer->type),
					peer->role_name ? peer->role_name : "none", migration)));
	report("blocker_cancelled", migration, peer, NULL);
}

static void
cancel_those(const SlipwayCancelRule *rule, const char *migration, bool autovacuum)
{
	ListCell   *cell;

	foreach(cell, slipway_lock_watch_blockers())
	{
		SlipwayBlocker *blocker = lfirst(cell);
		const SlipwayPeer *peer = &blocker->peer;
		const char *reason;

		if ((peer->type == B_AUTOVAC_WORKER) != autovacuum)
			continue;
		if (slipway_lock_watch_blocks(blocker))
			reason = reason_to_spare(rule, peer);
		else
			reason = "it is not in the way any more";
		if (reason)
			report("blocker_spared", migration, peer, reason);
		else
			cancel(migration, peer);
	}
}

void
slipway_cancel_blockers(const SlipwayCancelRule *rule, const char *migration)
{
	if (!rule->any)
		return;
	cancel_those(rule, migration, true);
	cancel_those(rule, migration, false);
}
