/*
 * http.h
 *	  HTTP, by libcurl.
 *
 * The library is loaded when it is first needed: with all that it is linked with it
 * would take longer than a deploy with nothing to do.
 */
#ifndef SLIPWAY_HTTP_H
#define SLIPWAY_HTTP_H

#include <stdbool.h>

/* Is it http:// or https://, with a host? */
bool		slipway_http_is_url(const char *url);

/* The same without what follows scheme and host, which may be secret; the caller frees it. */
char	   *slipway_http_hide_path(const char *url);

/*
 * Loads the library; to be called before there are threads. Returns why that does not work, or
 * NULL.
 */
const char *slipway_http_load(void);

/*
 * Posts a JSON text, within timeout ms; TLS is verified, and no redirection is followed. Returns
 * NULL if the answer was 2xx, else what went wrong, without the URL, which the caller
 * frees. Threads may call it at the same time.
 */
char	   *slipway_http_post_json(const char *url, const char *body, long timeout);

#endif
