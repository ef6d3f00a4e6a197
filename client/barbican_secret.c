/*
 * barbican_secret.c
 *	  Secrets in Barbican, as slipway keeps them there.
 */
#include "barbican_secret.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "output.h"

const char *
slipway_barbican_name(const json_t *item)
{
	const char *name = json_string_value(json_object_get(item, "name"));

	return name != NULL ? name : "";
}

const char *
slipway_barbican_reference(const json_t *item)
{
	const char *reference = json_string_value(json_object_get(item, "secret_ref"));

	if (reference == NULL)
		reference = json_string_value(json_object_get(item, "container_ref"));
	return reference != NULL ? reference : "";
}

/* Lists, and leaves only those whose key has exactly that value. */
static SlipwaySecretFault *
find(SlipwayBarbicanStore *store, const char *filter, const char *key, const char *value, json_t **items)
{
	char	   *escaped = slipway_barbican_escape(value);
	char	   *query = slipway_memory_format("%s=%s", filter, escaped);
	json_t	   *all;
	json_t	   *item;
	size_t		i;
	SlipwaySecretFault *fault = slipway_barbican_list(store->barbican, "secrets", query, &all);

	*items = fault == NULL ? json_array() : NULL;
	json_array_foreach(all, i, item)
	{
		const char *text = json_string_value(json_object_get(item, key));

		if (text != NULL && strcmp(text, value) == 0)
			(void) json_array_append(*items, item);
	}
	json_decref(all);
	free(query);
	free(escaped);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_find_named(SlipwayBarbicanStore *store, const char *name, json_t **items)
{
	return find(store, "name", "name", name, items);
}

static char *
make_tag(const char *set)
{
	return slipway_memory_format("slipway-%s", set);
}

SlipwaySecretFault *
slipway_barbican_find_staged(SlipwayBarbicanStore *store, const char *set, json_t **items)
{
	char	   *tag = make_tag(set);
	SlipwaySecretFault *fault = find(store, "alg", "algorithm", tag, items);

	free(tag);
	return fault;
}

bool
slipway_barbican_has_reference(const json_t *list, const char *reference)
{
	for (size_t i = 0; i < json_array_size(list); i++)
	{
		const char *item = json_string_value(json_array_get(list, i));

		if (item != NULL && strcmp(item, reference) == 0)
			return true;
	}
	return false;
}

SlipwaySecretFault *
slipway_barbican_remove_staged(SlipwayBarbicanStore *store, const char *set, const json_t *but)
{
	json_t	   *items;
	json_t	   *references = json_array();
	SlipwaySecretFault *fault = slipway_barbican_find_staged(store, set, &items);

	for (size_t i = 0; i < json_array_size(items); i++)
	{
		const char *reference = slipway_barbican_reference(json_array_get(items, i));

		if (!slipway_barbican_has_reference(but, reference))
			(void) json_array_append_new(references, json_string(reference));
	}
	if (fault == NULL)
		fault = slipway_barbican_delete(store->barbican, references);
	json_decref(references);
	json_decref(items);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_doubt(SlipwaySecretFault *fault, SlipwaySecretFault *undone)
{
	char	   *text = fault->text;

	if (undone == NULL)
		return fault;
	slipway_secret_fault_free(undone);
	fault->text = slipway_memory_format("%s; it may have been done all the same", text);
	free(text);
	if (fault->hint == NULL)
		fault->hint = slipway_memory_copy("Do it again, or look at what there is with \"slipway secret list\" and \"get\".");
	return fault;
}

void
slipway_barbican_warn_of_rest(SlipwaySecretFault *fault)
{
	if (fault != NULL)
		slipway_output_warn("The next change of it removes that.", "what was stored before could not be removed: %s", fault->text);
	slipway_secret_fault_free(fault);
}

/*
 * Barbican takes blanks away at both ends of a text, of any kind that Unicode has. So what has, or may have, one there is stored as
 * bytes.
 */
static bool
has_border(const char *bytes, size_t length)
{
	size_t		last = length - 1;

	while (last > 0 && ((unsigned char) bytes[last] & 0xC0) == 0x80)
		last--;
	for (int i = 0; i < 2; i++)
	{
		unsigned char c = (unsigned char) bytes[i == 0 ? 0 : last];

		if (c <= ' ' || c == 0xC2 || (c >= 0xE1 && c <= 0xE3))
			return true;
	}
	return false;
}

static json_t *
make_body(const char *name, const SlipwaySecretItem *item, const char *tag)
{
	json_t	   *text = has_border(item->bytes, item->length) || memchr(item->bytes, '\0', item->length) != NULL ? NULL
		: json_stringn(item->bytes, item->length);
	json_t	   *body = json_object();

	if (text != NULL)
	{
		(void) json_object_set_new(body, "payload", text);
		(void) json_object_set_new(body, "payload_content_type", json_string("text/plain"));
	}
	else
	{
		char	   *encoded = slipway_secret_new(item->length / 3 * 4 + 5);

		(void) EVP_EncodeBlock((unsigned char *) encoded, (const unsigned char *) item->bytes, (int) item->length);
		(void) json_object_set_new(body, "payload", json_string(encoded));
		(void) json_object_set_new(body, "payload_content_type", json_string("application/octet-stream"));
		(void) json_object_set_new(body, "payload_content_encoding", json_string("base64"));
		slipway_secret_free(encoded);
	}
	(void) json_object_set_new(body, "name", json_string(name));
	(void) json_object_set_new(body, "algorithm", json_string(tag));
	return body;
}

/* What is known of those that are replaced: an array of objects or nulls. */
static SlipwaySecretFault *
fetch_metadata(SlipwayBarbicanStore *store, const json_t *old, json_t **metadata)
{
	size_t		count = json_array_size(old);
	SlipwayBarbicanCall *calls = slipway_memory_new((count + 1) * sizeof(SlipwayBarbicanCall));
	size_t	   *places = slipway_memory_new((count + 1) * sizeof(size_t));
	size_t		asked = 0;
	SlipwaySecretFault *fault;

	*metadata = json_array();
	for (size_t i = 0; i < count; i++)
	{
		char	   *path = slipway_barbican_path(json_string_value(json_array_get(old, i)));

		(void) json_array_append_new(*metadata, json_null());
		if (path != NULL)
		{
			places[asked] = i;
			calls[asked++] = (SlipwayBarbicanCall) {.method = "GET", .path = slipway_memory_format("%s/metadata", path)};
		}
		free(path);
	}
	fault = slipway_barbican_perform(store->barbican, calls, asked);
	for (size_t i = 0; i < asked && fault == NULL; i++)
	{
		json_t	   *answer;
		long		status = calls[i].status;

		fault = slipway_barbican_read(&calls[i], &answer);
		if (fault != NULL && status == 404)
		{
			slipway_secret_fault_free(fault);
			fault = NULL;
		}
		else if (json_is_object(json_object_get(answer, "metadata")))
			(void) json_array_set(*metadata, places[i], json_object_get(answer, "metadata"));
		json_decref(answer);
	}
	slipway_barbican_release(calls, asked);
	free(places);
	free(calls);
	return fault;
}

/* The old metadata with what the policy says; NULL: there is nothing to say. */
static json_t *
make_metadata(const json_t *old, const SlipwaySecretPolicy *policy)
{
	json_t	   *metadata = json_is_object(old) ? json_copy((json_t *) old) : json_object();

	if (policy->purpose != NULL)
		(void) json_object_set_new(metadata, "purpose", json_string(policy->purpose));
	if (policy->environment != NULL)
		(void) json_object_set_new(metadata, "environment", json_string(policy->environment));
	if (policy->rotation_days > 0)
		(void) json_object_set_new(metadata, "rotation_days", json_sprintf("%d", policy->rotation_days));
	if (json_object_size(metadata) == 0)
	{
		json_decref(metadata);
		return NULL;
	}
	return json_pack("{s:o}", "metadata", metadata);
}

static SlipwaySecretFault *
post_secrets(SlipwayBarbicanStore *store, const SlipwaySecretItem *items, size_t count, const char *set, bool staged,
			 json_t *references)
{
	SlipwayBarbicanCall *calls = slipway_memory_new((count + 1) * sizeof(SlipwayBarbicanCall));
	char	   *tag = make_tag(set);
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < count; i++)
	{
		char	   *name = slipway_memory_format("%s%s%s%s", store->prefix, items[i].name, staged ? "@" : "", staged ? set : "");

		calls[i] = (SlipwayBarbicanCall) {
			.method = "POST", .path = slipway_memory_copy("secrets"), .body = make_body(name, &items[i], tag)
		};
		free(name);
	}
	free(tag);
	fault = slipway_barbican_perform(store->barbican, calls, count);
	for (size_t i = 0; i < count; i++)
	{
		json_t	   *answer = NULL;
		const char *reference;
		SlipwaySecretFault *own = fault == NULL || calls[i].status != 0 ? slipway_barbican_read(&calls[i], &answer) : NULL;

		/* those that were stored are noted, whatever became of the others */
		reference = json_string_value(json_object_get(answer, "secret_ref"));
		(void) json_array_append_new(references, reference != NULL ? json_string(reference) : json_null());
		if (own == NULL && reference == NULL && fault == NULL)
			own = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, NULL, "Barbican has not said where it has stored it");
		if (fault == NULL)
			fault = own;
		else
			slipway_secret_fault_free(own);
		json_decref(answer);
	}
	slipway_barbican_release(calls, count);
	free(calls);
	return fault;
}

