/*
 * secret_rotation.c
 *	  Changes the password of a role, in the database and in a store of secrets.
 */
#include "secret_rotation.h"

#include <jansson.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "die.h"
#include "interrupt.h"
#include "login_test.h"
#include "memory.h"
#include "output.h"
#include "stored_password.h"

typedef struct Rotation
{
	const SlipwayArguments *arguments;
	bool		application;
	SlipwaySecretStore *store;
	const char *marker;			/* the secret with the name of the set */
	char		set[SLIPWAY_SECRET_SET_SIZE];
	PGconn	   *lock;			/* whose transaction keeps others from doing the same */
	PGconn	   *conn;			/* the role's own */
	SlipwayStoredPassword stored;
	char	   *old_verifier;	/* secret blocks */
	char	   *new_verifier;
	bool		is_altered;		/* the role has the new one, or may have it */
	bool		is_unknown;		/* it may be published */
} Rotation;

/* A literal of SQL with the verifier needs no escaping: there is no quote in one. */
static char *
make_verifier(PGconn *conn, const char *password)
{
	char	   *verifier = PQencryptPasswordConn(conn, password, PQuser(conn), "scram-sha-256");
	char	   *copy;

	if (verifier == NULL)
		return NULL;
	copy = slipway_secret_copy(verifier);
	explicit_bzero(verifier, strlen(verifier));
	PQfreemem(verifier);
	return copy;
}

/* Returns why that did not work, which the caller frees, or NULL. */
static char *
alter_role(PGconn *conn, const char *verifier)
{
	SlipwayBuffer sql = {.is_secret = true};
	PGresult   *result;
	char	   *text;
	char	   *fault = NULL;

	slipway_buffer_format(&sql, "ALTER ROLE SESSION_USER PASSWORD '%s'", verifier);
	text = slipway_buffer_take(&sql);
	result = PQexec(conn, text);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
	{
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

		fault = slipway_memory_copy(message != NULL ? message : "the connection was lost");
	}
	PQclear(result);
	slipway_memory_wipe(text);
	return fault;
}

/* As far as the role may: a verifier is not the password, but need not lie in a log either. */
static void
silence_log(PGconn *conn)
{
	const char *condition = PQserverVersion(conn) >= 150000 ? "pg_catalog.has_parameter_privilege(n, 'SET')"
		: "pg_catalog.current_setting('is_superuser') = 'on'";
	char	   *sql = slipway_memory_format("SELECT pg_catalog.set_config(n, v, false) FROM (VALUES ('log_statement', 'none'), "
											"('log_min_duration_statement', '-1'), ('log_min_duration_sample', '-1'), "
											"('log_min_error_statement', 'panic')) AS s(n, v) "
											"WHERE %s AND pg_catalog.current_setting(n, true) IS NOT NULL", condition);

	PQclear(PQexec(conn, sql));
	free(sql);
}

static bool
is_true(PGconn *conn, const char *sql)
{
	PGresult   *result = PQexec(conn, sql);
	bool		yes = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;

	PQclear(result);
	return yes;
}

/* The verifier that the role has, if it may be read, else one of the password: for going back. */
static char *
find_old_verifier(PGconn *conn)
{
	char	   *verifier = NULL;
	PGresult   *result;

	if (!is_true(conn, "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')"))
		return make_verifier(conn, PQpass(conn));
	result = PQexec(conn, "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = session_user");
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
		verifier = slipway_secret_copy(PQgetvalue(result, 0, 0));
	PQclear(result);
	return verifier;
}

/* False if somebody else does the same now. In a transaction, so that a pooler does not part them. */
static bool
take_lock(PGconn *conn)
{
	PQclear(PQexec(conn, "BEGIN"));
	return is_true(conn, "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtext('slipway secret rotate'), "
				   "pg_catalog.hashtext(session_user))");
}

static _Noreturn void
die_locked(PGconn *conn)
{
	slipway_die(SLIPWAY_EXIT_LOCKED, "Wait until it has ended.", "the password of role \"%s\" is being changed by another slipway",
				PQuser(conn));
}

/* Ends the program with what has kept it from logging in. */
static PGconn *
log_in(const Rotation *rotation)
{
	SlipwayExitCode code;
	char	   *fault;
	PGconn	   *conn = slipway_login_open(rotation->arguments, rotation->application, &fault, &code);

	if (conn == NULL)
		slipway_die(code, NULL, "could not connect with what is stored: %s", fault);
	return conn;
}

