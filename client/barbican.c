/*
 * barbican.c
 *	  OpenStack's key manager.
 */
#include "barbican.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"
#include "secret_counter.h"
#include "wiping.h"

#define DEFAULT_TIMEOUT_MS 10000L
#define MAX_TIMEOUT_S 600

/* What Barbican gives at most at a time, as it is configured usually. */
#define PAGE 100

/* What it takes at most in a request, likewise. */
#define MAX_REQUEST 25000

struct SlipwayBarbican
{
	SlipwayOpenStack cloud;
	SlipwayHttpClient *client;
	SlipwayToken token;
};

/* SECRETS_TIMEOUT is in seconds. */
static SlipwaySecretFault *
read_timeout(long *timeout)
{
	const char *text = getenv("SECRETS_TIMEOUT");
	char	   *end;
	double		seconds;

	*timeout = DEFAULT_TIMEOUT_MS;
	if (text == NULL || *text == '\0')
		return NULL;
	seconds = strtod(text, &end);
	if (!isdigit((unsigned char) *text) || *end != '\0' || !(seconds > 0) || seconds > MAX_TIMEOUT_S)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It is a number of seconds, at most 600.",
										"invalid value \"%s\" of SECRETS_TIMEOUT", text);
	*timeout = (long) (seconds * 1000);
	return NULL;
}

SlipwaySecretFault *
slipway_barbican_open(SlipwayBarbican **barbican)
{
	SlipwayBarbican *result;
	long		timeout;
	const char *missing = slipway_http_load();
	SlipwaySecretFault *fault = read_timeout(&timeout);

	*barbican = NULL;
	if (fault != NULL)
		return fault;
	if (missing != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "Barbican needs libcurl: %s", missing);
	slipway_wiping_use_for_json();
	result = slipway_memory_new(sizeof(SlipwayBarbican));
	fault = slipway_openstack_find(&result->cloud);
	if (fault != NULL)
	{
		free(result);
		return fault;
	}
	result->client = slipway_http_open(&(SlipwayHttpSettings) {
		.timeout = timeout,
		.authorities = result->cloud.values[SLIPWAY_OPENSTACK_AUTHORITIES],
		.certificate = result->cloud.values[SLIPWAY_OPENSTACK_CERTIFICATE],
		.private_key = result->cloud.values[SLIPWAY_OPENSTACK_PRIVATE_KEY],
	});
	if (result->client == NULL)
	{
		slipway_barbican_close(result);
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "Barbican needs libcurl, which does not work");
	}
	*barbican = result;
	return NULL;
}

void
slipway_barbican_close(SlipwayBarbican *barbican)
{
	slipway_http_close(barbican->client);
	slipway_token_release(&barbican->token);
	slipway_openstack_release(&barbican->cloud);
	free(barbican);
}

SlipwaySecretFault *
slipway_barbican_log_in(SlipwayBarbican *barbican)
{
	if (slipway_token_is_valid(&barbican->token))
		return NULL;
	return slipway_keystone_log_in(&barbican->cloud, barbican->client, &barbican->token);
}

const SlipwayToken *
slipway_barbican_token(const SlipwayBarbican *barbican)
{
	return &barbican->token;
}

const SlipwayOpenStack *
slipway_barbican_cloud(const SlipwayBarbican *barbican)
{
	return &barbican->cloud;
}

/* A call on its way. */
typedef struct Sent
{
	char	   *url;
	char	   *accept;
	char	   *body;
	const char *headers[4];
} Sent;

static void
prepare(const SlipwayBarbican *barbican, const SlipwayBarbicanCall *call, Sent *sent, SlipwayHttpCall *http)
{
	int			count = 0;

	sent->url = slipway_memory_format("%s/%s", barbican->token.endpoint, call->path);
	sent->accept = slipway_memory_format("Accept: %s", call->accept != NULL ? call->accept : "application/json");
	sent->body = call->body != NULL ? json_dumps(call->body, JSON_COMPACT) : NULL;
	sent->headers[count++] = barbican->token.header;
	sent->headers[count++] = sent->accept;
	if (sent->body != NULL)
		sent->headers[count++] = "Content-Type: application/json";
	*http = (SlipwayHttpCall) {
		.method = call->method, .url = sent->url, .headers = sent->headers, .body = sent->body,
		.length = sent->body != NULL ? strlen(sent->body) : 0
	};
}

