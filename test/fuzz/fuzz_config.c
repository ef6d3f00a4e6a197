/*
 * fuzz_config.c
 *	  slipway.conf, with all that is asked of it. The first line of the input names the section.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz.h"

typedef struct Input
{
	const char *path;
	const char *section;
} Input;

static const char *
look_up(void *context, const char *name)
{
	(void) context;
	return strlen(name) % 3 == 0 ? NULL : "v'a@l:u/e?&=%\\ #";
}

static void
note_variable(void *context, const char *name)
{
	*(size_t *) context += strlen(name);
}

static void
look(void *argument)
{
	const Input *input = argument;
	SlipwayEnvironment *environment = slipway_config_read(input->path, input->section);
	size_t		variables = 0;

	if (environment == NULL)
		return;
	for (int key = 0; key < SLIPWAY_CONFIG_COUNT; key++)
	{
		slipway_config_each_variable(environment, (SlipwayConfigKey) key, note_variable, &variables);
		(void) slipway_config_exposes_password(environment, (SlipwayConfigKey) key);
		free(slipway_config_place(environment, (SlipwayConfigKey) key));
		free(slipway_config_value_with(environment, (SlipwayConfigKey) key, look_up, NULL));
	}
	for (size_t i = 0; i < slipway_config_default_count(environment); i++)
	{
		(void) slipway_config_default_option(environment, i);
		free(slipway_config_default_place(environment, i));
		free(slipway_config_default_value(environment, i));
	}
	slipway_config_free(environment);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t		length = end != NULL ? (size_t) (end - data) : 0;
	char	   *section = fuzz_text(data, length);
	Input		input = {
		.path = end != NULL ? fuzz_file(end + 1, size - length - 1) : fuzz_file(data, size),
		.section = length > 0 ? section : NULL,
	};

	(void) fuzz_try(look, &input);
	free(section);
	return 0;
}
