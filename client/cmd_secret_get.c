/*
 * cmd_secret_get.c
 *	  slipway secret get, slipway secret delete
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "secret_command.h"

static _Noreturn void
die_missing(const SlipwaySecretStore *store, const char *name)
{
	slipway_die(SLIPWAY_EXIT_ERROR, "\"slipway secret list\" shows what there is.", "%s has no secret \"%s%s\"",
				slipway_secret_store_place(store), slipway_secret_store_prefix(store), name);
}

/* What is no text is in base64. */
static void
print_json(const SlipwaySecretStore *store, const char *name, const SlipwaySecretBuffer *value)
{
	json_t	   *object = json_pack("{s:o, s:o}", "name", slipway_output_json_text(name),
								   "prefix", slipway_output_json_text(slipway_secret_store_prefix(store)));
	json_t	   *text = json_stringn(value->data, value->length);

	if (text != NULL)
		(void) json_object_set_new(object, "value", text);
	else
	{
		char	   *encoded = slipway_secret_new(value->length / 3 * 4 + 5);

		(void) EVP_EncodeBlock((unsigned char *) encoded, (const unsigned char *) value->data, (int) value->length);
		(void) json_object_set_new(object, "value_base64", json_string(encoded));
		slipway_secret_free(encoded);
	}
	slipway_output_json(object);
}

SlipwayExitCode
slipway_cmd_secret_get(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_command_begin(arguments);
	SlipwaySecretLookup lookup = {.name = slipway_secret_command_name(store, arguments->words[1])};

	slipway_secret_fault_check(slipway_secret_store_fetch(store, &lookup, 1));
	if (lookup.state == SLIPWAY_SECRET_FAILED)
		slipway_secret_fault_check(lookup.fault);
	if (lookup.state != SLIPWAY_SECRET_FOUND)
		die_missing(store, lookup.name);
	if (lookup.value.length == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Store it again: \"slipway secret put\".", "secret \"%s%s\" in %s is empty",
					slipway_secret_store_prefix(store), lookup.name, slipway_secret_store_place(store));
	if (slipway_output_is_json())
		print_json(store, lookup.name, &lookup.value);
	else
	{
		/* stdio would keep a copy */
		(void) setvbuf(stdout, NULL, _IONBF, 0);
		(void) fwrite(lookup.value.data, 1, lookup.value.length, stdout);
		if (isatty(STDOUT_FILENO) != 0)
			(void) putchar('\n');
	}
	slipway_secret_lookup_release(&lookup, 1);
	return SLIPWAY_EXIT_DONE;
}

SlipwayExitCode
slipway_cmd_secret_delete(const SlipwayArguments *arguments)
{
	SlipwaySecretStore *store = slipway_secret_command_begin(arguments);
	const char *name = slipway_secret_command_name(store, arguments->words[1]);
	char	   *what = slipway_memory_format("delete secret \"%s%s\" from %s", slipway_secret_store_prefix(store), name,
											 slipway_secret_store_place(store));
	bool		existed;

	slipway_secret_command_confirm(arguments, what);
	free(what);
	slipway_secret_fault_check(slipway_secret_store_remove(store, name, &existed));
	if (!existed)
		die_missing(store, name);
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:s}", "event", "secret_deleted", "name", slipway_output_json_text(name),
									  "prefix", slipway_output_json_text(slipway_secret_store_prefix(store)),
									  "store", slipway_secret_store_place(store)));
	else
		slipway_output_say("%s%s: deleted from %s", slipway_secret_store_prefix(store), name, slipway_secret_store_place(store));
	return SLIPWAY_EXIT_DONE;
}