static void
forget(Sent *sent)
{
	free(sent->url);
	free(sent->accept);
	slipway_wiping_free(sent->body);
}

static SlipwaySecretFault *
explain(const SlipwayBarbican *barbican, const SlipwayBarbicanCall *call, const SlipwayHttpCall *http)
{
	const SlipwayToken *token = &barbican->token;
	SlipwaySecretFault *fault;

	/* nothing of what was sent is in that answer, but it has no other mark */
	if (http->status == 403 && http->answer.data != NULL && strstr(http->answer.data, "quota has been reached") != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_FORBIDDEN,
										"Have it raised, or delete what is not needed: \"slipway secret list\" without a prefix shows all.",
										"Barbican takes no more: the quota of project \"%s\" is used up",
										token->project != NULL ? token->project : "?");
	if (http->status == 403)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_FORBIDDEN,
										"It takes the role creator to store secrets, and creator or observer to read them; in newer clouds member for both.",
										"Barbican does not allow this to user \"%s\" in project \"%s\" (roles: %s)",
										token->user != NULL ? token->user : "?", token->project != NULL ? token->project : "?",
										token->roles != NULL && *token->roles != '\0' ? token->roles : "none");
	if (http->status == 401)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_LOGIN, "Does Barbican ask the same Keystone?",
										"Barbican does not take the token that Keystone has just given");
	/* it reads so much, and then finds half of what was sent */
	if (http->status == 413 || (http->status == 400 && http->length > MAX_REQUEST))
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE,
										"Bytes that are no text, line feeds, quotes and backslashes take more room than others.",
										"Barbican does not take secrets of that length");
	/* of what was sent, nothing is shown, and messages may repeat it */
	fault = slipway_openstack_fault("Barbican", http, call->body == NULL);
	if (fault->hint == NULL && (http->status == 404 || (http->status >= 300 && http->status < 400)))
		fault->hint = slipway_memory_copy("Is that the address of Barbican? See BARBICAN_ENDPOINT.");
	return fault;
}

/* Sends those of the calls that the places say. */
static void
send_calls(SlipwayBarbican *barbican, SlipwayBarbicanCall *calls, const size_t *places, size_t count)
{
	Sent	   *sent = slipway_memory_new((count + 1) * sizeof(Sent));
	SlipwayHttpCall *http = slipway_memory_new((count + 1) * sizeof(SlipwayHttpCall));

	for (size_t i = 0; i < count; i++)
		prepare(barbican, &calls[places[i]], &sent[i], &http[i]);
	slipway_secret_counter_retries(slipway_http_perform_patiently(barbican->client, http, count));
	for (size_t i = 0; i < count; i++)
	{
		SlipwayBarbicanCall *call = &calls[places[i]];

		slipway_secret_counter_request("barbican", &http[i]);
		slipway_secret_fault_free(call->fault);
		slipway_secret_buffer_release(&call->answer);
		call->status = http[i].status;
		call->fault = call->status >= 200 && call->status < 300 ? NULL : explain(barbican, call, &http[i]);
		call->answer = http[i].answer;
		http[i].answer = (SlipwaySecretBuffer) {0};
		slipway_http_release(&http[i]);
		forget(&sent[i]);
	}
	free(http);
	free(sent);
}

