/*
 * batch_command.h
 *	  What the commands that work on a batch have in common.
 */
#ifndef SLIPWAY_BATCH_COMMAND_H
#define SLIPWAY_BATCH_COMMAND_H

#include "batch.h"
#include "exit_code.h"
#include "option.h"

/* How a batch is to be worked on. */
typedef struct SlipwayBatchTerms
{
	int			parallel;
	long		max_failures;	/* 0: no limit */
	double		max_duration;	/* ms; 0: no limit */
	const char *addresses;		/* whom to send the report to beside --email; or NULL */
} SlipwayBatchTerms;

/* What --parallel, --max-failures and --max-duration say; what makes no sense ends the program. */
SlipwayBatchTerms slipway_batch_command_terms(const SlipwayArguments *arguments);

/*
 * Works on the batch of that number until nothing is left, or something stops it, says how it has ended, and sends the
 * report to who wants it. conn is closed.
 */
SlipwayExitCode slipway_batch_command_work(const SlipwayArguments *arguments, PGconn *conn, const char *number,
										   const SlipwayBatchTerms *terms);

/* The code for what has become of a batch as a whole, or of a part of it. */
SlipwayExitCode slipway_batch_command_code(const SlipwayBatchCounts *counts);

/* What is left of a batch, perhaps with what has failed, for people: a line for each project. */
void		slipway_batch_command_print_plan(PGconn *conn, const SlipwayBatch *batch, bool with_failed);

#endif
