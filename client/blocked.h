/*
 * blocked.h
 *	  Who is in the way of a run that waits for a lock, for people. The engine
 *	  tells it as an array of objects: in events, and in slipway.progress.
 */
#ifndef SLIPWAY_BLOCKED_H
#define SLIPWAY_BLOCKED_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Are these others than those that it was called with last? said begins as NULL
 * and is for the caller to free. Nobody (an empty array, or none) is no news.
 */
bool		slipway_blocked_is_news(char **said, const json_t *blockers);

/* Says who is in the way and, below each, what it does; no line is wider than 80 columns. */
void		slipway_blocked_say(const json_t *blockers);

/* The first of them, and how many more, in one line; NULL: nobody. The caller frees it. */
char	   *slipway_blocked_line(const json_t *blockers);

/* What an event of the engine says is waited for: "AccessExclusiveLock on public.t". The caller frees it. */
char	   *slipway_blocked_target(const json_t *event);

#endif
