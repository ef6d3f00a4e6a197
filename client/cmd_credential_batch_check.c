/*
 * cmd_credential_batch_check.c
 *	  slipway credential batch validate and estimate
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "batch_command.h"
#include "command.h"
#include "connection.h"
#include "credential_move.h"
#include "memory.h"
#include "output.h"
#include "server.h"

/* What is being found. */
typedef struct Findings
{
	long		good;
	long		bad;
} Findings;

static void
tell(Findings *findings, const char *project, const char *what, const char *fault)
{
	if (fault == NULL)
		findings->good++;
	else
		findings->bad++;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:b, s:o, s:s, s:o}", "event", "validation", "ok", fault == NULL,
									  "project", slipway_output_json_text(project), "check", what,
									  "message", slipway_output_json_text(fault)));
	else if (fault != NULL)
		(void) printf("not ok  %s%s%s: %s\n", project != NULL ? project : "", project != NULL ? ": " : "", what, fault);
	else if (slipway_output_is_verbose())
		(void) printf("ok      %s%s%s\n", project != NULL ? project : "", project != NULL ? ": " : "", what);
}

static void
note_step(void *context, const SlipwaySecretStep *step)
{
	tell(context, NULL, step->name, step->fault != NULL ? step->fault->text : NULL);
}

/* What stands in the way of those that are to be done. */
static void
check_waiting(PGconn *conn, const SlipwayBatch *batch, Findings *findings)
{
	const char *const values[] = {batch->number};
	PGresult   *result;

	if (slipway_batch_left(&batch->counts) == 0)
		return;
	result = slipway_server_query(conn, "WITH item AS (SELECT i.project FROM slipway.batch_item i\n"
								  "               WHERE i.batch = $1 AND i.outcome IN ('waiting', 'running', 'interrupted'))\n"
								  "SELECT f.project, f.finding, f.detail FROM slipway.check_credentials() f\n"
								  " WHERE f.project IS NULL OR f.project IN (SELECT project FROM item)\n"
								  "UNION ALL\n"
								  "SELECT o.project, 'another batch', 'it is in batch ' || o.batch::pg_catalog.text || ', too' FROM slipway.batch_item o\n"
								  " WHERE o.batch <> $1 AND o.outcome IN ('waiting', 'running', 'interrupted') AND o.project IN (SELECT project FROM item)\n"
								  " ORDER BY 1 NULLS FIRST, 2, 3", 1, values);
	for (int row = 0; row < PQntuples(result); row++)
		tell(findings, slipway_server_text(result, row, 0), PQgetvalue(result, row, 1),
			 PQgetisnull(result, row, 2) ? "" : PQgetvalue(result, row, 2));
	if (PQntuples(result) == 0)
		tell(findings, NULL, "what is to be done", NULL);
	PQclear(result);
}

static void
check_ended(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, Findings *findings)
{
	SlipwayCredentialEnd end = {.message = NULL};
	char	   *fault = NULL;

	slipway_credential_step(conn, terms, project, SLIPWAY_CREDENTIAL_VALIDATE, &end);
	if (end.outcome != SLIPWAY_CREDENTIAL_DONE)
		fault = slipway_memory_format("%s%s%s", end.message != NULL ? end.message : slipway_credential_outcome_name(end.outcome),
									  end.detail != NULL ? "\n" : "", end.detail != NULL ? end.detail : "");
	tell(findings, project, "validate", fault);
	free(fault);
	slipway_credential_end_release(&end);
}

/* What has ended: those that are said to have succeeded are looked at anew. */
static void
check_all_ended(PGconn *conn, const SlipwayBatch *batch, const SlipwayCredentialTerms *terms, Findings *findings)
{
	const char *const values[] = {batch->number};
	PGresult   *result = slipway_server_query(conn, "SELECT i.project, i.outcome, i.message FROM slipway.batch_item i\n"
											  " WHERE i.batch = $1 AND i.outcome IN ('succeeded', 'failed', 'rolled_back') ORDER BY i.item", 1, values);

	for (int row = 0; row < PQntuples(result) && PQstatus(conn) == CONNECTION_OK; row++)
		if (strcmp(PQgetvalue(result, row, 1), "succeeded") == 0)
			check_ended(conn, terms, PQgetvalue(result, row, 0), findings);
		else
			tell(findings, PQgetvalue(result, row, 0), strcmp(PQgetvalue(result, row, 1), "failed") == 0 ? "failed" : "rolled back",
				 PQgetvalue(result, row, 2));
	PQclear(result);
}

SlipwayExitCode
slipway_cmd_credential_batch_validate(const SlipwayArguments *arguments)
{
	Findings	findings = {.good = 0};
	SlipwayCredentialTerms terms;
	SlipwayBatch batch;
	PGconn	   *conn;

	slipway_credential_terms_read(arguments, true, &terms);
	conn = slipway_credential_connect(arguments);
	slipway_batch_read(conn, arguments->words[1], &batch);
	slipway_secret_store_check(terms.store, note_step, &findings);
	check_waiting(conn, &batch, &findings);
	check_all_ended(conn, &batch, &terms, &findings);
	slipway_output_say("batch %s: %ld in order, %ld not", batch.number, findings.good, findings.bad);
	slipway_batch_release(&batch);
	slipway_credential_terms_release(&terms);
	return findings.bad > 0 ? SLIPWAY_EXIT_INVALID : SLIPWAY_EXIT_DONE;
}

/* What a batch will take. */
typedef struct Estimate
{
	long		left;
	long		roles;			/* of them, to be made */
	long		measured;
	double		each;			/* ms; negative: nothing was measured */
	long		connections_max;
	long		connections_used;
	long		connections_planned;
	long		risks[3];		/* low, medium, high */
} Estimate;