static SlipwaySecretFault *
put_metadata(SlipwayBarbicanStore *store, const SlipwaySecretItem *items, size_t count, const json_t *metadata,
			 const json_t *references)
{
	SlipwayBarbicanCall *calls = slipway_memory_new((count + 1) * sizeof(SlipwayBarbicanCall));
	size_t		asked = 0;
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < count; i++)
	{
		json_t	   *body = make_metadata(json_array_get(metadata, i), &items[i].policy);
		char	   *path = slipway_barbican_path(json_string_value(json_array_get(references, i)));

		if (body != NULL && path != NULL)
			calls[asked++] = (SlipwayBarbicanCall) {
				.method = "PUT", .path = slipway_memory_format("%s/metadata", path), .body = body
			};
		else
			json_decref(body);
		free(path);
	}
	fault = slipway_barbican_perform(store->barbican, calls, asked);
	for (size_t i = 0; i < asked && fault == NULL; i++)
	{
		fault = calls[i].fault;
		calls[i].fault = NULL;
	}
	slipway_barbican_release(calls, asked);
	free(calls);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_store_items(SlipwayBarbicanStore *store, const SlipwaySecretItem *items, size_t count, const char *set,
							 const json_t *old, json_t **references)
{
	char		own[SLIPWAY_SECRET_SET_SIZE];
	json_t	   *metadata = NULL;
	SlipwaySecretFault *fault = fetch_metadata(store, old, &metadata);

	*references = json_array();
	if (fault == NULL)
	{
		slipway_secret_store_make_set(own);
		fault = post_secrets(store, items, count, set != NULL ? set : own, set != NULL, *references);
		if (fault == NULL)
			fault = put_metadata(store, items, count, metadata, *references);
		if (fault != NULL)
		{
			SlipwaySecretFault *undone = slipway_barbican_delete(store->barbican, *references);

			/* an answer that was lost may be that of a secret which is there now */
			if (undone == NULL && set == NULL && fault->kind == SLIPWAY_SECRET_FAULT_UNREACHABLE)
				undone = slipway_barbican_remove_staged(store, own, NULL);
			if (set == NULL)
				fault = slipway_barbican_doubt(fault, undone);
			else
				slipway_secret_fault_free(undone);
		}
	}
	if (fault != NULL)
	{
		json_decref(*references);
		*references = NULL;
	}
	json_decref(metadata);
	return fault;
}

