/*
 * detached_notice.h
 *	  What the scripts of a detached deploy say: notices, warnings.
 */
#ifndef SLIPWAY_DETACHED_NOTICE_H
#define SLIPWAY_DETACHED_NOTICE_H

/*
 * From now on what this process, a worker, would tell a client is remembered,
 * up to a limit.
 */
extern void slipway_detached_notice_listen(void);

/*
 * Inside a scope: writes what was remembered into slipway.detached_notice. It came before the last
 * entry of the history, which this transaction has just added, or will come before
 * the next one. If the transaction aborts, it is still to be written. In other
 * processes there is nothing to do.
 */
extern void slipway_detached_notice_save(const char *project, bool entry_added);

#endif							/* SLIPWAY_DETACHED_NOTICE_H */