SlipwaySecretFault *
slipway_barbican_perform(SlipwayBarbican *barbican, SlipwayBarbicanCall *calls, size_t count)
{
	size_t	   *places = slipway_memory_new((count + 1) * sizeof(size_t));
	size_t		left = 0;
	SlipwaySecretFault *fault = slipway_barbican_log_in(barbican);

	if (fault == NULL && count > 0)
	{
		for (size_t i = 0; i < count; i++)
			places[i] = i;
		send_calls(barbican, calls, places, count);
		for (size_t i = 0; i < count; i++)
			if (calls[i].status == 401)
				places[left++] = i;
	}
	if (left > 0)
	{
		slipway_token_release(&barbican->token);
		fault = slipway_barbican_log_in(barbican);
		if (fault == NULL)
			send_calls(barbican, calls, places, left);
	}
	for (size_t i = 0; i < count; i++)
	{
		json_decref(calls[i].body);
		calls[i].body = NULL;
	}
	free(places);
	return fault;
}

void
slipway_barbican_release(SlipwayBarbicanCall *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		free(calls[i].path);
		json_decref(calls[i].body);
		slipway_secret_buffer_release(&calls[i].answer);
		slipway_secret_fault_free(calls[i].fault);
		calls[i] = (SlipwayBarbicanCall) {0};
	}
}

SlipwaySecretFault *
slipway_barbican_read(SlipwayBarbicanCall *call, json_t **answer)
{
	SlipwaySecretFault *fault = call->fault;

	*answer = NULL;
	call->fault = NULL;
	if (fault != NULL)
		return fault;
	*answer = json_loadb(call->answer.data != NULL ? call->answer.data : "", call->answer.length, 0, NULL);
	if (json_is_object(*answer))
		return NULL;
	json_decref(*answer);
	*answer = NULL;
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "Is it the address of Barbican? See BARBICAN_ENDPOINT.",
									"Barbican has answered with something else than an object of JSON");
}

/* Makes one call whose answer is an object. */
static SlipwaySecretFault *
ask(SlipwayBarbican *barbican, const char *method, char *path, json_t *body, json_t **answer)
{
	SlipwayBarbicanCall call = {.method = method, .path = path, .body = body};
	SlipwaySecretFault *fault = slipway_barbican_perform(barbican, &call, 1);

	*answer = NULL;
	if (fault == NULL)
		fault = slipway_barbican_read(&call, answer);
	slipway_barbican_release(&call, 1);
	return fault;
}

/* Has it what everything in a list has? */
static bool
is_item(const json_t *item, const char *reference)
{
	const char *text = json_string_value(json_object_get(item, reference));
	char	   *path = text != NULL ? slipway_barbican_path(text) : NULL;
	bool		good = path != NULL;

	free(path);
	return good;
}

static int
compare_created(const void *a, const void *b)
{
	const char *first = json_string_value(json_object_get(*(json_t *const *) a, "created"));
	const char *second = json_string_value(json_object_get(*(json_t *const *) b, "created"));

	return strcmp(first != NULL ? first : "", second != NULL ? second : "");
}

/* Those of one moment stay in the order that Barbican has them in. */
static json_t *
sort_items(json_t *items)
{
	size_t		count = json_array_size(items);
	json_t	  **sorted = slipway_memory_new((count + 1) * sizeof(json_t *));
	json_t	   *result = json_array();

	for (size_t i = 0; i < count; i++)
	{
		size_t		place = i;

		while (place > 0 && compare_created(&sorted[place - 1], &(json_t *) {json_array_get(items, i)}) > 0)
		{
			sorted[place] = sorted[place - 1];
			place--;
		}
		sorted[place] = json_array_get(items, i);
	}
	for (size_t i = 0; i < count; i++)
		(void) json_array_append(result, sorted[i]);
	free(sorted);
	json_decref(items);
	return result;
}

/* Whether a page of a list is the one that its end has already: from a server that does not know "offset", for ever. */
static bool
is_again(const json_t *items, const json_t *page, const char *reference)
{
	const json_t *first = json_array_get(page, 0);
	size_t		count = json_array_size(items);
	size_t		size = json_array_size(page);

	return size > 0 && count >= size && is_item(first, reference) &&
		json_equal(json_object_get(first, reference), json_object_get(json_array_get(items, count - size), reference));
}

