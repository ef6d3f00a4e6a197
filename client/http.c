/*
 * http.c
 *	  HTTP, by libcurl.
 */
#include "http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "curl_library.h"
#include "memory.h"

#define CONNECT_TIMEOUT_MS 5000L
#define MAX_CONNECTIONS 8
#define POLL_MS 1000

/* No answer that anybody here asks for is longer. */
#define MAX_ANSWER ((size_t) 16 * 1024 * 1024)
#define MAX_RETRY_AFTER 3600

/* As slipway_clock_now(); 0: none. */
static double deadline = 0;

struct SlipwayHttpClient
{
	CURLM	   *multi;
	SlipwayHttpSettings settings;
};

/* A call that is under way. */
typedef struct Transfer
{
	SlipwayHttpCall *call;
	CURL	   *handle;
	struct curl_slist *headers;
	char		error[CURL_ERROR_SIZE];
} Transfer;

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

const char *
slipway_http_load(void)
{
	return slipway_curl_load();
}

SlipwayHttpClient *
slipway_http_open(const SlipwayHttpSettings *settings)
{
	SlipwayHttpClient *client = slipway_memory_new(sizeof(SlipwayHttpClient));

	client->settings = *settings;
	client->multi = slipway_curl.multi_init();
	if (client->multi == NULL)
	{
		free(client);
		return NULL;
	}
	(void) slipway_curl.multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long) MAX_CONNECTIONS);
	return client;
}

void
slipway_http_close(SlipwayHttpClient *client)
{
	if (client == NULL)
		return;
	(void) slipway_curl.multi_cleanup(client->multi);
	free(client);
}

void
slipway_http_release(SlipwayHttpCall *call)
{
	slipway_secret_buffer_release(&call->answer);
	slipway_secret_free(call->header);
	free(call->fault);
	call->header = NULL;
	call->fault = NULL;
	call->reason = NULL;
	call->status = 0;
	call->retry_after = 0;
	call->may_pass = false;
}

/* Less than all of it ends the transfer. */
static size_t
take_answer(char *data, size_t size, size_t count, void *context)
{
	SlipwayHttpCall *call = context;
	size_t		length = size * count;

	if (length > MAX_ANSWER - call->answer.length)
		return 0;
	slipway_secret_buffer_add_bytes(&call->answer, data, length);
	return length;
}

/* The value of a header line, if it is that one. */
static bool
is_header(const char *line, size_t length, const char *name, const char **value, size_t *value_length)
{
	size_t		name_length = strlen(name);

	if (length <= name_length || strncasecmp(line, name, name_length) != 0 || line[name_length] != ':')
		return false;
	line += name_length + 1;
	length -= name_length + 1;
	while (length > 0 && isspace((unsigned char) *line))
	{
		line++;
		length--;
	}
	while (length > 0 && isspace((unsigned char) line[length - 1]))
		length--;
	*value = line;
	*value_length = length;
	return true;
}

static size_t
take_header(char *data, size_t size, size_t count, void *context)
{
	SlipwayHttpCall *call = context;
	size_t		length = size * count;
	const char *value;
	size_t		value_length;

	if (call->wanted_header != NULL && is_header(data, length, call->wanted_header, &value, &value_length))
	{
		slipway_secret_free(call->header);
		call->header = slipway_secret_copy_bytes(value, value_length);
	}
	/* a date in place of a number of seconds is no time that is worth to be waited for exactly */
	else if (is_header(data, length, "Retry-After", &value, &value_length) && value_length > 0 && value_length < 6 &&
			 strspn(value, "0123456789") >= value_length)
	{
		long		seconds = strtol(value, NULL, 10);

		call->retry_after = 1000.0 * (double) (seconds < MAX_RETRY_AFTER ? seconds : MAX_RETRY_AFTER);
	}
	return length;
}

static void
set_tls(CURL *handle, const SlipwayHttpSettings *settings)
{
	/* the defaults; said because nothing here may ever change them */
	(void) slipway_curl.easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	if (settings->authorities != NULL)
		(void) slipway_curl.easy_setopt(handle, CURLOPT_CAINFO, settings->authorities);
	if (settings->certificate != NULL)
		(void) slipway_curl.easy_setopt(handle, CURLOPT_SSLCERT, settings->certificate);
	if (settings->private_key != NULL)
		(void) slipway_curl.easy_setopt(handle, CURLOPT_SSLKEY, settings->private_key);
}

void
slipway_http_set_deadline(double until)
{
	deadline = until;
}

double
slipway_http_deadline(void)
{
	return deadline;
}

/* What a call may take, ms. */
static long
choose_timeout(const SlipwayHttpSettings *settings)
{
	double		left = deadline - slipway_clock_now();

	if (deadline <= 0 || left >= (double) settings->timeout)
		return settings->timeout;
	/* 0 would be without end */
	return left < 1 ? 1 : (long) left;
}

