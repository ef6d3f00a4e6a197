/*
 * credential_secret.c
 *	  What a project's application logs in with, in the store of secrets.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "credential_orphan.h"
#include "credential_work.h"
#include "memory.h"
#include "stored_login.h"
#include "stored_password.h"

/* A lookup that found nothing has no text. */
static const char *
text_of(const SlipwaySecretLookup *lookup)
{
	return lookup->state == SLIPWAY_SECRET_FOUND ? lookup->value.data : NULL;
}

static bool
check_lookups(SlipwayCredentialWork *work, SlipwaySecretFault *fault, SlipwaySecretLookup *lookups, size_t count)
{
	for (size_t i = 0; i < count && fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_FAILED)
		{
			fault = lookups[i].fault;
			lookups[i].fault = NULL;
		}
	return slipway_credential_work_check(work, fault);
}

void
slipway_credential_secret_forget(SlipwayCredentialWork *work)
{
	if (work->login != NULL)
		slipway_stored_login_release(work->login);
	free(work->login);
	work->login = NULL;
	slipway_secret_free(work->password);
	work->password = NULL;
}

/* What is in force is asked for once, and again when that has been changed. */
static bool
read_login(SlipwayCredentialWork *work)
{
	SlipwayStoredLogin *login;

	if (work->login != NULL)
		return true;
	login = slipway_memory_new(sizeof(SlipwayStoredLogin));
	if (!slipway_credential_work_check(work, slipway_stored_login_read(work->store, login)))
	{
		free(login);
		return false;
	}
	work->login = login;
	return true;
}

bool
slipway_credential_secret_in_force(SlipwayCredentialWork *work, const char *role, char **password, char **why)
{
	*why = NULL;
	if (password != NULL)
		*password = NULL;
	if (!read_login(work))
		return false;
	*why = slipway_stored_login_compare(work->login, role);
	if (password != NULL && *why == NULL)
		*password = slipway_secret_copy(slipway_stored_login_password(work->login));
	return true;
}

/* The password that was staged; *password is NULL if there is none. */
static bool
fetch_staged(SlipwayCredentialWork *work, char **password)
{
	SlipwaySecretLookup lookup = {.name = SLIPWAY_CREDENTIAL_PASSWORD};
	SlipwaySecretFault *fault = slipway_secret_store_fetch_staged(work->store, work->set, &lookup, 1);
	bool		good = check_lookups(work, fault, &lookup, 1);

	*password = good && text_of(&lookup) != NULL ? slipway_secret_copy(text_of(&lookup)) : NULL;
	slipway_secret_lookup_release(&lookup, 1);
	return good;
}

bool
slipway_credential_secret_password(SlipwayCredentialWork *work, char **password)
{
	char	   *why;

	*password = NULL;
	/* it may have been rotated since */
	if (!slipway_credential_secret_in_force(work, work->role, password, &why))
		return false;
	free(why);
	if (*password == NULL && work->password != NULL)
		*password = slipway_secret_copy(work->password);
	else if (*password == NULL && work->set[0] != '\0')
		return fetch_staged(work, password);
	return true;
}

/* Is what was stored read back as it was meant? */
static bool
read_back(SlipwayCredentialWork *work, const SlipwaySecretItem *items, size_t count)
{
	SlipwaySecretLookup lookups[SLIPWAY_STORED_LOGIN_MAX + 1] = {{.name = NULL}};
	SlipwaySecretFault *fault;
	bool		good;

	for (size_t i = 0; i < count; i++)
		lookups[i].name = items[i].name;
	fault = slipway_secret_store_fetch_staged(work->store, work->set, lookups, count);
	good = check_lookups(work, fault, lookups, count);
	for (size_t i = 0; i < count && good; i++)
		if (text_of(&lookups[i]) == NULL || lookups[i].value.length != items[i].length ||
			memcmp(lookups[i].value.data, items[i].bytes, items[i].length) != 0)
			good = slipway_credential_work_fail(work, SLIPWAY_EXIT_ERROR, NULL,
												"the store gives secret \"%s\" otherwise than it was stored", items[i].name);
	slipway_secret_lookup_release(lookups, count);
	return good;
}

static char *
make_mark(SlipwayCredentialWork *work)
{
	PGresult   *result;
	char	   *mark = slipway_credential_orphan_mark(work->conn, work->project, &result);

	if (mark == NULL)
		(void) slipway_credential_work_fail_server(work, result);
	PQclear(result);
	return mark;
}

bool
slipway_credential_secret_is_marked(SlipwayCredentialWork *work, bool *marked)
{
	SlipwaySecretLookup lookup = {.name = SLIPWAY_CREDENTIAL_MARKER};
	char	   *mark = make_mark(work);
	bool		good = mark != NULL && check_lookups(work, slipway_secret_store_fetch(work->store, &lookup, 1), &lookup, 1);

	*marked = good && text_of(&lookup) != NULL && strcmp(text_of(&lookup), mark) == 0;
	slipway_secret_lookup_release(&lookup, 1);
	free(mark);
	return good;
}

