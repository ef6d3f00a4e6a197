/*
 * secret_import.c
 *	  Moves settings of a connection out of a file, a .env, into a store of secrets.
 */
#include "secret_import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "import_journal.h"
#include "interrupt.h"
#include "login_test.h"
#include "memory.h"
#include "output.h"
#include "whole_file.h"

#define COMMENT "The settings of the database are in a store of secrets: see \"slipway help secret\"."
#define CACHE_TTL "SECRETS_CACHE_TTL"
#define DEFAULT_CACHE_TTL "300"

/* Those of the store, its kind, its prefix and the cache. */
#define MAX_SETTINGS (SLIPWAY_SECRET_MAX_VARIABLES + 3)

typedef struct Import
{
	const SlipwayArguments *arguments;
	SlipwaySecretStore *store;
	const SlipwayEnvFile *file;
	const SlipwayEnvMove *move;
	SlipwayImportJournal journal;
	SlipwaySecretVariable variables[SLIPWAY_SECRET_MAX_VARIABLES];
	size_t		variable_count;
} Import;

static void
remove_draft(const char *path)
{
	char	   *draft = slipway_env_file_draft(path);

	(void) unlink(draft);
	free(draft);
}

/* Of an import that has not replaced the file. The journal stays if the store has to be asked again. */
static void
take_back(SlipwaySecretStore *store, const char *path, const SlipwayImportJournal *journal)
{
	SlipwaySecretFault *fault = slipway_secret_store_withdraw(store, journal->set);

	remove_draft(path);
	(void) unlink(journal->backup);
	if (fault == NULL)
		slipway_import_journal_remove(path);
	else
		slipway_output_warn("Call \"slipway secret import\" again for the same file, or \"slipway secret rollback\": that removes it.",
							"what was stored could not be removed: %s", fault->text);
	slipway_secret_fault_free(fault);
}

static void
undo(void *context)
{
	const Import *import = context;

	take_back(import->store, import->file->path, &import->journal);
}

static void
check_interrupt(const Import *import)
{
	if (slipway_interrupt_arrived())
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "interrupted; \"%s\" is as it was", import->file->name);
}

static size_t
list_items(const Import *import, SlipwaySecretItem items[SLIPWAY_ENV_SETTINGS])
{
	size_t		count = 0;

	for (int i = 0; i < SLIPWAY_ENV_SETTINGS; i++)
		if (import->move->is_stored[i])
			items[count++] = (SlipwaySecretItem) {
				.name = slipway_env_setting_name((SlipwayEnvSetting) i),
				.bytes = import->move->found[i]->value,
				.length = import->move->found[i]->length,
				.policy = {.purpose = "database connection"},
			};
	return count;
}

/* Is what was read what was stored? */
static void
compare(const Import *import, const SlipwaySecretItem *items, SlipwaySecretLookup *lookups, size_t count, const char *what)
{
	for (size_t i = 0; i < count; i++)
	{
		SlipwaySecretLookup *lookup = &lookups[i];

		if (lookup->state == SLIPWAY_SECRET_FAILED)
		{
			SlipwaySecretFault *fault = lookup->fault;

			lookup->fault = NULL;
			slipway_secret_fault_check(fault);
		}
		if (lookup->state != SLIPWAY_SECRET_FOUND || lookup->value.length != items[i].length ||
			memcmp(lookup->value.data, items[i].bytes, items[i].length) != 0)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "%s %s secret \"%s%s\" otherwise than it was stored",
						slipway_secret_store_place(import->store), what, slipway_secret_store_prefix(import->store), items[i].name);
	}
	slipway_secret_lookup_release(lookups, count);
}

static void
store_all(const Import *import)
{
	SlipwaySecretItem items[SLIPWAY_ENV_SETTINGS];
	SlipwaySecretLookup lookups[SLIPWAY_ENV_SETTINGS] = {{.name = NULL}};
	size_t		count = list_items(import, items);

	slipway_secret_fault_check(slipway_secret_store_stage(import->store, import->journal.set, items, count));
	slipway_output_say("stored in %s: %zu settings", slipway_secret_store_place(import->store), count);
	check_interrupt(import);
	for (size_t i = 0; i < count; i++)
		lookups[i].name = items[i].name;
	slipway_secret_fault_check(slipway_secret_store_fetch_staged(import->store, import->journal.set, lookups, count));
	compare(import, items, lookups, count, "gives");
	slipway_output_say("read back: the same");
	check_interrupt(import);
}

