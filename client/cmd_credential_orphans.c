/*
 * cmd_credential_orphans.c
 *	  slipway credential orphans, slipway credential cleanup: what credentials have left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "credential_command.h"
#include "credential_orphan.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "rows.h"
#include "secret_command.h"
#include "server.h"

SlipwayExitCode
slipway_cmd_credential_orphans(const SlipwayArguments *arguments)
{
	SlipwayRowsFormat format = slipway_rows_format(arguments);
	SlipwayCredentialTerms terms;
	PGconn	   *conn;
	SlipwayCredentialOrphans orphans;

	slipway_credential_terms_read(arguments, false, &terms);
	conn = slipway_credential_connect(arguments);
	slipway_credential_orphans_find(conn, &terms, &orphans);
	slipway_rows_print(orphans.rows, format, "orphan");
	if (terms.store == NULL)
		slipway_output_say("no store of secrets is given: what nobody knows of there was not looked for");
	slipway_output_say("%d found", PQntuples(orphans.rows));
	slipway_credential_orphans_release(&orphans);
	slipway_credential_terms_release(&terms);
	return SLIPWAY_EXIT_DONE;
}

static void
say(void *context, const char *project, const char *text)
{
	(void) context;
	slipway_output_say("%s: %s", project, text);
}

static bool
drop_role(PGconn *conn, const SlipwayCredentialTerms *terms, const char *role)
{
	const char *const values[] = {role, terms->owned != NULL ? terms->owned : "refuse", terms->heir};
	PGresult   *result = slipway_server_answer(conn, PQexecParams(conn, "SELECT slipway.drop_orphan($1, $2, $3)", 3, NULL, values, NULL, NULL, 0));
	bool		good = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (good)
		slipway_output_say("role \"%s\" was dropped", role);
	else
	{
		const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

		slipway_output_warn(detail, "role \"%s\" was not dropped: %s", role,
							PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : "the connection was lost");
	}
	PQclear(result);
	return good;
}

/* The secret of a project that was rolled back. */
static bool
remove_reference(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project)
{
	SlipwayCredentialEnd end;
	bool		good;

	slipway_credential_undo(conn, terms, project, true, &end);
	good = end.outcome == SLIPWAY_CREDENTIAL_DONE;
	if (!good)
		slipway_credential_end_tell(&end, project);
	slipway_credential_end_release(&end);
	return good;
}

static bool
remove_all(PGconn *conn, const SlipwayCredentialTerms *terms, const SlipwayCredentialOrphans *orphans)
{
	bool		good = true;

	for (int row = 0; row < PQntuples(orphans->rows); row++)
	{
		const char *kind = PQgetvalue(orphans->rows, row, 0);

		if (strcmp(kind, "role") == 0)
			good = drop_role(conn, terms, PQgetvalue(orphans->rows, row, 1)) && good;
		else if (strcmp(kind, "secret") == 0 && terms->store != NULL)
			good = remove_reference(conn, terms, PQgetvalue(orphans->rows, row, 2)) && good;
		else if (strcmp(kind, "lost") == 0)
			slipway_output_say("%s: its role is gone: \"slipway credential repair\" makes it again", PQgetvalue(orphans->rows, row, 2));
	}
	for (size_t i = 0; i < orphans->sets.count; i++)
	{
		SlipwaySecretFault *fault = slipway_credential_orphan_remove(terms, &orphans->sets.sets[i]);

		if (fault == NULL)
			slipway_output_say("secrets %s...@%s were removed", orphans->sets.sets[i].prefix, orphans->sets.sets[i].name);
		else
			slipway_output_warn(fault->hint, "secrets %s...@%s were not removed: %s", orphans->sets.sets[i].prefix, orphans->sets.sets[i].name,
								fault->text);
		good = good && fault == NULL;
		slipway_secret_fault_free(fault);
	}
	return good;
}

static SlipwayExitCode
clean_up(const SlipwayArguments *arguments)
{
	SlipwayCredentialTerms terms;
	SlipwayCredentialOrphans orphans;
	PGconn	   *conn;
	bool		good = true;

	slipway_credential_terms_read(arguments, false, &terms);
	terms.say = say;
	conn = slipway_credential_connect(arguments);
	slipway_credential_orphans_find(conn, &terms, &orphans);
	slipway_rows_print(orphans.rows, slipway_rows_format(arguments), "orphan");
	if (PQntuples(orphans.rows) == 0)
		slipway_output_say("nothing is left behind");
	else if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		slipway_output_say("would remove these");
	else
	{
		slipway_secret_command_confirm(arguments, "drop these roles and remove these secrets");
		good = remove_all(conn, &terms, &orphans);
	}
	slipway_credential_orphans_release(&orphans);
	slipway_credential_terms_release(&terms);
	return good ? SLIPWAY_EXIT_DONE : SLIPWAY_EXIT_ERROR;
}

SlipwayExitCode
slipway_cmd_credential_cleanup(const SlipwayArguments *arguments)
{
	if (arguments->word_count == 1 && slipway_option_text(arguments, SLIPWAY_OPTION_PROJECT) == NULL)
		return clean_up(arguments);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		slipway_die(SLIPWAY_EXIT_USAGE, "Only what is left behind can be shown.", "with projects there is no --dry-run");
	slipway_secret_command_confirm(arguments, "remove what the applications have logged in with before, so that no rollback brings it back");
	return slipway_credential_command_each(arguments, slipway_credential_retire);
}
