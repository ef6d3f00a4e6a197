/*
 * http.h
 *	  HTTP, by libcurl.
 *
 * The library is loaded when it is first needed: with all that it is linked with it
 * would take longer than a deploy with nothing to do. TLS is always verified, no redirection is
 * followed, and what the library has held is wiped.
 */
#ifndef SLIPWAY_HTTP_H
#define SLIPWAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "secret_buffer.h"

/* Is it http:// or https://, with a host? */
bool		slipway_http_is_url(const char *url);

/* The same without what follows scheme and host, which may be secret; the caller frees it. */
char	   *slipway_http_hide_path(const char *url);

/* slipway_curl_load() */
const char *slipway_http_load(void);

/* What all calls of a client have in common; the texts are borrowed. */
typedef struct SlipwayHttpSettings
{
	long		timeout;		/* ms that a call may take */
	const char *authorities;	/* file of those who may vouch for servers; NULL: the system's */
	const char *certificate;	/* files of the client's own certificate and key, or NULL */
	const char *private_key;
} SlipwayHttpSettings;

/* Keeps connections for calls to come. */
typedef struct SlipwayHttpClient SlipwayHttpClient;

/* A question and its answer. */
typedef struct SlipwayHttpCall
{
	const char *method;			/* "GET", "POST", ... */
	const char *url;
	const char *const *headers; /* "Name: value", up to a NULL; or NULL */
	const char *body;			/* or NULL */
	size_t		length;
	const char *wanted_header;	/* of the answer; or NULL */

	long		status;			/* 0: there is no answer */
	SlipwaySecretBuffer answer;
	char	   *header;			/* the value of the wanted one, or NULL; of slipway_secret_new() */
	double		retry_after;	/* ms that the server asks to wait; 0: it does not */
	double		duration;		/* ms */
	char	   *fault;			/* why there is no answer, without the URL, but with host and port; or NULL */
	const char *reason;			/* the same in general */
	bool		may_pass;		/* that may be different a moment later */
} SlipwayHttpCall;

/* Needs slipway_http_load(). NULL if there is no memory. */
SlipwayHttpClient *slipway_http_open(const SlipwayHttpSettings *settings);
void		slipway_http_close(SlipwayHttpClient *client);

/*
 * From now on no call of any client goes on after that moment, as slipway_clock_now(), and none is made again that would
 * begin behind it; 0: there is none, as at first. To be called while there are no threads.
 */
void		slipway_http_set_deadline(double until);
double		slipway_http_deadline(void);

/* Makes all calls, several at a time. Threads may do so at the same time with clients of their own. */
void		slipway_http_perform(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count);

/*
 * The same, and again, after a while each time, for those without an answer, if that may pass, and those that were answered by 429 or
 * 5xx. Returns how many calls were repeated.
 */
size_t		slipway_http_perform_patiently(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count);

/* Wipes and frees the answer; the question stays. */
void		slipway_http_release(SlipwayHttpCall *call);

/*
 * Posts a JSON text, within timeout ms. Returns NULL if the answer was 2xx, else what went wrong, without the URL, which the caller
 * frees. Threads may call it at the same time.
 */
char	   *slipway_http_post_json(const char *url, const char *body, long timeout);

#endif