/* What was staged, with what stays in the file as the application has it. */
static void
test_connections(const Import *import)
{
	const SlipwayDotenvEntry *mode = slipway_dotenv_find(import->file->dotenv, "DB_SSLMODE");
	const bool *has = import->move->is_stored;
	bool		application = has[SLIPWAY_ENV_APP_STRING] || has[SLIPWAY_ENV_URL] || has[SLIPWAY_ENV_USERNAME] ||
		has[SLIPWAY_ENV_USER] || has[SLIPWAY_ENV_PASSWORD];

	if (mode != NULL && mode->problem == NULL && mode->length > 0)
		(void) setenv("DB_SSLMODE", mode->value, 1);
	slipway_secret_store_look_into(import->store, import->journal.set, slipway_env_move_is_whole(import->move));
	if (application)
		slipway_login_test(import->arguments, true);
	check_interrupt(import);
	if (slipway_env_move_has_admin(import->move) || !application)
		slipway_login_test(import->arguments, false);
	slipway_secret_store_look_into(import->store, NULL, false);
	check_interrupt(import);
}

/* From then on others find it. */
static void
publish(const Import *import)
{
	SlipwaySecretItem items[SLIPWAY_ENV_SETTINGS];
	SlipwaySecretLookup lookups[SLIPWAY_ENV_SETTINGS] = {{.name = NULL}};
	size_t		count = list_items(import, items);

	slipway_secret_fault_check(slipway_secret_store_publish(import->store, import->journal.set,
															slipway_env_move_is_whole(import->move)));
	for (size_t i = 0; i < count; i++)
		lookups[i].name = items[i].name;
	slipway_secret_fault_check(slipway_secret_store_fetch(import->store, lookups, count));
	compare(import, items, lookups, count, "finds");
	check_interrupt(import);
}

/* A string that was stored by its name alone would count more than what the set says. */
static void
check_strangers(const Import *import)
{
	static const SlipwayEnvSetting strings[] = {SLIPWAY_ENV_APP_STRING, SLIPWAY_ENV_URL, SLIPWAY_ENV_ADMIN_STRING};
	SlipwaySecretLookup lookups[3] = {{.name = NULL}};

	if (!slipway_env_move_is_whole(import->move))
		return;
	for (int i = 0; i < 3; i++)
		lookups[i].name = slipway_env_setting_name(strings[i]);
	slipway_secret_fault_check(slipway_secret_store_fetch(import->store, lookups, 3));
	for (int i = 0; i < 3; i++)
		if (lookups[i].state == SLIPWAY_SECRET_FOUND && !import->move->is_stored[strings[i]])
			slipway_die(SLIPWAY_EXIT_ERROR, "If it is not needed any more: \"slipway secret delete\".",
						"%s has a secret \"%s%s\" that is not from \"%s\" and would count more",
						slipway_secret_store_place(import->store), slipway_secret_store_prefix(import->store), lookups[i].name,
						import->file->name);
	slipway_secret_lookup_release(lookups, 3);
}

/* In the example others have to fill in where their store is. */
static size_t
list_settings(const Import *import, bool example, SlipwayDotenvSetting settings[MAX_SETTINGS])
{
	const char *lifetime = getenv(CACHE_TTL);
	const char *prefix = slipway_secret_store_prefix(import->store);
	size_t		count = 0;

	settings[count++] = (SlipwayDotenvSetting) {"SLIPWAY_SECRETS", slipway_secret_store_place(import->store)};
	/* one that the file has is of another time */
	if (*prefix != '\0' || slipway_dotenv_find(import->file->dotenv, "SLIPWAY_SECRET_PREFIX") != NULL)
		settings[count++] = (SlipwayDotenvSetting) {"SLIPWAY_SECRET_PREFIX", prefix};
	for (size_t i = 0; i < import->variable_count; i++)
		settings[count++] = (SlipwayDotenvSetting) {import->variables[i].name, example ? "" : import->variables[i].value};
	if (slipway_dotenv_find(import->file->dotenv, CACHE_TTL) == NULL)
		settings[count++] = (SlipwayDotenvSetting) {
			CACHE_TTL, lifetime != NULL && *lifetime != '\0' ? lifetime : DEFAULT_CACHE_TTL
		};
	return count;
}

