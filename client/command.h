/*
 * command.h
 *	  The commands, as data: what runs them, help, and errors about them come
 *	  from one table.
 */
#ifndef SLIPWAY_COMMAND_H
#define SLIPWAY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_code.h"
#include "option.h"

#define SLIPWAY_COMMAND_MAX_ALIASES 4

/*
 * "secret get" is a command of the group "secret", which stands before its commands in the
 * table and has nothing but a name, a summary and a description. A group may be in another one, as
 * "credential batch" is, but no deeper.
 */
typedef struct SlipwayCommand
{
	const char *name;
	const char *aliases[SLIPWAY_COMMAND_MAX_ALIASES];	/* up to a NULL */
	const char *argument;		/* "NAME", "[COMMAND]"; NULL: takes none */
	const char *choices;		/* of the argument: "bash|zsh|fish"; or NULL */
	const char *summary;
	const char *description;	/* more of it, lines of at most 80 columns; or NULL */
	const char *examples;		/* lines; or NULL */
	bool		offline;		/* asks no server */
	bool		application;	/* connects as the application does: no connection options */
	bool		any_option;		/* takes those of all commands that may have a default */
	bool		many;			/* takes the argument any number of times */
	bool		rest;			/* takes any number of further arguments */
	bool		secret;			/* what is a superfluous argument may be a secret */
	bool		standalone;		/* takes no notice of --env: about no database or folder */
	const SlipwayOptionId *options; /* of its own, ended by SLIPWAY_OPTION_COUNT */
	SlipwayExitCode (*run) (const SlipwayArguments *arguments); /* NULL: a group */
} SlipwayCommand;

/* Ends in one without a name. */
extern const SlipwayCommand slipway_command_table[];

/* Options that every command takes: connection, then general. Each ends in SLIPWAY_OPTION_COUNT. */
extern const SlipwayOptionId slipway_command_connection_options[];
extern const SlipwayOptionId slipway_command_general_options[];

/*
 * The command, or group, that the first of some words name, and how many of them do; an unknown name ends the
 * program with SLIPWAY_EXIT_USAGE.
 */
const SlipwayCommand *slipway_command_find(const char *const *words, size_t count, size_t *used);

/* The group that a command is of, or NULL, and its name there, "get", or the whole one. */
const SlipwayCommand *slipway_command_group(const SlipwayCommand *command);
const char *slipway_command_last_name(const SlipwayCommand *command);

/* Is its argument the name of a command? That may be three words. */
bool		slipway_command_takes_command(const SlipwayCommand *command);

/* Is it one that is followed by the command line of another program? */
bool		slipway_command_takes_rest(const char *name);

/*
 * Finds the command of a command line, checks that its options and arguments
 * are the command's, sets how to talk, and runs it or prints its help.
 */
SlipwayExitCode slipway_command_run(SlipwayArguments *arguments);

/* The commands. words[0] is the command's whole name, the rest its arguments. */
SlipwayExitCode slipway_cmd_init(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_new(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_migrate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_rollback(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_redo(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_rehearse(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_plan(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_status(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_validate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_verify(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_baseline(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_repair(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_approve(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_pending_approval(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_diff(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_log(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_watch(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_cancel(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_check(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_metrics(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_wait(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_exec(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_put(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_generate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_get(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_list(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_delete(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_put_certificate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_test(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_import(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_rollback(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_secret_rotate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_list(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_estimate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_check(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_register(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_migrate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_generate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_create(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_update(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_validate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_rollback(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_usage(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_orphans(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_cleanup(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_repair(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_create(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_list(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_validate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_estimate(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_run(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_watch(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_resume(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_stop(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_batch_report(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_schedule_set(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_schedule_list(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_schedule_show(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_schedule_delete(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_schedule_run(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_credential_schedule_print(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_config(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_completion(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_help(const SlipwayArguments *arguments);
SlipwayExitCode slipway_cmd_version(const SlipwayArguments *arguments);

#endif
