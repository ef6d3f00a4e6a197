/*
 * lock_wait.c
 *	  How long a script waits for locks, and what is told of it meanwhile.
 *
 * The server looks at a wait when it has lasted for deadlock_timeout. That must be
 * before lock_timeout ends it, and soon enough for people who watch; later than
 * the administrator wants it is never. A log_min_messages that hides what
 * log_lock_waits has to say is respected: then there is no look.
 */
#include "postgres.h"

#include "storage/proc.h"

#include "error_code.h"
#include "lock_wait.h"
#include "settings.h"

/* When people begin to ask what is going on. */
#define LOOK_MS 1000

static struct
{
	bool		logged;			/* log_lock_waits */
	int			deadlock_timeout;
	int			lock_timeout;	/* what scripts begin with */
}			outer;

static int	looks_at;			/* deadlock_timeout as set here */
static int	lock_timeout;		/* that the current statement began with */
static const char *warned_of;	/* the migration, by its address */

void
slipway_lock_wait_begin(void)
{
	warned_of = NULL;
}

static void
adapt(GucAction action)
{
	int			wanted = Min(outer.deadlock_timeout, LOOK_MS);

	if (LockTimeout > 0)
		wanted = Min(wanted, Max(LockTimeout / 2, 1));
	if (wanted != DeadlockTimeout)
		slipway_settings_put("deadlock_timeout", psprintf("%d", wanted), PGC_SUSET, action);
	looks_at = wanted;
}

void
slipway_lock_wait_enter(GucAction action)
{
	outer.logged = log_lock_waits;
	outer.deadlock_timeout = DeadlockTimeout;
	outer.lock_timeout = LockTimeout;
	if (!log_lock_waits && (log_min_messages <= ERROR || log_min_messages == LOG))
		slipway_settings_put("log_lock_waits", "on", PGC_SUSET, action);
	adapt(action);
}

void
slipway_lock_wait_before(void)
{
	/* Unless the script has its own. */
	if (DeadlockTimeout == looks_at)
		adapt(GUC_ACTION_LOCAL);
	lock_timeout = LockTimeout;
}

static char *
format_time(int ms)
{
	if (ms == 0)
		return "0";
	return ms % 1000 == 0 ? psprintf("%ds", ms / 1000) : psprintf("%dms", ms);
}

void
slipway_lock_wait_after(const SlipwayPlace *place)
{
	if (LockTimeout == lock_timeout || warned_of == place->migration)
		return;
	warned_of = place->migration;
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("migration \"%s\" sets lock_timeout to %s in line %d, in place of the run's %s",
					place->migration, format_time(LockTimeout), place->statement.start.line,
					format_time(outer.lock_timeout)),
			 errdetail("While a statement waits for a lock, whoever comes later waits behind it."),
			 errhint("Leave it out of the script; the run has an option lock_timeout.")));
}

bool
slipway_lock_wait_logged(void)
{
	return outer.logged;
}
