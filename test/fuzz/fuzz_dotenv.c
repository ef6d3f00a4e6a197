/*
 * fuzz_dotenv.c
 *	  A .env that is read, and written anew.
 *
 * What is written is a .env again: entries that stay have their values, those that were left out are gone.
 */
#include <stdlib.h>
#include <string.h>

#include "dotenv.h"
#include "fuzz.h"

static bool
leave_short(void *context, const SlipwayDotenvEntry *entry)
{
	(void) context;
	return strlen(entry->name) % 2 == 1;
}

static void
look(const SlipwayDotenv *dotenv)
{
	for (size_t i = 0; i < slipway_dotenv_count(dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(dotenv, i);

		fuzz_check(entry->name != NULL && entry->line > 0);
		if (entry->is_comment || entry->problem != NULL)
			continue;
		fuzz_check(entry->value != NULL && strlen(entry->value) <= entry->length);
		fuzz_check(slipway_dotenv_find(dotenv, entry->name) != NULL);
	}
}

static void
check_again(const SlipwayDotenv *before, const SlipwaySecretBuffer *text)
{
	size_t		line;
	const char *reason;
	SlipwayDotenv *after = slipway_dotenv_parse(text->data != NULL ? text->data : "", text->length, &line, &reason);

	fuzz_check(after != NULL);
	for (size_t i = 0; i < slipway_dotenv_count(before); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(before, i);
		const SlipwayDotenvEntry *found;

		if (entry->is_comment || leave_short(NULL, entry))
			continue;
		found = slipway_dotenv_find(after, entry->name);
		fuzz_check(found != NULL);
	}
	slipway_dotenv_free(after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const SlipwayDotenvSetting settings[] = {{"SLIPWAY_SECRETS", "file:a b'c\"$d\\"}};
	SlipwaySecretBuffer text = {0};
	size_t		line = 0;
	const char *reason = NULL;
	SlipwayDotenv *dotenv = slipway_dotenv_parse((const char *) data, size, &line, &reason);

	if (dotenv == NULL)
	{
		fuzz_check(reason != NULL && line > 0);
		return 0;
	}
	look(dotenv);
	slipway_dotenv_rewrite(dotenv, leave_short, NULL, "moved", settings, 1, &text);
	check_again(dotenv, &text);
	slipway_secret_buffer_release(&text);
	slipway_dotenv_free(dotenv);
	return 0;
}
