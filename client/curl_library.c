/*
 * curl_library.c
 *	  libcurl, which is loaded when it is first needed.
 */
#include "curl_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wiping.h"

#define LIBRARY "libcurl.so.4"

SlipwayCurl slipway_curl;

/* ISO C has no way from a pointer to an object to one to a function; POSIX has this. */
static bool
find_function(void *library, const char *name, void *function)
{
	void	   *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool
find_functions(void *library)
{
	const struct
	{
		const char *name;
		void	   *function;
	}			wanted[] = {
		{"curl_global_init_mem", &slipway_curl.global_init_mem},
		{"curl_easy_init", &slipway_curl.easy_init},
		{"curl_easy_setopt", &slipway_curl.easy_setopt},
		{"curl_easy_getinfo", &slipway_curl.easy_getinfo},
		{"curl_easy_perform", &slipway_curl.easy_perform},
		{"curl_easy_cleanup", &slipway_curl.easy_cleanup},
		{"curl_easy_strerror", &slipway_curl.easy_strerror},
		{"curl_multi_init", &slipway_curl.multi_init},
		{"curl_multi_setopt", &slipway_curl.multi_setopt},
		{"curl_multi_add_handle", &slipway_curl.multi_add_handle},
		{"curl_multi_remove_handle", &slipway_curl.multi_remove_handle},
		{"curl_multi_perform", &slipway_curl.multi_perform},
		{"curl_multi_wait", &slipway_curl.multi_wait},
		{"curl_multi_info_read", &slipway_curl.multi_info_read},
		{"curl_multi_cleanup", &slipway_curl.multi_cleanup},
		{"curl_slist_append", &slipway_curl.slist_append},
		{"curl_slist_free_all", &slipway_curl.slist_free_all},
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!find_function(library, wanted[i].name, wanted[i].function))
			return false;
	return true;
}

const char *
slipway_curl_load(void)
{
	static bool loaded = false;
	void	   *library;

	if (loaded)
		return NULL;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return LIBRARY " is not installed (package libcurl4)";
	if (!find_functions(library) ||
		slipway_curl.global_init_mem(CURL_GLOBAL_DEFAULT, malloc, slipway_wiping_free, slipway_wiping_resize, strdup,
									 calloc) != CURLE_OK)
		return LIBRARY " does not work";
	loaded = true;
	return NULL;
}
