/*
 * settings.h
 *	  Defaults of options (GUCs), and the settings that a script starts with.
 */
#ifndef SLIPWAY_SETTINGS_H
#define SLIPWAY_SETTINGS_H

#include "utils/guc_tables.h"

#include "project.h"

/* slipway.lock_wait, lock_timeout (ms, 0: no limit) and retries. */
extern int	slipway_lock_wait;
extern int	slipway_lock_timeout;
extern int	slipway_retries;

/* slipway.recut */
typedef enum SlipwayRecut
{
	SLIPWAY_RECUT_AUTO,
	SLIPWAY_RECUT_REFUSE
} SlipwayRecut;

extern int	slipway_recut;

/* slipway.mode, a SlipwayMode of options.h */
extern int	slipway_mode;

/* slipway.ignore: patterns of snapshot_scope.h with commas between them */
extern char *slipway_ignore;

/* slipway.out_of_order: what becomes of a pending migration below an applied one. */
typedef enum SlipwayOutOfOrder
{
	SLIPWAY_OUT_OF_ORDER_REFUSE,
	SLIPWAY_OUT_OF_ORDER_WARN,	/* it is applied, with a warning */
	SLIPWAY_OUT_OF_ORDER_ALLOW
} SlipwayOutOfOrder;

extern int	slipway_out_of_order;
extern const struct config_enum_entry slipway_out_of_order_names[];

/* slipway.cancel_blockers, as text. */
extern char *slipway_cancel_blockers_default;

/* slipway.notify: name of a channel, or empty. */
extern char *slipway_notify;

/* slipway.report_progress: send INFO messages about a run? */
extern bool slipway_report_progress;

/* slipway.snapshot: store one at the end of a run? */
extern bool slipway_snapshot_wanted;

/*
 * What scripts find in slipway.project, slipway.run and slipway.migration, which nobody can
 * set: while a script of a run is executed, for a migration or for none (NULL). Strings are
 * borrowed until slipway_settings_hide().
 */
extern void slipway_settings_show(const char *project, int64 run, const char *migration);
extern void slipway_settings_hide(void);

/* Called once from _PG_init. */
extern void slipway_settings_init(void);

/*
 * Opens a nesting level in which a script may set what it likes, with the
 * project's search_path and our time-outs (ms) set; slipway_settings_leave()
 * takes all of it back, SET ROLE included, but for the isolation level. An
 * abort takes back everything.
 */
extern int	slipway_settings_enter(const SlipwayProject *project, int lock_timeout,
								   int statement_timeout);
extern void slipway_settings_leave(int nest);

/* The same settings for the session itself. */
extern void slipway_settings_set(const SlipwayProject *project, int lock_timeout, int statement_timeout);

/* Sets one for the session (GUC_ACTION_SET), a nesting level or a transaction; NULL: as it began with. */
extern void slipway_settings_put(const char *name, const char *value, GucContext context, GucAction action);

/* As text that gives the same value again: GetConfigOption() rounds. May be NULL. */
extern const char *slipway_settings_value(const struct config_generic *variable);

#endif							/* SLIPWAY_SETTINGS_H */
