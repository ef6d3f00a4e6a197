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

#include "connection_error.h"
#include "die.h"
#include "interrupt.h"
#include "login_test.h"
#include "memory.h"
#include "output.h"
#include "role_password.h"
#include "server.h"
#include "stored_password.h"

typedef struct Rotation
{
	const SlipwayArguments *arguments;
	bool		application;
	SlipwaySecretStore *store;
	const char *marker;			/* the secret with the name of the set */
	char		set[SLIPWAY_SECRET_SET_SIZE];
	bool		may_leak;		/* its verifier into the server's log */
	PGconn	   *lock;			/* whose transaction keeps others from doing the same */
	PGconn	   *conn;			/* the role's own */
	SlipwayStoredPassword stored;
	char	   *old_verifier;	/* secret blocks */
	char	   *new_verifier;
	bool		is_altered;		/* the role has the new one, or may have it */
	bool		is_unknown;		/* it may be published */
} Rotation;

static bool
is_true(PGconn *conn, const char *sql)
{
	PGresult   *result = slipway_server_exec(conn, sql);
	bool		yes = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;

	PQclear(result);
	return yes;
}

/* What could not be asked is not so for another reason. */
static void
require_connection(PGconn *conn)
{
	if (PQstatus(conn) != CONNECTION_OK)
		slipway_connection_error_die(conn);
}

