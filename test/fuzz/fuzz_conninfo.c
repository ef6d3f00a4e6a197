/*
 * fuzz_conninfo.c
 *	  Connection strings and URIs: search_path taken out, passwords found and hidden.
 *
 * What libpq takes, it takes with search_path taken out, too; and no password that libpq finds is left in what is shown.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "conninfo.h"
#include "fuzz.h"

static void
decode_one(void *context, const char *start, size_t length)
{
	char	   *password = slipway_conninfo_decode(slipway_conninfo_is_uri(context), start, length);

	free(password);
}

static char *
find_password(const char *text)
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);
	char	   *password = NULL;

	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (strcmp(option->keyword, "password") == 0 && option->val != NULL)
			password = strdup(option->val);
	PQconninfoFree(options);
	return password;
}

/* Not in the string behind another name: of a few letters it could be there by chance. */
static void
check_hidden(const char *text, const char *shown)
{
	char	   *password = find_password(text);

	if (password != NULL && strlen(password) > 8 && strchr(password, '%') == NULL)
	{
		const char *first = strstr(text, password);

		if (first != NULL && strstr(first + 1, password) == NULL)
			fuzz_check(strstr(shown, password) == NULL);
	}
	free(password);
}

static void
check_split(const char *text, const char *rest, const char *search_path)
{
	PQconninfoOption *before = PQconninfoParse(text, NULL);
	PQconninfoOption *after = PQconninfoParse(rest, NULL);

	fuzz_check(before == NULL || search_path != NULL || after != NULL);
	PQconninfoFree(before);
	PQconninfoFree(after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = fuzz_text(data, size);
	char	   *search_path = NULL;
	char	   *rest = slipway_conninfo_split(text, &search_path);
	char	   *shown = slipway_conninfo_scrub(text);
	char	   *hidden = slipway_conninfo_hide(text, "secret");

	(void) slipway_conninfo_is_string(text);
	(void) slipway_conninfo_has_query(text);
	(void) slipway_conninfo_is_torn(text);
	slipway_conninfo_each_password(text, decode_one, text);
	for (size_t i = 0; i <= strlen(text) && i < 64; i++)
	{
		SlipwayBuffer result = {0};

		slipway_conninfo_add(&result, slipway_conninfo_place(text, i), "v'a@l:u/e?&=%\\ #");
		free(slipway_buffer_take(&result));
	}
	if (rest != NULL)
		check_split(text, rest, search_path);
	if (shown != NULL)
		check_hidden(text, shown);
	free(hidden);
	free(shown);
	free(rest);
	free(search_path);
	free(text);
	return 0;
}