/* The same, with what is staged. */
static PGconn *
log_in_staged(const Rotation *rotation, char **fault)
{
	SlipwayExitCode code;
	PGconn	   *conn;

	slipway_secret_store_look_into(rotation->store, rotation->set, false);
	conn = slipway_login_open(rotation->arguments, rotation->application, fault, &code);
	slipway_secret_store_look_into(rotation->store, NULL, false);
	return conn;
}

/* Warns of what does not matter to who uses the password. */
static void
note_rest(SlipwaySecretFault *fault, const char *what)
{
	if (fault != NULL)
		slipway_output_warn("Call \"slipway secret rotate\" again: that settles it.", "%s: %s", what, fault->text);
	slipway_secret_fault_free(fault);
}

static void
remove_marker(const Rotation *rotation)
{
	bool		existed;

	note_rest(slipway_secret_store_remove(rotation->store, rotation->marker, &existed), "what was noted in the store could not be removed");
}

static void
withdraw(const Rotation *rotation)
{
	SlipwaySecretFault *fault = slipway_secret_store_withdraw(rotation->store, rotation->set);

	if (fault == NULL)
		remove_marker(rotation);
	else
		note_rest(fault, "the new password could not be removed from the store");
}

static void
retire(const Rotation *rotation)
{
	SlipwaySecretFault *fault = slipway_secret_store_retire(rotation->store, rotation->set);

	if (fault == NULL)
		remove_marker(rotation);
	else
		note_rest(fault, "the old password could not be removed from the store");
}

/* The role gets its old password, on the connection that there is or, if that is lost, on one with the new password. */
static bool
restore_role(Rotation *rotation)
{
	char	   *fault = alter_role(rotation->conn, rotation->old_verifier);
	char	   *second = NULL;
	PGconn	   *conn;

	if (fault == NULL)
		return true;
	conn = log_in_staged(rotation, &second);
	/* without it the role has the old one still */
	if (conn == NULL)
	{
		SlipwayExitCode code;

		free(second);
		conn = slipway_login_open(rotation->arguments, rotation->application, &second, &code);
		PQfinish(conn);
		return conn != NULL;
	}
	free(fault);
	fault = alter_role(conn, rotation->old_verifier);
	PQfinish(conn);
	return fault == NULL;
}

static void
go_back(void *context)
{
	Rotation   *rotation = context;

	slipway_secret_store_look_into(rotation->store, NULL, false);
	if (rotation->is_unknown || (rotation->is_altered && !restore_role(rotation)))
		slipway_output_warn("Call \"slipway secret rotate\" again as soon as store and database can be reached: that settles it.",
							"the role may have the new password while the store has the old one in force");
	else
	{
		if (rotation->is_altered)
			slipway_output_say("the role has its old password again");
		withdraw(rotation);
	}
}

static void
check_interrupt(void)
{
	if (slipway_interrupt_arrived())
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "interrupted");
}

static void
stage(const Rotation *rotation)
{
	SlipwaySecretItem marker = {
		.name = rotation->marker,.bytes = rotation->set,.length = strlen(rotation->set),
		.policy = {.purpose = "a password is being changed"}
	};
	SlipwaySecretLookup lookups[SLIPWAY_STORED_PASSWORD_MAX] = {{.name = NULL}};
	const SlipwayStoredPassword *stored = &rotation->stored;

	slipway_secret_fault_check(slipway_secret_store_put(rotation->store, &marker));
	slipway_secret_fault_check(slipway_secret_store_stage(rotation->store, rotation->set, stored->items, stored->count));
	for (size_t i = 0; i < stored->count; i++)
		lookups[i].name = stored->items[i].name;
	slipway_secret_fault_check(slipway_secret_store_fetch_staged(rotation->store, rotation->set, lookups, stored->count));
	for (size_t i = 0; i < stored->count; i++)
		if (lookups[i].state != SLIPWAY_SECRET_FOUND || strcmp(lookups[i].value.data, stored->values[i]) != 0)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the store gives secret \"%s\" otherwise than it was stored", lookups[i].name);
	slipway_secret_lookup_release(lookups, stored->count);
	slipway_output_say("the new password is stored, and not in force yet");
}