/* A payload that is not there: of a secret without one, which counts as empty, or of none. */
static void
settle_missing(SlipwayBarbicanStore *store, SlipwaySecretLookup *lookup, const char *reference)
{
	SlipwayBarbicanCall call = {.method = "GET", .path = slipway_barbican_path(reference)};
	SlipwaySecretFault *fault = slipway_barbican_perform(store->barbican, &call, 1);

	if (fault == NULL && call.status == 404)
		lookup->state = SLIPWAY_SECRET_UNKNOWN;
	else if (fault == NULL && call.fault == NULL)
		lookup->state = SLIPWAY_SECRET_FOUND;
	else
	{
		lookup->state = SLIPWAY_SECRET_FAILED;
		lookup->fault = fault != NULL ? fault : call.fault;
		call.fault = fault != NULL ? call.fault : NULL;
	}
	slipway_barbican_release(&call, 1);
}

/* A list of who may read it may be that of one secret only, so it is named. */
static SlipwaySecretFault *
explain(const SlipwayBarbicanStore *store, const char *name, SlipwayBarbicanCall *call)
{
	SlipwaySecretFault *fault = call->fault;

	call->fault = NULL;
	if (fault->kind == SLIPWAY_SECRET_FAULT_FORBIDDEN)
	{
		char	   *text = fault->text;

		fault->text = slipway_memory_format("secret \"%s%s\": %s", store->prefix, name, text);
		free(text);
	}
	return fault;
}

SlipwaySecretFault *
slipway_barbican_fetch_payloads(SlipwayBarbicanStore *store, SlipwaySecretLookup *lookups, const char *const *references,
								size_t count)
{
	SlipwayBarbicanCall *calls = slipway_memory_new((count + 1) * sizeof(SlipwayBarbicanCall));
	size_t	   *places = slipway_memory_new((count + 1) * sizeof(size_t));
	size_t		asked = 0;
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < count; i++)
	{
		char	   *path = slipway_barbican_path(references[i]);

		if (path != NULL)
		{
			places[asked] = i;
			calls[asked++] = (SlipwayBarbicanCall) {
				.method = "GET", .path = slipway_memory_format("%s/payload", path), .accept = "application/octet-stream"
			};
		}
		free(path);
	}
	fault = slipway_barbican_perform(store->barbican, calls, asked);
	for (size_t i = 0; i < asked && fault == NULL; i++)
	{
		SlipwaySecretLookup *lookup = &lookups[places[i]];

		if (calls[i].fault == NULL)
		{
			lookup->state = SLIPWAY_SECRET_FOUND;
			lookup->value = calls[i].answer;
			calls[i].answer = (SlipwaySecretBuffer) {0};
		}
		else if (calls[i].status == 404)
			settle_missing(store, lookup, references[places[i]]);
		else
		{
			lookup->state = SLIPWAY_SECRET_FAILED;
			lookup->fault = explain(store, lookup->name, &calls[i]);
		}
	}
	slipway_barbican_release(calls, asked);
	free(places);
	free(calls);
	return fault;
}
