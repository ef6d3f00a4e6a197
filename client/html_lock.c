/*
 * html_lock.c
 *	  Modes of locks in a page.
 */
#include "html_lock.h"

#include "html.h"

static const struct
{
	const char *badge;
	const char *bar;
}			looks[] = {
	[SLIPWAY_LOCK_BLOCKS_NEITHER] = {"", "neither"},
	[SLIPWAY_LOCK_BLOCKS_WRITING] = {"warning", "writing"},
	[SLIPWAY_LOCK_BLOCKS_BOTH] = {"danger", "both"},
};

void
slipway_html_lock(SlipwayBuffer *page, const char *mode)
{
	SlipwayLockReach reach = slipway_rehearsal_reach(mode);

	slipway_html_add(page, "<span class=\"badge %s\" title=\"%s\">%s</span>", looks[reach].badge,
					 slipway_rehearsal_reach_name(reach), mode);
}

const char *
slipway_html_lock_bar(SlipwayLockReach reach)
{
	return looks[reach].bar;
}