static void
set_options(Transfer *transfer, const SlipwayHttpSettings *settings)
{
	SlipwayHttpCall *call = transfer->call;
	CURL	   *handle = transfer->handle;
	long		timeout = choose_timeout(settings);

	(void) slipway_curl.easy_setopt(handle, CURLOPT_URL, call->url);
	if (call->body != NULL)
	{
		(void) slipway_curl.easy_setopt(handle, CURLOPT_POSTFIELDS, call->body);
		(void) slipway_curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long) call->length);
	}
	(void) slipway_curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
							timeout < CONNECT_TIMEOUT_MS ? timeout : CONNECT_TIMEOUT_MS);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_answer);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_WRITEDATA, call);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_HEADERDATA, call);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer->error);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_PRIVATE, transfer);
	/* signals are for the run */
	(void) slipway_curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	set_tls(handle, settings);
}

static bool
begin(SlipwayHttpClient *client, Transfer *transfer)
{
	const SlipwayHttpCall *call = transfer->call;

	transfer->handle = slipway_curl.easy_init();
	for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++)
	{
		struct curl_slist *longer = slipway_curl.slist_append(transfer->headers, call->headers[i]);

		if (longer == NULL)
			return false;
		transfer->headers = longer;
	}
	if (transfer->handle == NULL)
		return false;
	set_options(transfer, &client->settings);
	return slipway_curl.multi_add_handle(client->multi, transfer->handle) == CURLM_OK;
}

/* What may be different when it is tried again. */
static bool
may_pass(CURLcode code)
{
	switch (code)
	{
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
		case CURLE_OPERATION_TIMEDOUT:
		case CURLE_GOT_NOTHING:
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
		case CURLE_PARTIAL_FILE:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_HTTP2:
		case CURLE_HTTP2_STREAM:
			return true;
		default:
			return false;
	}
}

/* The library's own text names addresses and files, which says more than the code, but not the URL. */
static void
note_end(Transfer *transfer, CURLcode code)
{
	SlipwayHttpCall *call = transfer->call;
	double		seconds = 0;

	(void) slipway_curl.easy_getinfo(transfer->handle, CURLINFO_TOTAL_TIME, &seconds);
	call->duration = seconds * 1000;
	(void) slipway_curl.easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &call->status);
	if (code == CURLE_OK)
		return;
	call->status = 0;
	call->may_pass = may_pass(code);
	call->reason = slipway_curl.easy_strerror(code);
	call->fault = slipway_memory_copy(transfer->error[0] != '\0' ? transfer->error : call->reason);
}

static void
finish(SlipwayHttpClient *client, Transfer *transfer)
{
	if (transfer->handle != NULL)
	{
		(void) slipway_curl.multi_remove_handle(client->multi, transfer->handle);
		slipway_curl.easy_cleanup(transfer->handle);
	}
	slipway_curl.slist_free_all(transfer->headers);
	if (transfer->call->status == 0 && transfer->call->fault == NULL)
		transfer->call->fault = slipway_memory_copy("it was not sent");
}

static void
note_ends(SlipwayHttpClient *client)
{
	CURLMsg    *message;
	int			left;

	while ((message = slipway_curl.multi_info_read(client->multi, &left)) != NULL)
	{
		Transfer   *transfer = NULL;

		if (message->msg == CURLMSG_DONE &&
			slipway_curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &transfer) == CURLE_OK &&
			transfer != NULL)
			note_end(transfer, message->data.result);
	}
}

/* What waits for its turn has not begun: the library would count that as part of the time that a call may take. */
void
slipway_http_perform(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count)
{
	Transfer   *transfers = slipway_memory_new((count + 1) * sizeof(Transfer));
	size_t		begun = 0;
	int			running = 0;

	for (size_t i = 0; i < count; i++)
		transfers[i].call = &calls[i];
	while (running > 0 || begun < count)
	{
		for (; begun < count && running < MAX_CONNECTIONS; begun++)
			running += begin(client, &transfers[begun]);
		if (slipway_curl.multi_perform(client->multi, &running) != CURLM_OK)
			break;
		note_ends(client);
		if (running > 0 && slipway_curl.multi_wait(client->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
			break;
	}
	for (size_t i = 0; i < count; i++)
		finish(client, &transfers[i]);
	free(transfers);
}

char *
slipway_http_post_json(const char *url, const char *body, long timeout)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	SlipwayHttpClient *client = slipway_http_open(&(SlipwayHttpSettings) {.timeout = timeout});
	SlipwayHttpCall call = {.method = "POST", .url = url, .headers = headers, .body = body, .length = strlen(body)};
	char	   *fault = NULL;

	if (client == NULL)
		return slipway_memory_copy("out of memory");
	slipway_http_perform(client, &call, 1);
	if (call.fault != NULL)
		fault = slipway_memory_copy(call.reason != NULL ? call.reason : call.fault);
	else if (call.status < 200 || call.status > 299)
		fault = slipway_memory_format("it answered with HTTP status %ld", call.status);
	slipway_http_release(&call);
	slipway_http_close(client);
	return fault;
}