static const char *const risk_names[] = {"low", "medium", "high"};

static long
read_count(const PGresult *result, int row, int column)
{
	return (long) slipway_server_number(result, row, column, 0);
}

static void
read_risks(PGconn *conn, const SlipwayBatch *batch, Estimate *estimate)
{
	const char *const values[] = {batch->number};
	PGresult   *result = slipway_server_query(conn, "SELECT k.risk, pg_catalog.count(*) FROM slipway.batch_item i\n"
											  " CROSS JOIN LATERAL slipway.credential_risk(i.project) k\n"
											  " WHERE i.batch = $1 AND i.outcome IN ('waiting', 'running', 'interrupted') GROUP BY 1", 1, values);

	for (int row = 0; row < PQntuples(result); row++)
		for (int i = 0; i < 3; i++)
			if (strcmp(PQgetvalue(result, row, 0), risk_names[i]) == 0)
				estimate->risks[i] = read_count(result, row, 1);
	PQclear(result);
}

/* Whole items measure the client and the store too; where there are none, the steps alone have to do. */
static void
read_times(PGconn *conn, Estimate *estimate)
{
	PGresult   *result = slipway_server_query(conn, "SELECT coalesce(pg_catalog.max(measured) FILTER (WHERE step = 'all'), 0),\n"
											  "       coalesce(pg_catalog.max(seconds) FILTER (WHERE step = 'all'), pg_catalog.sum(seconds) FILTER (WHERE step <> 'all')) OPERATOR(pg_catalog.*) 1000,\n"
											  "       pg_catalog.max(connections_max), pg_catalog.max(connections_used), pg_catalog.max(connections_planned)\n"
											  "  FROM slipway.credential_estimate()", 0, NULL);

	estimate->measured = read_count(result, 0, 0);
	estimate->each = slipway_server_number(result, 0, 1, -1);
	estimate->connections_max = read_count(result, 0, 2);
	estimate->connections_used = read_count(result, 0, 3);
	estimate->connections_planned = read_count(result, 0, 4);
	PQclear(result);
}

static void
read_roles(PGconn *conn, const SlipwayBatch *batch, Estimate *estimate)
{
	const char *const values[] = {batch->number};
	PGresult   *result = slipway_server_query(conn, "SELECT pg_catalog.count(*) FROM slipway.batch_item i\n"
											  "  JOIN slipway.project_credential c ON c.project = i.project\n"
											  " WHERE i.batch = $1 AND i.outcome IN ('waiting', 'running', 'interrupted') AND c.made_at IS NULL", 1, values);

	estimate->left = slipway_batch_left(&batch->counts);
	estimate->roles = read_count(result, 0, 0);
	PQclear(result);
}

/* Each worker has a connection, and logs in for a moment with what it has made. */
static long
count_needed(int parallel)
{
	return 2L * parallel;
}

static void
print_estimate(const Estimate *estimate, int parallel, double total)
{
	char	   *each = estimate->each < 0 ? slipway_memory_copy("not known: nothing was measured yet") : slipway_output_duration(estimate->each);
	char	   *all = total < 0 ? slipway_memory_copy("not known") : slipway_output_duration(total);
	long		free_connections = estimate->connections_max - estimate->connections_used;

	(void) printf("projects left     %ld\nroles to make     %ld\nrisk              %ld low, %ld medium, %ld high\n"
				  "time of each      %s\ntime in all       %s, %d at a time\n"
				  "connections       %ld of %ld are free, %ld are needed%s\nlimits of roles   %ld connections in all\n",
				  estimate->left, estimate->roles, estimate->risks[0], estimate->risks[1], estimate->risks[2], each, all, parallel,
				  free_connections, estimate->connections_max, count_needed(parallel),
				  free_connections < count_needed(parallel) ? ": too few" : "", estimate->connections_planned);
	free(each);
	free(all);
}

SlipwayExitCode
slipway_cmd_credential_batch_estimate(const SlipwayArguments *arguments)
{
	int			parallel = slipway_batch_command_terms(arguments).parallel;
	PGconn	   *conn = slipway_credential_connect(arguments);
	Estimate	estimate = {.left = 0};
	SlipwayBatch batch;
	long		rounds;
	double		total;

	slipway_batch_read(conn, arguments->words[1], &batch);
	read_roles(conn, &batch, &estimate);
	read_risks(conn, &batch, &estimate);
	read_times(conn, &estimate);
	rounds = (estimate.left + parallel - 1) / parallel;
	total = estimate.each < 0 ? -1 : estimate.each * (double) rounds;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:I, s:i, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}}", "event", "estimate",
									  "batch", (json_int_t) atoll(batch.number), "left", (json_int_t) estimate.left,
									  "roles", (json_int_t) estimate.roles, "each_ms", estimate.each < 0 ? json_null() : json_real(estimate.each),
									  "total_ms", total < 0 ? json_null() : json_real(total), "measured", (json_int_t) estimate.measured,
									  "parallel", parallel, "connections_max", (json_int_t) estimate.connections_max,
									  "connections_used", (json_int_t) estimate.connections_used,
									  "connections_needed", (json_int_t) count_needed(parallel),
									  "connections_planned", (json_int_t) estimate.connections_planned,
									  "risk", "low", (json_int_t) estimate.risks[0], "medium", (json_int_t) estimate.risks[1],
									  "high", (json_int_t) estimate.risks[2]));
	else
		print_estimate(&estimate, parallel, total);
	slipway_batch_release(&batch);
	return SLIPWAY_EXIT_DONE;
}