static void
alter(Rotation *rotation)
{
	char	   *fault;

	silence_log(rotation->conn);
	rotation->old_verifier = find_old_verifier(rotation->conn);
	if (rotation->old_verifier == NULL || rotation->new_verifier == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "libpq could not make a verifier of a password");
	check_interrupt();
	rotation->is_altered = true;
	fault = alter_role(rotation->conn, rotation->new_verifier);
	if (fault != NULL)
	{
		/* an error is an answer; without one it may have been done */
		rotation->is_altered = PQstatus(rotation->conn) != CONNECTION_OK;
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not change the password of role \"%s\": %s", PQuser(rotation->conn), fault);
	}
	slipway_output_say("role \"%s\" has the new password", PQuser(rotation->conn));
}

static void
test_login(const Rotation *rotation)
{
	char	   *fault;
	PGconn	   *conn = log_in_staged(rotation, &fault);

	if (conn == NULL)
		slipway_die(SLIPWAY_EXIT_CONNECTION, "Through a pooler: does it know of new passwords?",
					"could not log in with the new password: %s", fault);
	if (PQconnectionUsedPassword(conn) == 0)
		slipway_output_warn("See pg_hba.conf.", "the server lets role \"%s\" in without asking for the password: nothing shows that the new one works",
							PQuser(conn));
	else
		slipway_output_say("logged in with it");
	PQfinish(conn);
}

/* A failure may be that of the answer only. */
static void
publish(Rotation *rotation)
{
	SlipwaySecretFault *fault = slipway_secret_store_publish(rotation->store, rotation->set, false);
	SlipwaySecretFault *second;
	bool		published;

	if (fault == NULL)
		return;
	second = slipway_secret_store_is_published(rotation->store, rotation->set, &published);
	rotation->is_unknown = second != NULL;
	slipway_secret_fault_free(second);
	if (second == NULL && published)
	{
		slipway_secret_fault_free(fault);
		return;
	}
	slipway_secret_fault_check(fault);
}

static Rotation
begin(const SlipwayArguments *arguments, bool application)
{
	return (Rotation) {
		.arguments = arguments,.application = application,.store = slipway_secret_store_find(arguments),
		.marker = application ? SLIPWAY_ROTATION_APPLICATION : SLIPWAY_ROTATION_ADMIN,
	};
}

static void
end(Rotation *rotation)
{
	PQfinish(rotation->conn);
	PQfinish(rotation->lock);
	slipway_stored_password_release(&rotation->stored);
	slipway_secret_free(rotation->old_verifier);
	slipway_secret_free(rotation->new_verifier);
}

/* Logs in, and finds what has to be changed in the store. */
static void
prepare(Rotation *rotation)
{
	char	   *password = slipway_stored_password_make();

	rotation->lock = log_in(rotation);
	if (!take_lock(rotation->lock))
		die_locked(rotation->lock);
	rotation->conn = log_in(rotation);
	if (PQpass(rotation->conn)[0] == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "role \"%s\" logs in without a password", PQuser(rotation->conn));
	{
		char	   *literal = PQescapeLiteral(rotation->conn, PQuser(rotation->conn), strlen(PQuser(rotation->conn)));
		char	   *sql = slipway_memory_format("SELECT session_user = %s", literal);

		if (!is_true(rotation->conn, sql))
			slipway_die(SLIPWAY_EXIT_ERROR, "A pooler may do that: connect to the server itself.",
						"whoever logs in as \"%s\" is somebody else on the server", PQuser(rotation->conn));
		free(sql);
		PQfreemem(literal);
	}
	slipway_secret_fault_check(slipway_stored_password_find(rotation->store, PQuser(rotation->conn), PQpass(rotation->conn), password,
															&rotation->stored));
	if (rotation->stored.count == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "\"slipway secret import\" or \"slipway secret put\" stores it.",
					"the password of role \"%s\" is not from the store", PQuser(rotation->conn));
	rotation->new_verifier = make_verifier(rotation->conn, password);
	slipway_secret_free(password);
}

static void
tell_plan(const Rotation *rotation)
{
	slipway_output_say("would change the password of role \"%s\", in the database and in", PQuser(rotation->conn));
	for (size_t i = 0; i < rotation->stored.count; i++)
		slipway_output_say("  %s%s", slipway_secret_store_prefix(rotation->store), rotation->stored.items[i].name);
}

