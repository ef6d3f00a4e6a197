/*
 * credential_plan.c
 *	  What would be done with the credential of a project.
 */
#include "credential_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credential_work.h"
#include "memory.h"
#include "output.h"
#include "server.h"

static void
print(const SlipwayCredentialWork *work, SlipwayCredentialStep step, bool is_statement, const char *text)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:s, s:o}", "event", is_statement ? "statement" : "action", "project",
									  slipway_output_json_text(work->project), "step", slipway_credential_step_name(step), "text",
									  slipway_output_json_text(text)));
	else
		(void) printf("%s%s%s\n", is_statement ? "" : "-- ", text, is_statement ? ";" : "");
}

static void
print_action(const SlipwayCredentialWork *work, SlipwayCredentialStep step, const char *format,...)
			__attribute__((format(printf, 3, 4)));

static void
print_action(const SlipwayCredentialWork *work, SlipwayCredentialStep step, const char *format,...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	print(work, step, false, text);
	free(text);
}

/* A call with the project as its last argument. */
static void
print_call(const SlipwayCredentialWork *work, SlipwayCredentialStep step, const char *function, const char *first)
{
	char	   *project = PQescapeLiteral(work->conn, work->project, strlen(work->project));
	char	   *text = slipway_memory_format("SELECT slipway.%s(%s%s%s)", function, first != NULL ? first : "", first != NULL ? ", " : "",
											 project != NULL ? project : "?");

	print(work, step, true, text);
	free(text);
	PQfreemem(project);
}

static void
plan_generate(const SlipwayCredentialWork *work)
{
	char	   *beginning = slipway_credential_work_reference(work);
	char	   *reference = slipway_memory_format("%s%s", beginning, work->set[0] != '\0' ? work->set : "...");
	char	   *literal = PQescapeLiteral(work->conn, reference, strlen(reference));

	if (!work->is_made)
		print_call(work, SLIPWAY_CREDENTIAL_GENERATE, "generate_credential", literal);
	print_action(work, SLIPWAY_CREDENTIAL_GENERATE, "%s: store %s%s = %s and %s = ***, not in force", slipway_secret_store_place(work->store),
				 slipway_secret_store_prefix(work->store), SLIPWAY_CREDENTIAL_USERNAME, work->role, SLIPWAY_CREDENTIAL_PASSWORD);
	PQfreemem(literal);
	free(reference);
	free(beginning);
}

static bool
plan_create(SlipwayCredentialWork *work)
{
	const char *const values[] = {work->project};
	PGresult   *result = slipway_credential_work_ask(work, "SELECT slipway.credential_statements($1)", 1, values);

	if (result == NULL)
		return false;
	print_action(work, SLIPWAY_CREDENTIAL_CREATE, "slipway.create_credential(***, ...) by the function call protocol, which does the same as");
	for (int row = 0; row < PQntuples(result); row++)
		print(work, SLIPWAY_CREDENTIAL_CREATE, true, PQgetvalue(result, row, 0));
	PQclear(result);
	return true;
}

static void
plan_update(const SlipwayCredentialWork *work)
{
	print_call(work, SLIPWAY_CREDENTIAL_UPDATE, "update_credential", NULL);
	print_action(work, SLIPWAY_CREDENTIAL_UPDATE, "%s: put them in force, with what was in force kept", slipway_secret_store_place(work->store));
}

static void
plan_validate(const SlipwayCredentialWork *work)
{
	const SlipwayOptionList *urls = work->terms->health_urls;

	print_action(work, SLIPWAY_CREDENTIAL_VALIDATE, "look at secret, role and rights; log in as %s; look for sessions of %s", work->role,
				 work->previous_role != NULL ? work->previous_role : "no previous role");
	for (size_t i = 0; urls != NULL && i < urls->count; i++)
	{
		char	   *url = slipway_credential_terms_url(urls->values[i], work->project);

		print_action(work, SLIPWAY_CREDENTIAL_VALIDATE, "GET %s", url);
		free(url);
	}
	print_call(work, SLIPWAY_CREDENTIAL_VALIDATE, "validate_credential", NULL);
}

static void
plan_undo(const SlipwayCredentialWork *work, bool clean_up)
{
	print_call(work, SLIPWAY_CREDENTIAL_ROLLBACK, "rollback_credential", NULL);
	if (work->is_made)
		print_action(work, SLIPWAY_CREDENTIAL_ROLLBACK, work->is_adopted ? "role %s gets back what it was before" : "role %s is dropped", work->role);
	if (clean_up && work->set[0] != '\0')
		print_call(work, SLIPWAY_CREDENTIAL_ROLLBACK, "clear_credential", NULL);
	if (work->set[0] != '\0')
		print_action(work, SLIPWAY_CREDENTIAL_ROLLBACK, clean_up ? "%s: what was in force before is so again; the secret is removed"
					 : "%s: what was in force before is so again; the secret stays, not in force", slipway_secret_store_place(work->store));
}

static bool
plan(SlipwayCredentialWork *work, SlipwayCredentialStep step)
{
	work->end->step = step;
	switch (step)
	{
		case SLIPWAY_CREDENTIAL_GENERATE:
			plan_generate(work);
			return true;
		case SLIPWAY_CREDENTIAL_CREATE:
			return plan_create(work);
		case SLIPWAY_CREDENTIAL_UPDATE:
			plan_update(work);
			return true;
		case SLIPWAY_CREDENTIAL_VALIDATE:
			plan_validate(work);
			return true;
		case SLIPWAY_CREDENTIAL_ROLLBACK:
		case SLIPWAY_CREDENTIAL_STEPS:
			break;
	}
	return true;
}

void
slipway_credential_plan_move(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
	{
		int			step = work.is_updated && work.is_validated ? SLIPWAY_CREDENTIAL_VALIDATE : SLIPWAY_CREDENTIAL_GENERATE;

		while (step <= SLIPWAY_CREDENTIAL_VALIDATE && plan(&work, (SlipwayCredentialStep) step))
			step++;
	}
	slipway_credential_work_end(&work);
}

void
slipway_credential_plan_step(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialStep step,
							 SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
		(void) plan(&work, step);
	slipway_credential_work_end(&work);
}

void
slipway_credential_plan_undo(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, bool clean_up, SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
		plan_undo(&work, clean_up);
	slipway_credential_work_end(&work);
}
