/*
 * http.c
 *	  HTTP, by libcurl.
 */
#include "http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "memory.h"

#define LIBRARY "libcurl.so.4"
#define CONNECT_TIMEOUT_MS 5000L

/* The functions that are used, as the header declares them. */
static struct
{
	bool		loaded;
	CURLcode	(*global_init) (long flags);
	CURL	   *(*easy_init) (void);
	CURLcode	(*easy_setopt) (CURL *handle, CURLoption option,...);
	CURLcode	(*easy_perform) (CURL *handle);
	CURLcode	(*easy_getinfo) (CURL *handle, CURLINFO info,...);
	void		(*easy_cleanup) (CURL *handle);
	const char *(*easy_strerror) (CURLcode code);
	struct curl_slist *(*slist_append) (struct curl_slist *list, const char *text);
	void		(*slist_free_all) (struct curl_slist *list);
}			curl;

bool
slipway_http_is_url(const char *url)
{
	size_t		scheme = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;

	return scheme > 0 && url[scheme] != '\0' && url[scheme] != '/' && strpbrk(url, " \t\r\n") == NULL;
}

char *
slipway_http_hide_path(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	const char *at = strrchr(host, '@');
	const char *end;

	/* a password may hold an unescaped '@' or '/' */
	if (at == NULL)
		at = host;
	end = at + strcspn(at, "/?#");
	return slipway_memory_format("%.*s%s%.*s/***", (int) (host - url), url, at > host ? "***" : "",
								 (int) (end - at), at);
}

/* ISO C has no way from a pointer to an object to one to a function; POSIX has this. */
static bool
find_function(void *library, const char *name, void *function)
{
	void	   *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

const char *
slipway_http_load(void)
{
	void	   *library;

	if (curl.loaded)
		return NULL;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return LIBRARY " is not installed (package libcurl4)";
	if (!find_function(library, "curl_global_init", &curl.global_init) ||
		!find_function(library, "curl_easy_init", &curl.easy_init) ||
		!find_function(library, "curl_easy_setopt", &curl.easy_setopt) ||
		!find_function(library, "curl_easy_perform", &curl.easy_perform) ||
		!find_function(library, "curl_easy_getinfo", &curl.easy_getinfo) ||
		!find_function(library, "curl_easy_cleanup", &curl.easy_cleanup) ||
		!find_function(library, "curl_easy_strerror", &curl.easy_strerror) ||
		!find_function(library, "curl_slist_append", &curl.slist_append) ||
		!find_function(library, "curl_slist_free_all", &curl.slist_free_all) ||
		curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return LIBRARY " does not work";
	curl.loaded = true;
	return NULL;
}

/* What is answered is of no interest. */
static size_t
discard(void *data, size_t size, size_t count, void *context)
{
	(void) data;
	(void) context;
	return size * count;
}

static void
prepare(CURL *handle, const char *url, const char *body, long timeout, struct curl_slist *headers)
{
	(void) curl.easy_setopt(handle, CURLOPT_URL, url);
	(void) curl.easy_setopt(handle, CURLOPT_POSTFIELDS, body);
	(void) curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	(void) curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
	(void) curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	(void) curl.easy_setopt(handle, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
	(void) curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, discard);
	/* signals are for the run */
	(void) curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void) curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
}

char *
slipway_http_post_json(const char *url, const char *body, long timeout)
{
	CURL	   *handle = curl.easy_init();
	struct curl_slist *headers = curl.slist_append(NULL, "Content-Type: application/json");
	CURLcode	code = CURLE_OUT_OF_MEMORY;
	long		status = 0;
	char	   *fault = NULL;

	if (handle != NULL && headers != NULL)
	{
		prepare(handle, url, body, timeout, headers);
		code = curl.easy_perform(handle);
		(void) curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	}
	if (code != CURLE_OK)
		fault = strdup(curl.easy_strerror(code));
	else if ((status < 200 || status > 299) && asprintf(&fault, "it answered with HTTP status %ld", status) < 0)
		fault = NULL;
	curl.slist_free_all(headers);
	curl.easy_cleanup(handle);
	return fault;
}
