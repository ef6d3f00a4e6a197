/*
 * fuzz_openstack.c
 *	  What Keystone and Barbican answer.
 *
 * The input is answers, with a line feed between them: a status of three digits, and what comes with it. They are given to
 * requests in turn. Nothing asks a server: the linker puts these functions in the place of those of http.c.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barbican.h"
#include "fuzz.h"
#include "http.h"

const char *__wrap_slipway_http_load(void);
SlipwayHttpClient *__wrap_slipway_http_open(const SlipwayHttpSettings *settings);
void		__wrap_slipway_http_close(SlipwayHttpClient *client);
void		__wrap_slipway_http_perform(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count);
size_t		__wrap_slipway_http_perform_patiently(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count);

static const char *next;
static const char *end;
static int	requests;

const char *
__wrap_slipway_http_load(void)
{
	return NULL;
}

SlipwayHttpClient *
__wrap_slipway_http_open(const SlipwayHttpSettings *settings)
{
	(void) settings;
	return (SlipwayHttpClient *) &next;
}

void
__wrap_slipway_http_close(SlipwayHttpClient *client)
{
	(void) client;
}

static void
answer_one(SlipwayHttpCall *call)
{
	const char *stop = next < end ? memchr(next, '\n', (size_t) (end - next)) : NULL;

	call->status = 500;
	if (++requests > 40 || next >= end)
		return;
	if (stop == NULL)
		stop = end;
	if (stop - next >= 3)
	{
		call->status = strtol((char[4]) {next[0], next[1], next[2], 0}, NULL, 10);
		slipway_secret_buffer_add_bytes(&call->answer, next + 3, (size_t) (stop - next - 3));
	}
	if (call->wanted_header != NULL)
		call->header = slipway_secret_copy("token");
	next = stop + 1;
}

void
__wrap_slipway_http_perform(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count)
{
	(void) client;
	for (size_t i = 0; i < count; i++)
		answer_one(&calls[i]);
}

size_t
__wrap_slipway_http_perform_patiently(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count)
{
	__wrap_slipway_http_perform(client, calls, count);
	return 0;
}

static void
ask(void *argument)
{
	SlipwayBarbican *barbican;
	SlipwaySecretFault *fault = slipway_barbican_open(&barbican);
	json_t	   *items = NULL;
	char	   *reference = NULL;

	(void) argument;
	fuzz_check(fault == NULL);
	fault = slipway_barbican_log_in(barbican);
	if (fault == NULL)
	{
		fuzz_check(slipway_barbican_token(barbican)->endpoint != NULL);
		fault = slipway_barbican_list(barbican, "secrets", "name=a", &items);
	}
	if (fault == NULL)
		fault = slipway_barbican_create(barbican, "secrets", json_object(), &reference);
	if (fault == NULL)
		fuzz_check(reference != NULL);
	for (size_t i = 0; i < json_array_size(items); i++)
	{
		const char *text = json_string_value(json_object_get(json_array_get(items, i), "secret_ref"));

		if (text != NULL)
			free(slipway_barbican_path(text));
	}
	slipway_secret_fault_free(fault);
	json_decref(items);
	free(reference);
	slipway_barbican_close(barbican);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void) setenv("OS_AUTH_URL", "http://keystone:5000/v3", 1);
	(void) setenv("OS_USERNAME", "u", 1);
	(void) setenv("OS_PASSWORD", "secret of the user", 1);
	(void) setenv("OS_PROJECT_NAME", "p", 1);
	(void) setenv("OS_USER_DOMAIN_NAME", "Default", 1);
	next = (const char *) data;
	end = next + size;
	requests = 0;
	(void) fuzz_try(ask, NULL);
	return 0;
}
