/*
 * batch_notice.h
 *	  Sends reports on batches to those who want them. What goes wrong with that is a warning.
 */
#ifndef SLIPWAY_BATCH_NOTICE_H
#define SLIPWAY_BATCH_NOTICE_H

#include <stdbool.h>

#include "batch_report.h"
#include "option.h"

/*
 * Looks, before anything is done, whether --email, --email-from, --smtp-url and --webhook make sense; else the program ends with
 * SLIPWAY_EXIT_USAGE. addresses: more than --email says, with commas between them, or NULL.
 */
void		slipway_batch_notice_check(const SlipwayArguments *arguments, const char *addresses);

/* Sends it by mail and to the webhook, as far as there are any. "event" is what the webhook is told: "batch_finished". */
void		slipway_batch_notice_send(const SlipwayArguments *arguments, const char *addresses, const char *event,
									  const SlipwayBatchReport *report);

#endif
