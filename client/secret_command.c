/*
 * secret_command.c
 *	  What the commands that work with a store of secrets have in common.
 */
#include "secret_command.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confirm.h"
#include "die.h"
#include "memory.h"
#include "option_value.h"
#include "output.h"
#include "password.h"
#include "secret_counter.h"
#include "whole_file.h"

#define DAY_MS 86400000.0
#define MAX_DAYS 36500
#define MAX_TEXT 200

static const char *metrics_path = NULL;

static void
write_metrics(void)
{
	char	   *text = NULL;
	size_t		length = 0;
	FILE	   *stream = open_memstream(&text, &length);

	if (stream == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", metrics_path, strerror(errno));
	slipway_secret_counter_print(stream);
	if (fclose(stream) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", metrics_path, strerror(errno));
	slipway_whole_file_write(metrics_path, text, length);
	free(text);
}

static void
tell_counters(SlipwayExitCode code)
{
	char	   *text = slipway_secret_counter_describe();

	(void) code;
	slipway_output_detail("store of secrets: %s", text);
	free(text);
	if (slipway_output_is_json())
		slipway_output_json(slipway_secret_counter_json());
	if (metrics_path != NULL)
		write_metrics();
}

SlipwaySecretStore *
slipway_secret_command_begin(const SlipwayArguments *arguments)
{
	if (slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS) == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write --secrets barbican, or set SLIPWAY_SECRETS, or \"secrets\" in a section of slipway.conf.",
					"nothing says which store of secrets is meant");
	metrics_path = slipway_option_text(arguments, SLIPWAY_OPTION_METRICS);
	if (metrics_path != NULL)
		slipway_whole_file_check(metrics_path);
	slipway_die_set_farewell(tell_counters);
	return slipway_secret_store_find(arguments);
}

const char *
slipway_secret_command_name(const SlipwaySecretStore *store, const char *name)
{
	const char *prefix = slipway_secret_store_prefix(store);
	size_t		length = strlen(prefix);

	return length > 0 && strncmp(name, prefix, length) == 0 && name[length] != '\0' ? name + length : name;
}

static int
read_days(const char *text)
{
	double		time;

	if (text == NULL)
		return 0;
	if (!slipway_option_value_duration(text, &time) || time < DAY_MS || time > DAY_MS * MAX_DAYS)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is a number of days, as 90d.", "invalid value \"%s\" for option \"--rotation\"", text);
	return (int) (time / DAY_MS);
}

static const char *
check_text(const SlipwayArguments *arguments, SlipwayOptionId id)
{
	const char *text = slipway_option_text(arguments, id);

	json_t	   *utf8 = text != NULL ? json_string(text) : NULL;

	if (text != NULL && utf8 == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "the value of option \"--%s\" is not UTF-8", slipway_option_table[id].name);
	json_decref(utf8);
	if (text != NULL && strlen(text) > MAX_TEXT)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "the value of option \"--%s\" is longer than %d bytes", slipway_option_table[id].name,
					MAX_TEXT);
	return text;
}

SlipwaySecretPolicy
slipway_secret_command_policy(const SlipwayArguments *arguments)
{
	const char *environment = check_text(arguments, SLIPWAY_OPTION_ENVIRONMENT);

	return (SlipwaySecretPolicy) {
		.purpose = check_text(arguments, SLIPWAY_OPTION_PURPOSE),
		.environment = environment != NULL ? environment : check_text(arguments, SLIPWAY_OPTION_ENV),
		.rotation_days = read_days(slipway_option_text(arguments, SLIPWAY_OPTION_ROTATION)),
	};
}

void
slipway_secret_command_confirm(const SlipwayArguments *arguments, const char *what)
{
	char	   *question;
	bool		yes;

	if (slipway_option_flag(arguments, SLIPWAY_OPTION_YES))
		return;
	if (!slipway_confirm_is_possible())
		slipway_die(SLIPWAY_EXIT_USAGE, "Pass --yes if that is meant.", "this would %s, and there is nobody to ask", what);
	question = slipway_memory_format("This would %s. Go on?", what);
	yes = slipway_confirm_ask(question);
	free(question);
	if (!yes)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "nothing was changed");
}

static void
ask(const char *prompt, SlipwaySecretBuffer *value)
{
	char	   *first = slipway_password_ask(prompt);
	char	   *second = slipway_password_ask("The same again: ");
	bool		same = strcmp(first, second) == 0;

	slipway_secret_buffer_add(value, first);
	explicit_bzero(first, strlen(first));
	explicit_bzero(second, strlen(second));
	free(first);
	free(second);
	if (!same)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the two are not the same: nothing was stored");
}

/* Programs and editors end a text with a line feed, which no password has. */
static void
cut_line_feed(SlipwaySecretBuffer *value)
{
	json_t	   *text = value->length > 0 ? json_stringn(value->data, value->length) : NULL;

	if (text != NULL && memchr(value->data, '\0', value->length) == NULL && value->data[value->length - 1] == '\n')
	{
		value->length--;
		if (value->length > 0 && value->data[value->length - 1] == '\r')
			value->length--;
		value->data[value->length] = '\0';
	}
	json_decref(text);
}

void
slipway_secret_command_read(const char *path, const char *prompt, SlipwaySecretBuffer *value)
{
	bool		is_stdin = path == NULL || strcmp(path, "-") == 0;
	int			file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int			error;

	if (path == NULL && isatty(STDIN_FILENO) != 0)
	{
		ask(prompt, value);
		return;
	}
	error = file < 0 ? errno : slipway_secret_buffer_read(value, file, SLIPWAY_SECRET_MAX_LENGTH + 2);
	if (file >= 0 && !is_stdin)
		(void) close(file);
	if (error != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read %s%s%s: %s", is_stdin ? "standard input" : "\"",
					is_stdin ? "" : path, is_stdin ? "" : "\"", strerror(error));
	cut_line_feed(value);
	if (value->length > SLIPWAY_SECRET_MAX_LENGTH)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "a secret has at most %d bytes", SLIPWAY_SECRET_MAX_LENGTH);
}
