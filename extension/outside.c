/*
 * outside.c
 *	  Functions of others that run in the middle of our bookkeeping.
 *
 * The function manager tells of a function when it begins and ends, if asked for that
 * when it is looked up. That is done only where a scope of spi.h is open, for those that neither
 * came with the server nor stand in our schema, where no script can put any.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

#include "outside.h"
#include "spi.h"

/* What the hook remembers with a function: of its own, and of the next one. */
typedef struct Memory
{
	int			depth;			/* before it began */
	Datum		next;
} Memory;

static needs_fmgr_hook_type next_needs_fmgr = NULL;
static fmgr_hook_type next_fmgr = NULL;
static int	depth;				/* of them that run */

bool
slipway_outside_runs(void)
{
	return depth > 0;
}

void
slipway_outside_forget(void)
{
	depth = 0;
}

static bool
is_outside(Oid function)
{
	return slipway_spi_active() && function >= FirstNormalObjectId &&
		get_func_namespace(function) != get_namespace_oid("slipway", true);
}

static bool
needs_fmgr(Oid function)
{
	return is_outside(function) || (next_needs_fmgr && next_needs_fmgr(function));
}

static Memory *
memory_of(FmgrInfo *function, Datum *private)
{
	if (*private == (Datum) 0)
		*private = PointerGetDatum(MemoryContextAllocZero(function->fn_mcxt, sizeof(Memory)));
	return (Memory *) DatumGetPointer(*private);
}

static void
call_function(FmgrHookEventType event, FmgrInfo *function, Datum *private)
{
	Memory	   *memory = memory_of(function, private);

	if (event == FHET_START)
	{
		memory->depth = depth;
		depth += is_outside(function->fn_oid);
	}
	else
		depth = memory->depth;
	if (next_fmgr)
		next_fmgr(event, function, &memory->next);
}

void
slipway_outside_init(void)
{
	next_needs_fmgr = needs_fmgr_hook;
	needs_fmgr_hook = needs_fmgr;
	next_fmgr = fmgr_hook;
	fmgr_hook = call_function;
}