static void
rewrite(const Import *import, const SlipwayEnvFile *file, const SlipwayEnvMove *move, bool example)
{
	SlipwayDotenvSetting settings[MAX_SETTINGS];
	size_t		count = list_settings(import, example, settings);
	SlipwaySecretBuffer text = {0};

	slipway_dotenv_rewrite(file->dotenv, slipway_env_move_leaves, (void *) move, COMMENT, settings, count, &text);
	slipway_env_file_replace(file, text.data, text.length);
	slipway_secret_buffer_release(&text);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

char *
slipway_secret_import_example(const char *path)
{
	char	   *name = slipway_memory_format("%s.example", path);

	if (access(name, F_OK) != 0 && strncmp(base_name(path), ".env", 4) == 0)
	{
		free(name);
		name = slipway_memory_format("%.*s.env.example", (int) (base_name(path) - path), path);
	}
	if (access(name, F_OK) == 0 && strcmp(name, path) != 0)
		return name;
	free(name);
	return NULL;
}

/* Does the file have anything that goes? */
static bool
is_to_be_rewritten(const SlipwayEnvFile *file, const SlipwayEnvMove *move)
{
	for (size_t i = 0; i < slipway_dotenv_count(file->dotenv); i++)
		if (slipway_env_move_leaves((void *) move, slipway_dotenv_entry(file->dotenv, i)))
			return true;
	return false;
}

/* When the file is the new one it is too late to find that the example cannot be changed. */
static void
check_example(const Import *import)
{
	char	   *name = slipway_secret_import_example(import->file->path);
	SlipwayEnvFile example;

	if (name == NULL)
		return;
	(void) slipway_env_file_read(name, false, &example);
	if (is_to_be_rewritten(&example, import->move))
		slipway_env_file_check(&example);
	slipway_env_file_release(&example);
	free(name);
}

/* The example has no secrets, but says what others are to set. Its backup has the time of the other one. */
static void
rewrite_example(const Import *import)
{
	char	   *name = slipway_secret_import_example(import->file->path);
	const char *stamp = strrchr(import->journal.backup, '.');
	SlipwayEnvFile example;
	SlipwayEnvMove move;

	if (name == NULL)
		return;
	(void) slipway_env_file_read(name, false, &example);
	/* what stands there need not make sense */
	move = (SlipwayEnvMove) {.file = &example,.prefix = slipway_secret_store_prefix(import->store)};
	if (is_to_be_rewritten(&example, &move))
	{
		char	   *backup = slipway_memory_format("%s%s", example.path, stamp);

		(void) unlink(backup);
		slipway_env_file_copy(&example, backup);
		rewrite(import, &example, &move, true);
		slipway_output_say("%s: rewritten", name);
		free(backup);
	}
	slipway_env_file_release(&example);
	free(name);
}

/* What is left to do when the file is the new one: nothing of it is needed to go on with that. */
static void
finish(const Import *import)
{
	SlipwaySecretFault *fault;

	rewrite_example(import);
	fault = slipway_secret_store_retire(import->store, import->journal.set);
	if (fault != NULL)
		slipway_output_warn("Call \"slipway secret import\" again for the same file: that removes it.",
							"what was stored before could not be removed: %s", fault->text);
	else
		slipway_import_journal_remove(import->file->path);
	slipway_secret_fault_free(fault);
}

/* Somebody may have edited it meanwhile: that is not to be lost. */
static void
check_unchanged(const Import *import)
{
	SlipwayEnvFile now;
	bool		same = slipway_env_file_load(import->file->name, true, &now) && now.text.length == import->file->text.length &&
		memcmp(now.text.data, import->file->text.data, now.text.length) == 0;

	slipway_env_file_release(&now);
	if (!same)
		slipway_die(SLIPWAY_EXIT_ERROR, "Try again.", "\"%s\" was changed by somebody else meanwhile", import->file->name);
}

static void
prepare(Import *import)
{
	bool		published;

	slipway_env_file_check(import->file);
	check_example(import);
	slipway_secret_fault_check(slipway_secret_store_describe(import->store, import->variables, &import->variable_count));
	slipway_secret_store_make_set(import->journal.set);
	/* who may not even look would not be able to undo anything */
	slipway_secret_fault_check(slipway_secret_store_is_published(import->store, import->journal.set, &published));
	import->journal.place = slipway_memory_copy(slipway_secret_store_place(import->store));
	import->journal.prefix = slipway_memory_copy(slipway_secret_store_prefix(import->store));
	import->journal.backup = slipway_env_file_backup_name(import->file->path);
	if (access(import->journal.backup, F_OK) == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Wait a second.", "there is a backup \"%s\" already", import->journal.backup);
}

static void
release(Import *import)
{
	for (size_t i = 0; i < import->variable_count; i++)
		free(import->variables[i].value);
	slipway_import_journal_release(&import->journal);
}

void
slipway_secret_import_run(const SlipwayArguments *arguments, const SlipwayEnvFile *file, const SlipwayEnvMove *move)
{
	Import		import = {
		.arguments = arguments,.store = slipway_secret_store_find(arguments),.file = file,.move = move
	};

	prepare(&import);
	(void) slipway_interrupt_watch();
	slipway_import_journal_write(file, &import.journal);
	slipway_die_push(undo, &import);
	store_all(&import);
	test_connections(&import);
	publish(&import);
	check_strangers(&import);
	slipway_env_file_copy(file, import.journal.backup);
	import.journal.is_rewriting = true;
	slipway_import_journal_write(file, &import.journal);
	check_interrupt(&import);
	check_unchanged(&import);
	rewrite(&import, file, move, false);
	slipway_die_pop();
	slipway_output_say("%s: rewritten; backup %s", file->name, import.journal.backup);
	finish(&import);
	slipway_interrupt_unwatch();
	release(&import);
}

/* Is the file still what the backup has? */
static bool
is_old(const SlipwayEnvFile *file, const SlipwayImportJournal *journal)
{
	SlipwayEnvFile backup;
	bool		same;

	if (!journal->is_rewriting)
		return true;
	if (!slipway_env_file_load(journal->backup, true, &backup))
		return false;
	same = backup.text.length == file->text.length && memcmp(backup.text.data, file->text.data, file->text.length) == 0;
	slipway_env_file_release(&backup);
	return same;
}

/* The journal tells which store it was. */
static SlipwaySecretStore *
find_store(const SlipwayArguments *arguments, const char *name, const SlipwayImportJournal *journal)
{
	SlipwaySecretStore *store = slipway_secret_store_find(arguments);

	if (store == NULL || strcmp(slipway_secret_store_place(store), journal->place) != 0 ||
		strcmp(slipway_secret_store_prefix(store), journal->prefix) != 0)
		slipway_die(SLIPWAY_EXIT_USAGE,
					slipway_memory_format("Write --secrets %s%s%s.", journal->place, *journal->prefix != '\0' ? " --secret-prefix " : "",
										  journal->prefix),
					"an import of \"%s\" was interrupted, which has to be undone in its store first", name);
	return store;
}

SlipwayRecovery
slipway_secret_import_recover(const SlipwayArguments *arguments, const char *name)
{
	Import		import = {.arguments = arguments};
	SlipwayEnvFile file;
	char	   *path = slipway_whole_file_resolve(name);
	bool		old;

	if (!slipway_import_journal_read(path, &import.journal))
	{
		free(path);
		return SLIPWAY_RECOVERY_NONE;
	}
	import.store = find_store(arguments, name, &import.journal);
	(void) slipway_env_file_read(name, false, &file);
	import.file = &file;
	old = is_old(&file, &import.journal);
	if (old)
	{
		slipway_secret_fault_check(slipway_secret_store_withdraw(import.store, import.journal.set));
		take_back(import.store, path, &import.journal);
		slipway_output_say("%s: an interrupted import was undone", name);
	}
	else
	{
		slipway_secret_fault_check(slipway_secret_store_describe(import.store, import.variables, &import.variable_count));
		finish(&import);
		slipway_output_say("%s: an interrupted import was brought to its end", name);
	}
	slipway_env_file_release(&file);
	release(&import);
	free(path);
	return old ? SLIPWAY_RECOVERY_UNDONE : SLIPWAY_RECOVERY_FINISHED;
}
