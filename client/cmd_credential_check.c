/*
 * cmd_credential_check.c
 *	  slipway credential check: what stands in the way of the roles that are to be made.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "credential_terms.h"
#include "memory.h"
#include "output.h"
#include "preflight.h"
#include "secret_fault.h"
#include "server.h"

#define PROBE "SLIPWAY_PROBE"

/* What the server looks at; of some a finding is nothing that keeps one from going on. */
static const struct
{
	const char *finding;
	const char *name;
	const char *good;
	bool		is_warning;
}			checks[] = {
	{"rights", "rights", "this role may make roles, and grant rights in the schemas of the projects", false},
	{"name", "names", "no role has a name that is to be given", false},
	{"schemas", "schemas", "each project has a schema of its own", false},
	{"owner", "owners", "the owner roles of the projects exist", false},
	{"previous role", "previous", "the roles that the projects have used so far exist", false},
	{"not registered", "registered", "each project is", true},
	{"limits", "connections", "the server has as many as the limits of the roles allow", true},
	{"password policy", "policy", "no module looks at passwords", true},
	{"authentication", "pg_hba", "pg_hba.conf lets the roles log in with a password", false},
};

#define CHECKS (sizeof(checks) / sizeof(checks[0]))

static size_t
note_findings(SlipwayPreflight *preflight, const PGresult *result, size_t check)
{
	size_t		count = 0;

	for (int row = 0; row < PQntuples(result); row++)
	{
		const char *project = slipway_server_text(result, row, 1);

		if (strcmp(PQgetvalue(result, row, 0), checks[check].finding) != 0)
			continue;
		count++;
		slipway_preflight_note(preflight, checks[check].name, checks[check].is_warning ? SLIPWAY_OUTCOME_WARNING : SLIPWAY_OUTCOME_FAILED, NULL,
							   "%s%s%s", project != NULL ? project : "", project != NULL ? ": " : "", PQgetvalue(result, row, 2));
	}
	return count;
}

/* What the caller may not see the server says nothing of. */
static bool
sees_authentication(PGconn *conn)
{
	PGresult   *result = slipway_server_query(
		conn, "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')"
		" AND pg_catalog.has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')", 0, NULL);
	bool		sees = strcmp(PQgetvalue(result, 0, 0), "t") == 0;

	PQclear(result);
	return sees;
}

static void
check_server(SlipwayPreflight *preflight)
{
	PGresult   *result = slipway_server_query(preflight->conn, "SELECT finding, project, detail FROM slipway.check_credentials()", 0, NULL);

	for (size_t i = 0; i < CHECKS; i++)
	{
		if (note_findings(preflight, result, i) > 0)
			continue;
		if (strcmp(checks[i].finding, "authentication") == 0 && !sees_authentication(preflight->conn))
			slipway_preflight_note(preflight, checks[i].name, SLIPWAY_OUTCOME_SKIPPED, "A superuser can.", "this role may not read pg_hba.conf's rules");
		else
			slipway_preflight_note(preflight, checks[i].name, SLIPWAY_OUTCOME_OK, NULL, "%s", checks[i].good);
	}
	PQclear(result);
}

/* Puts something in, and takes it away. */
static SlipwaySecretFault *
probe(SlipwaySecretStore *store)
{
	SlipwaySecretItem item = {.name = PROBE,.bytes = "probe",.length = strlen("probe")};
	char		set[SLIPWAY_SECRET_SET_SIZE];
	SlipwaySecretFault *fault;
	SlipwaySecretFault *second;

	slipway_secret_store_make_set(set);
	fault = slipway_secret_store_stage(store, set, &item, 1);
	second = slipway_secret_store_withdraw(store, set);
	if (fault == NULL)
		return second;
	slipway_secret_fault_free(second);
	return fault;
}

static void
check_store(SlipwayPreflight *preflight, const SlipwayCredentialTerms *terms)
{
	SlipwaySecretFault *fault;

	if (terms->store == NULL)
	{
		slipway_preflight_note(preflight, "store", SLIPWAY_OUTCOME_SKIPPED, "Write --secrets barbican or --secrets file:PATH.",
							   "none is given");
		return;
	}
	fault = probe(terms->store);
	if (fault == NULL)
		slipway_preflight_note(preflight, "store", SLIPWAY_OUTCOME_OK, NULL, "%s can be written to", slipway_secret_store_place(terms->store));
	else
		slipway_preflight_note(preflight, "store", SLIPWAY_OUTCOME_FAILED, fault->hint, "%s", fault->text);
	slipway_secret_fault_free(fault);
}

SlipwayExitCode
slipway_cmd_credential_check(const SlipwayArguments *arguments)
{
	SlipwayCredentialTerms terms;
	SlipwayPreflight preflight = {.arguments = arguments};
	const int  *counts = preflight.counts;

	slipway_credential_terms_read(arguments, false, &terms);
	preflight.conn = slipway_credential_connect(arguments);
	check_server(&preflight);
	check_store(&preflight, &terms);
	slipway_credential_terms_release(&terms);
	slipway_output_say("%d ok, %d %s, %d failed, %d skipped", counts[SLIPWAY_OUTCOME_OK], counts[SLIPWAY_OUTCOME_WARNING],
					   counts[SLIPWAY_OUTCOME_WARNING] == 1 ? "warning" : "warnings", counts[SLIPWAY_OUTCOME_FAILED],
					   counts[SLIPWAY_OUTCOME_SKIPPED]);
	return counts[SLIPWAY_OUTCOME_FAILED] > 0 ? SLIPWAY_EXIT_ERROR : SLIPWAY_EXIT_DONE;
}
