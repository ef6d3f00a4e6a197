/*
 * nested_text.c
 *	  The texts of statements that functions and DO run, as other extensions are shown them.
 *
 * pg_stat_statements keeps a text when it was analyzed, if it has constants that can be left out, else
 * when it was executed.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "parser/analyze.h"

#include "guard.h"
#include "nested_text.h"
#include "secret.h"

static post_parse_analyze_hook_type next_analyze = NULL;
static ExecutorStart_hook_type next_start = NULL;

static void
mask(const char **text)
{
	if (slipway_guard_active())
		*text = slipway_secret_hide(*text, SLIPWAY_MASK_BYTES);
}

static void
post_parse_analyze(ParseState *state, Query *query, JumbleState *jumble)
{
	mask(&state->p_sourcetext);
	if (next_analyze)
		next_analyze(state, query, jumble);
}

static void
executor_start(QueryDesc *query, int flags)
{
	mask(&query->sourceText);
	if (next_start)
		next_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
}

void
slipway_nested_text_init(void)
{
	next_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = post_parse_analyze;
	next_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
}