static _Noreturn void
die_locked(PGconn *conn)
{
	require_connection(conn);
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

/* Logs in with the password in force, or with the one that is staged. NULL: that does not work. */
static PGconn *
try_login(const Rotation *rotation, bool staged, char **fault, SlipwayExitCode *code)
{
	PGconn	   *conn;

	slipway_secret_store_look_into(rotation->store, staged ? rotation->set : NULL, false);
	conn = slipway_login_open(rotation->arguments, rotation->application, fault, code);
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

/*
 * Does a password work for good? A change whose answer was lost may be under way still, in a server that waits for a standby,
 * say; so when it is not any more, there has to be another login. The caller has the lock.
 */
static bool
is_for_good(const Rotation *rotation, PGconn *conn, bool staged)
{
	SlipwayExitCode code;
	char	   *fault = NULL;
	PGconn	   *second;

	if (slipway_role_password_is_changing(conn))
		return false;
	second = try_login(rotation, staged, &fault, &code);
	free(fault);
	PQfinish(second);
	return second != NULL;
}

static bool
has_old(const Rotation *rotation)
{
	SlipwayExitCode code;
	char	   *fault = NULL;
	PGconn	   *conn = try_login(rotation, false, &fault, &code);
	bool		good = conn != NULL && is_for_good(rotation, conn, false);

	free(fault);
	PQfinish(conn);
	return good;
}

/* The role gets its old password, on the connection that there is or, if that is lost, on one with the new password. */
static bool
restore_role(Rotation *rotation)
{
	char	   *fault = slipway_role_password_set(rotation->conn, rotation->old_verifier, rotation->may_leak);
	SlipwayExitCode code;
	PGconn	   *conn;

	if (fault == NULL)
		return true;
	free(fault);
	conn = try_login(rotation, true, &fault, &code);
	free(fault);
	/* without it the role has the old one still */
	if (conn == NULL)
		return has_old(rotation);
	fault = slipway_role_password_set(conn, rotation->old_verifier, rotation->may_leak);
	PQfinish(conn);
	free(fault);
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

	rotation->old_verifier = slipway_role_password_current(rotation->conn);
	require_connection(rotation->conn);
	if (rotation->old_verifier == NULL || rotation->new_verifier == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "libpq could not make a verifier of a password");
	check_interrupt();
	if (!is_true(rotation->lock, "SELECT true"))
		slipway_die(SLIPWAY_EXIT_CONNECTION, "Try again.", "the connection was lost that keeps others from changing the password");
	rotation->is_altered = true;
	fault = slipway_role_password_set(rotation->conn, rotation->new_verifier, rotation->may_leak);
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
	SlipwayExitCode code;
	char	   *fault;
	PGconn	   *conn = try_login(rotation, true, &fault, &code);

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
		.may_leak = slipway_option_flag(arguments, SLIPWAY_OPTION_ALLOW_LOG),
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

/* Is it that of the role, and does nobody else see what the server gets? */
static void
check_role(const Rotation *rotation)
{
	PGconn	   *conn = rotation->conn;
	char	   *literal = PQescapeLiteral(conn, PQuser(conn), strlen(PQuser(conn)));
	char	   *sql;
	char	   *leak;

	if (literal == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not quote the name of the role: %s", PQerrorMessage(conn));
	sql = slipway_memory_format("SELECT session_user = %s", literal);
	if (!is_true(conn, sql))
	{
		require_connection(conn);
		slipway_die(SLIPWAY_EXIT_ERROR, "A pooler may do that: connect to the server itself.",
					"whoever logs in as \"%s\" is somebody else on the server", PQuser(conn));
	}
	leak = rotation->may_leak ? NULL : slipway_role_password_leak(conn);
	require_connection(conn);
	if (leak != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Install the extension in this database, or let the role switch that off (see doc/secrets.md), or accept it: --allow-log.",
					"the server's log would show the verifier of the new password of role \"%s\": %s", PQuser(conn), leak);
	free(sql);
	PQfreemem(literal);
}

/* Logs in, and finds what has to be changed in the store. */
static void
prepare(Rotation *rotation)
{
	char	   *password = slipway_stored_password_make();

	rotation->lock = log_in(rotation);
	if (!slipway_role_password_lock(rotation->lock))
		die_locked(rotation->lock);
	rotation->conn = log_in(rotation);
	if (PQpass(rotation->conn)[0] == '\0')
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "role \"%s\" logs in without a password", PQuser(rotation->conn));
	check_role(rotation);
	slipway_secret_fault_check(slipway_stored_password_find(rotation->store, PQuser(rotation->conn), PQpass(rotation->conn), password,
															&rotation->stored));
	if (rotation->stored.count == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "\"slipway secret import\" or \"slipway secret put\" stores it.",
					"the password of role \"%s\" is not from the store", PQuser(rotation->conn));
	rotation->new_verifier = slipway_role_password_verifier(rotation->conn, password);
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
settle_old(const Rotation *rotation)
{
	PGconn	   *conn = rotation->conn;

	if (PQconnectionUsedPassword(conn) == 0 && PQpass(conn)[0] != '\0')
	{
		char	   *verifier = slipway_role_password_verifier(conn, PQpass(conn));
		char	   *fault = verifier != NULL ? slipway_role_password_set(conn, verifier, rotation->may_leak) : NULL;

		if (fault != NULL)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not give role \"%s\" its old password again: %s", PQuser(conn), fault);
		slipway_secret_free(verifier);
	}
	withdraw(rotation);
}

static void
settle_new(const Rotation *rotation)
{
	slipway_secret_fault_check(slipway_secret_store_publish(rotation->store, rotation->set, false));
	retire(rotation);
}

/* Logs in with the password that the role has, and keeps others from changing it; returns whether it is the one that is staged. */
static bool
find_password(Rotation *rotation)
{
	SlipwayExitCode code;
	SlipwayExitCode other;
	char	   *fault;
	char	   *second = NULL;
	bool		staged = false;

	rotation->lock = try_login(rotation, false, &fault, &code);
	if (rotation->lock == NULL)
	{
		staged = true;
		rotation->lock = try_login(rotation, true, &second, &other);
	}
	if (rotation->lock == NULL)
		slipway_die(code, "The change was interrupted; neither its old nor its new password works.",
					"could not connect with what is stored: %s", fault);
	free(fault);
	free(second);
	if (!slipway_role_password_lock(rotation->lock))
		die_locked(rotation->lock);
	rotation->conn = try_login(rotation, staged, &fault, &code);
	free(fault);
	if (rotation->conn == NULL)
		die_locked(rotation->lock);
	if (!is_for_good(rotation, rotation->conn, staged))
	{
		require_connection(rotation->conn);
		die_locked(rotation->lock);
	}
	return staged;
}

static void
tell_settled(bool finished)
{
	slipway_output_say("an interrupted change of the password was %s", finished ? "brought to its end" : "undone");
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s}", "event", "secret_rotation_settled", "outcome", finished ? "finished" : "undone"));
}

static bool
is_published(const Rotation *rotation)
{
	bool		published;

	slipway_secret_fault_check(slipway_secret_store_is_published(rotation->store, rotation->set, &published));
	return published;
}

/* True if the new password is the one that counts. */
static bool
settle(Rotation *rotation)
{
	bool		staged = !is_published(rotation) && find_password(rotation);

	/* whoever was at it may have ended before we had the lock: what is in force now must not be withdrawn */
	if (is_published(rotation))
	{
		retire(rotation);
		staged = true;
	}
	else if (staged)
		settle_new(rotation);
	else
		settle_old(rotation);
	tell_settled(staged);
	return staged;
}

SlipwayRotationEnd
slipway_secret_rotation_settle(const SlipwayArguments *arguments, bool application)
{
	Rotation	rotation = begin(arguments, application);
	SlipwayRotationEnd result = SLIPWAY_ROTATION_NONE;

	if (read_marker(&rotation))
		result = settle(&rotation) ? SLIPWAY_ROTATION_FINISHED : SLIPWAY_ROTATION_UNDONE;
	end(&rotation);
	return result;
}
