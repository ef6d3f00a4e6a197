/*
 * cmd_secret_put.c
 *	  slipway secret put, slipway secret generate
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "command.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "secret_command.h"

#define DEFAULT_BITS 256
#define MIN_BITS 128
#define MAX_BITS 4096

/* Of the alphabet of RFC 4648 for URLs: no shell, URL, file or connection string has to quote it. */
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define DIGIT_BITS 6

static void
report(const SlipwaySecretStore *store, const char *name, const char *event)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:s}", "event", event, "name", slipway_output_json_text(name),
									  "prefix", slipway_output_json_text(slipway_secret_store_prefix(store)),
									  "store", slipway_secret_store_place(store)));
	else
		slipway_output_say("%s%s: stored in %s", slipway_secret_store_prefix(store), name, slipway_secret_store_place(store));
}

SlipwayExitCode
slipway_cmd_secret_put(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_command_begin(arguments);
	const char *name = slipway_secret_command_name(store, arguments->words[1]);
	SlipwaySecretBuffer value = {0};
	SlipwaySecretItem item = {.name = name, .policy = slipway_secret_command_policy(arguments)};
	char	   *prompt = slipway_memory_format("Value of %s%s: ", slipway_secret_store_prefix(store), name);

	slipway_secret_command_read(slipway_option_text(arguments, SLIPWAY_OPTION_FILE), prompt, &value);
	item.bytes = value.data;
	item.length = value.length;
	slipway_secret_fault_check(slipway_secret_store_put(store, &item));
	slipway_secret_buffer_release(&value);
	free(prompt);
	report(store, name, "secret_stored");
	return SLIPWAY_EXIT_DONE;
}

/* So many bits at least, in as many characters as that takes. */
static void
make_random(int bits, SlipwaySecretBuffer *value)
{
	unsigned char bytes[(MAX_BITS + DIGIT_BITS - 1) / DIGIT_BITS];
	size_t		count = ((size_t) bits + DIGIT_BITS - 1) / DIGIT_BITS;

	for (size_t done = 0; done < count;)
	{
		ssize_t		got = getrandom(bytes + done, count - done, 0);

		if (got <= 0)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the system has no random numbers");
		done += (size_t) got;
	}
	for (size_t i = 0; i < count; i++)
		slipway_secret_buffer_add_bytes(value, &digits[bytes[i] & 63], 1);
	explicit_bzero(bytes, sizeof(bytes));
}

static bool
exists(SlipwaySecretStore *store, const char *name)
{
	SlipwaySecretLookup lookup = {.name = name};
	bool		found;

	slipway_secret_fault_check(slipway_secret_store_fetch(store, &lookup, 1));
	if (lookup.state == SLIPWAY_SECRET_FAILED)
		slipway_secret_fault_check(lookup.fault);
	found = lookup.state == SLIPWAY_SECRET_FOUND;
	slipway_secret_lookup_release(&lookup, 1);
	return found;
}

SlipwayExitCode
slipway_cmd_secret_generate(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_command_begin(arguments);
	const char *name = slipway_secret_command_name(store, arguments->words[1]);
	int			bits = slipway_option_integer(arguments, SLIPWAY_OPTION_BITS, DEFAULT_BITS);
	SlipwaySecretBuffer value = {0};
	SlipwaySecretItem item = {.name = name, .policy = slipway_secret_command_policy(arguments)};

	if (bits < MIN_BITS || bits > MAX_BITS)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is a number from 128 to 4096.", "invalid value \"%d\" for option \"--bits\"", bits);
	if (exists(store, name))
	{
		char	   *what = slipway_memory_format("replace secret \"%s%s\"", slipway_secret_store_prefix(store), name);

		slipway_secret_command_confirm(arguments, what);
		free(what);
	}
	make_random(bits, &value);
	item.bytes = value.data;
	item.length = value.length;
	slipway_secret_fault_check(slipway_secret_store_put(store, &item));
	slipway_secret_buffer_release(&value);
	report(store, name, "secret_generated");
	return SLIPWAY_EXIT_DONE;
}
