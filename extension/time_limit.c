/*
 * time_limit.c
 *	  The longest times that scripts may ask for.
 *
 * What a function sets for itself by a SET clause, or by set_config(), is seen when the next
 * command begins; until then the timer of the statement goes on that has called it.
 */
#include "postgres.h"

#include "storage/proc.h"

#include "settings.h"
#include "time_limit.h"

static struct
{
	int			lock_ms;
	int			statement_ms;
}			limit;

void
slipway_time_limit_begin(int lock_ms, int statement_ms)
{
	limit.lock_ms = lock_ms;
	limit.statement_ms = statement_ms;
}

void
slipway_time_limit_end(void)
{
	limit.lock_ms = limit.statement_ms = 0;
}

static void
cap(const char *name, int value, int most)
{
	if (most > 0 && (value == 0 || value > most))
		slipway_settings_put(name, psprintf("%d", most), PGC_USERSET, GUC_ACTION_LOCAL);
}

void
slipway_time_limit_apply(void)
{
	cap("lock_timeout", LockTimeout, limit.lock_ms);
	cap("statement_timeout", StatementTimeout, limit.statement_ms);
}
