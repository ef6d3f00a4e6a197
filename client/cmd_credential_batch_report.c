/*
 * cmd_credential_batch_report.c
 *	  slipway credential batch report
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "batch_notice.h"
#include "batch_report.h"
#include "command.h"
#include "connection.h"
#include "credential_terms.h"
#include "die.h"
#include "output.h"

static void
read_report(const SlipwayArguments *arguments, PGconn *conn, SlipwayBatchReport *report)
{
	const char *period = slipway_option_text(arguments, SLIPWAY_OPTION_PERIOD);
	SlipwayBatch batch;

	if (period != NULL)
	{
		slipway_batch_report_read_period(conn, period, report);
		return;
	}
	slipway_batch_read(conn, arguments->words[1], &batch);
	slipway_batch_report_read(conn, &batch, report);
	slipway_batch_release(&batch);
}

static void
print(const SlipwayBatchReport *report, const char *format)
{
	SlipwayBuffer text = {0};

	if (slipway_output_is_json() || (format != NULL && strcmp(format, "json") == 0))
		slipway_output_json(slipway_batch_report_json(report, true));
	else if (format != NULL && strcmp(format, "csv") == 0)
		slipway_batch_report_csv(report, &text);
	else if (format != NULL && strcmp(format, "html") == 0)
		slipway_batch_report_html(report, &text);
	else
		slipway_batch_report_print(report, stdout);
	if (text.data != NULL)
		(void) fputs(text.data, stdout);
	free(text.data);
}

SlipwayExitCode
slipway_cmd_credential_batch_report(const SlipwayArguments *arguments)
{
	bool		has_period = slipway_option_text(arguments, SLIPWAY_OPTION_PERIOD) != NULL;
	SlipwayBatchReport report;
	PGconn	   *conn;

	if (has_period == (arguments->word_count > 1))
		slipway_die(SLIPWAY_EXIT_USAGE, "Write a batch, or --period daily.", "the report is to be on a batch, or on a period");
	slipway_batch_notice_check(arguments, NULL);
	conn = slipway_credential_connect(arguments);
	read_report(arguments, conn, &report);
	print(&report, slipway_option_text(arguments, SLIPWAY_OPTION_FORMAT));
	slipway_batch_notice_send(arguments, NULL, "batch_report", &report);
	slipway_batch_report_release(&report);
	return SLIPWAY_EXIT_DONE;
}