SlipwaySecretFault *
slipway_barbican_list(SlipwayBarbican *barbican, const char *kind, const char *query, json_t **items)
{
	char	   *reference = slipway_memory_format("%.*s_ref", (int) strlen(kind) - 1, kind);
	json_int_t	total = 1;
	SlipwaySecretFault *fault = NULL;

	*items = json_array();
	for (json_int_t offset = 0; fault == NULL && offset < total;)
	{
		json_t	   *answer;
		json_t	   *page;
		json_t	   *item;
		size_t		i;

		/* containers are sorted already */
		fault = ask(barbican, "GET", slipway_memory_format("%s?%s%slimit=%d&offset=%lld%s", kind, query, *query != '\0' ? "&" : "",
														   PAGE, (long long) offset,
														   strcmp(kind, "secrets") == 0 ? "&sort=created:asc" : ""), NULL, &answer);
		page = json_object_get(answer, kind);
		total = json_integer_value(json_object_get(answer, "total"));
		if (fault == NULL && is_again(*items, page, reference))
			fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, NULL, "Barbican lists the same %s again and again", kind);
		json_array_foreach(page, i, item)
			if (is_item(item, reference))
				(void) json_array_append(*items, item);
		offset += (json_int_t) json_array_size(page);
		if (json_array_size(page) == 0)
			total = 0;
		json_decref(answer);
	}
	free(reference);
	*items = sort_items(*items);
	if (fault != NULL)
	{
		json_decref(*items);
		*items = NULL;
	}
	return fault;
}

SlipwaySecretFault *
slipway_barbican_create(SlipwayBarbican *barbican, const char *kind, json_t *body, char **reference)
{
	char	   *key = slipway_memory_format("%.*s_ref", (int) strlen(kind) - 1, kind);
	json_t	   *answer;
	SlipwaySecretFault *fault = ask(barbican, "POST", slipway_memory_copy(kind), body, &answer);

	*reference = NULL;
	if (fault == NULL && is_item(answer, key))
		*reference = slipway_memory_copy(json_string_value(json_object_get(answer, key)));
	else if (fault == NULL)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, NULL, "Barbican has not said where it has stored it");
	json_decref(answer);
	free(key);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_delete(SlipwayBarbican *barbican, const json_t *references)
{
	SlipwayBarbicanCall *calls = slipway_memory_new((json_array_size(references) + 1) * sizeof(SlipwayBarbicanCall));
	size_t		count = 0;
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < json_array_size(references); i++)
	{
		char	   *path = slipway_barbican_path(json_string_value(json_array_get(references, i)));

		if (path != NULL)
			calls[count++] = (SlipwayBarbicanCall) {.method = "DELETE", .path = path};
	}
	fault = slipway_barbican_perform(barbican, calls, count);
	for (size_t i = 0; i < count && fault == NULL; i++)
		if (calls[i].fault != NULL && calls[i].status != 404)
		{
			fault = calls[i].fault;
			calls[i].fault = NULL;
		}
	slipway_barbican_release(calls, count);
	free(calls);
	return fault;
}

/* What is in front of it is where Barbican is said to be, which may be called like that too. */
char *
slipway_barbican_path(const char *reference)
{
	static const char *const kinds[] = {"/secrets/", "/containers/"};
	const char *slash = reference != NULL ? strrchr(reference, '/') : NULL;
	size_t		length = slash != NULL ? strspn(slash + 1, "0123456789abcdefABCDEF-") : 0;

	for (size_t i = 0; length > 0 && slash[1 + length] == '\0' && i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		size_t		before = strlen(kinds[i]) - 1;

		if ((size_t) (slash - reference) >= before && strncmp(slash - before, kinds[i], before + 1) == 0)
			return slipway_memory_copy(slash - before + 1);
	}
	return NULL;
}

char *
slipway_barbican_escape(const char *text)
{
	SlipwayBuffer escaped = {0};

	for (; *text != '\0'; text++)
		if (isalnum((unsigned char) *text) || strchr("-_.~", *text) != NULL)
			slipway_buffer_add_char(&escaped, *text);
		else
			slipway_buffer_format(&escaped, "%%%02X", (unsigned char) *text);
	return slipway_buffer_take(&escaped);
}
