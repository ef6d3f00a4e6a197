/*
 * curl_library.h
 *	  libcurl, which is loaded when it is first needed.
 */
#ifndef SLIPWAY_CURL_LIBRARY_H
#define SLIPWAY_CURL_LIBRARY_H

#include <curl/curl.h>

/* The functions that are used, as the library's header declares them. */
typedef struct SlipwayCurl
{
	CURLcode	(*global_init_mem) (long flags, curl_malloc_callback m, curl_free_callback f, curl_realloc_callback r,
									curl_strdup_callback s, curl_calloc_callback c);
	CURL	   *(*easy_init) (void);
	CURLcode	(*easy_setopt) (CURL *handle, CURLoption option,...);
	CURLcode	(*easy_getinfo) (CURL *handle, CURLINFO info,...);
	CURLcode	(*easy_perform) (CURL *handle);
	void		(*easy_cleanup) (CURL *handle);
	const char *(*easy_strerror) (CURLcode code);
	CURLM	   *(*multi_init) (void);
	CURLMcode	(*multi_setopt) (CURLM *multi, CURLMoption option,...);
	CURLMcode	(*multi_add_handle) (CURLM *multi, CURL *handle);
	CURLMcode	(*multi_remove_handle) (CURLM *multi, CURL *handle);
	CURLMcode	(*multi_perform) (CURLM *multi, int *running);
	CURLMcode	(*multi_wait) (CURLM *multi, struct curl_waitfd *more, unsigned int count, int timeout, int *ready);
	CURLMsg    *(*multi_info_read) (CURLM *multi, int *left);
	CURLMcode	(*multi_cleanup) (CURLM *multi);
	struct curl_slist *(*slist_append) (struct curl_slist *list, const char *text);
	void		(*slist_free_all) (struct curl_slist *list);
} SlipwayCurl;

extern SlipwayCurl slipway_curl;

/*
 * Loads it; to be called before there are threads. Returns why that does not work, or
 * NULL.
 */
const char *slipway_curl_load(void);

#endif