static void
tell_result(const Rotation *rotation)
{
	json_t	   *names = json_array();

	for (size_t i = 0; i < rotation->stored.count; i++)
	{
		char	   *name = slipway_memory_format("%s%s", slipway_secret_store_prefix(rotation->store), rotation->stored.items[i].name);

		slipway_output_say("in force: %s", name);
		(void) json_array_append_new(names, slipway_output_json_text(name));
		free(name);
	}
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:O}", "event", "secret_rotated", "role",
									  slipway_output_json_text(PQuser(rotation->conn)), "secrets", names));
	json_decref(names);
}

void
slipway_secret_rotation_run(const SlipwayArguments *arguments, bool application, bool dry_run)
{
	Rotation	rotation = begin(arguments, application);

	prepare(&rotation);
	if (dry_run)
		tell_plan(&rotation);
	else
	{
		slipway_secret_store_make_set(rotation.set);
		(void) slipway_interrupt_watch();
		slipway_die_push(go_back, &rotation);
		stage(&rotation);
		alter(&rotation);
		test_login(&rotation);
		publish(&rotation);
		slipway_die_pop();
		retire(&rotation);
		slipway_interrupt_unwatch();
		tell_result(&rotation);
	}
	end(&rotation);
}

/* The name of the set of an interrupted one; false if there is none. */
static bool
read_marker(Rotation *rotation)
{
	SlipwaySecretLookup lookup = {.name = rotation->marker};
	SlipwaySecretFault *fault = slipway_secret_store_fetch(rotation->store, &lookup, 1);
	const char *text = NULL;

	if (fault == NULL)
		fault = slipway_secret_lookup_text(rotation->store, &lookup, &text);
	slipway_secret_fault_check(fault);
	if (text != NULL && strlen(text) != SLIPWAY_SECRET_SET_SIZE - 1)
		slipway_die(SLIPWAY_EXIT_ERROR, "It says what an interrupted change of a password was doing.",
					"secret \"%s%s\" is not what slipway has stored", slipway_secret_store_prefix(rotation->store), rotation->marker);
	if (text != NULL)
		memcpy(rotation->set, text, SLIPWAY_SECRET_SET_SIZE);
	slipway_secret_lookup_release(&lookup, 1);
	return rotation->set[0] != '\0';
}

/*
 * The password in force works: so the role has not got the other one. Where the server does not ask for it, that is made sure
 * of.
 */
static void
settle_old(Rotation *rotation)
{
	if (!take_lock(rotation->conn))
		die_locked(rotation->conn);
	if (PQconnectionUsedPassword(rotation->conn) == 0 && PQpass(rotation->conn)[0] != '\0')
	{
		char	   *verifier = make_verifier(rotation->conn, PQpass(rotation->conn));
		char	   *fault = verifier != NULL ? alter_role(rotation->conn, verifier) : NULL;

		free(fault);
		slipway_secret_free(verifier);
	}
	PQclear(PQexec(rotation->conn, "COMMIT"));
	withdraw(rotation);
	slipway_output_say("an interrupted change of the password was undone");
}

static void
settle_new(Rotation *rotation)
{
	if (!take_lock(rotation->conn))
		die_locked(rotation->conn);
	slipway_secret_fault_check(slipway_secret_store_publish(rotation->store, rotation->set, false));
	retire(rotation);
	slipway_output_say("an interrupted change of the password was brought to its end");
}

SlipwayRotationEnd
slipway_secret_rotation_settle(const SlipwayArguments *arguments, bool application)
{
	Rotation	rotation = begin(arguments, application);
	SlipwayRotationEnd result = SLIPWAY_ROTATION_FINISHED;
	SlipwayExitCode code;
	bool		published;
	char	   *fault = NULL;

	if (!read_marker(&rotation))
		return SLIPWAY_ROTATION_NONE;
	slipway_secret_fault_check(slipway_secret_store_is_published(rotation.store, rotation.set, &published));
	if (published)
	{
		retire(&rotation);
		slipway_output_say("an interrupted change of the password was brought to its end");
		return result;
	}
	rotation.conn = slipway_login_open(arguments, application, &fault, &code);
	if (rotation.conn != NULL)
	{
		settle_old(&rotation);
		result = SLIPWAY_ROTATION_UNDONE;
	}
	else
	{
		char	   *second = NULL;

		rotation.conn = log_in_staged(&rotation, &second);
		free(second);
		if (rotation.conn == NULL)
			slipway_die(code, "The change was interrupted; neither its old nor its new password works.",
						"could not connect with what is stored: %s", fault);
		settle_new(&rotation);
	}
	free(fault);
	end(&rotation);
	return result;
}