static bool
stage(SlipwayCredentialWork *work, const char *password)
{
	SlipwayStoredLogin *login;
	SlipwaySecretItem items[SLIPWAY_STORED_LOGIN_MAX + 1];
	char	   *purpose = slipway_memory_format("credential of project %s", work->project);
	char	   *mark = make_mark(work);
	size_t		count = 0;
	bool		good = mark != NULL && read_login(work);

	login = work->login;
	if (good)
	{
		/* by this a set is known, and so it comes first */
		items[count++] = (SlipwaySecretItem) {
			.name = SLIPWAY_CREDENTIAL_MARKER,.bytes = mark,.length = strlen(mark)
		};
		slipway_stored_login_change(login, work->role, password);
		for (size_t i = 0; i < login->item_count; i++)
		{
			items[count++] = login->items[i];
			if (strcmp(login->items[i].name, SLIPWAY_CREDENTIAL_PASSWORD) == 0)
				items[count - 1].policy.purpose = purpose;
		}
		good = slipway_credential_work_check(work, slipway_secret_store_stage(work->store, work->set, items, count)) &&
			read_back(work, items, count);
	}
	if (good)
	{
		slipway_secret_free(work->password);
		work->password = slipway_secret_copy(password);
	}
	free(purpose);
	free(mark);
	return good;
}

/*
 * Is the set the one in force, for this role? Then nothing in it may be replaced: it would be in force no more. The same goes for one that
 * another has come after, as by "slipway secret rotate", which has taken over the rest of it.
 */
static bool
is_in_force(SlipwayCredentialWork *work, bool *in_force)
{
	char	   *why;

	*in_force = false;
	if (work->is_updated)
		return slipway_credential_secret_is_marked(work, in_force);
	if (!slipway_credential_secret_in_force(work, work->role, NULL, &why))
		return false;
	if (why != NULL)
	{
		free(why);
		return true;
	}
	return slipway_credential_work_check(work, slipway_secret_store_is_published(work->store, work->set, in_force));
}

bool
slipway_credential_secret_stage(SlipwayCredentialWork *work)
{
	char	   *password = NULL;
	bool		in_force;
	bool		good = is_in_force(work, &in_force);

	if (!good || in_force)
		return good;
	good = slipway_credential_secret_password(work, &password);
	if (good && password == NULL)
		password = slipway_stored_password_make();
	good = good && stage(work, password);
	slipway_secret_free(password);
	return good;
}

/* A failure may be that of the answer only. */
bool
slipway_credential_secret_publish(SlipwayCredentialWork *work)
{
	SlipwaySecretFault *fault = slipway_secret_store_publish(work->store, work->set, false);
	SlipwaySecretFault *second;
	bool		published;

	slipway_credential_secret_forget(work);
	if (fault == NULL)
		return true;
	second = slipway_secret_store_is_published(work->store, work->set, &published);
	if (second == NULL && published)
	{
		slipway_secret_fault_free(fault);
		return true;
	}
	slipway_secret_fault_free(second);
	return slipway_credential_work_check(work, fault);
}

bool
slipway_credential_secret_renew(SlipwayCredentialWork *work)
{
	char	   *password = NULL;
	bool		good = fetch_staged(work, &password) &&
		slipway_credential_work_check(work, slipway_secret_store_withdraw(work->store, work->set));

	slipway_credential_secret_forget(work);
	if (good && password == NULL)
		password = slipway_stored_password_make();
	good = good && stage(work, password) && slipway_credential_secret_publish(work);
	slipway_secret_free(password);
	return good;
}

/*
 * A later set may have taken over what was in this one, as one of "slipway secret rotate" does, and those before are retired then: so it
 * is looked at what is in force after all.
 */
static bool
remove_rest(SlipwayCredentialWork *work)
{
	/* by the mark it is known that all of it was in force: so it goes first */
	static const char *const names[] = {
		SLIPWAY_CREDENTIAL_MARKER, SLIPWAY_CREDENTIAL_PASSWORD, "DATABASE_URL", "DB_CONN_STRING", "DB_USER", SLIPWAY_CREDENTIAL_USERNAME
	};
	char	   *why;
	bool		existed;

	/* what was never in force nobody has taken over */
	if (!work->is_updated)
		return true;
	if (!slipway_credential_secret_in_force(work, work->role, NULL, &why))
		return false;
	if (why != NULL || work->is_adopted)
	{
		free(why);
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!slipway_credential_work_check(work, slipway_secret_store_remove(work->store, names[i], &existed)))
			return false;
	slipway_credential_work_say(work, "what the application used before is not in the store any more: %s%s, %s and connection strings were removed",
								slipway_secret_store_prefix(work->store), SLIPWAY_CREDENTIAL_USERNAME, SLIPWAY_CREDENTIAL_PASSWORD);
	return true;
}

bool
slipway_credential_secret_withdraw(SlipwayCredentialWork *work, bool clean_up)
{
	char	   *password = NULL;
	bool		good;

	if (work->set[0] == '\0')
		return true;
	if (!clean_up && !fetch_staged(work, &password))
		return false;
	good = slipway_credential_work_check(work, slipway_secret_store_withdraw(work->store, work->set));
	slipway_credential_secret_forget(work);
	good = good && remove_rest(work);
	slipway_credential_secret_forget(work);
	if (good && password != NULL)
		good = stage(work, password);
	slipway_secret_free(password);
	return good;
}
