/*
 * barbican_certificate.c
 *	  TLS material in Barbican.
 */
#include "barbican_certificate.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* As Barbican calls what is in a certificate container. */
enum
{
	ROOT, CERTIFICATE, PRIVATE_KEY, PARTS
};

static const char *const part_names[PARTS] = {"intermediates", "certificate", "private_key"};

static const char *
find_part(const json_t *container, const char *name)
{
	const json_t *item;
	size_t		i;

	json_array_foreach(json_object_get(container, "secret_refs"), i, item)
		if (strcmp(slipway_barbican_name(item), name) == 0)
			return slipway_barbican_reference(item);
	return NULL;
}

static bool
is_type(const json_t *container, const char *type)
{
	const char *text = json_string_value(json_object_get(container, "type"));

	return text != NULL && strcmp(text, type) == 0;
}

/* Of what has lost its secrets nothing is left that counts. A set, which is generic too, has its mark beside a secret of such a name. */
bool
slipway_barbican_is_certificate(const json_t *container)
{
	size_t		count = json_array_size(json_object_get(container, "secret_refs"));

	return (is_type(container, "certificate") && count > 0) ||
		(is_type(container, "generic") && count == 1 && find_part(container, part_names[ROOT]) != NULL);
}

static bool
is_ruin(const json_t *container)
{
	return (is_type(container, "certificate") || is_type(container, "generic")) &&
		json_array_size(json_object_get(container, "secret_refs")) == 0;
}

SlipwaySecretFault *
slipway_barbican_find_certificates(SlipwayBarbicanStore *store, const char *name, json_t **containers)
{
	char	   *escaped = slipway_barbican_escape(name);
	char	   *query = slipway_memory_format("name=%s", escaped);
	json_t	   *all;
	json_t	   *container;
	size_t		i;
	SlipwaySecretFault *fault = slipway_barbican_list(store->barbican, "containers", query, &all);

	*containers = fault == NULL ? json_array() : NULL;
	json_array_foreach(all, i, container)
		if (strcmp(slipway_barbican_name(container), name) == 0 &&
			(slipway_barbican_is_certificate(container) || is_ruin(container)))
			(void) json_array_append(*containers, container);
	json_decref(all);
	free(query);
	free(escaped);
	return fault;
}

/* The newest that is not a ruin, or NULL. */
static const json_t *
find_newest(const json_t *containers)
{
	for (size_t i = json_array_size(containers); i > 0; i--)
		if (!is_ruin(json_array_get(containers, i - 1)))
			return json_array_get(containers, i - 1);
	return NULL;
}

static SlipwaySecretBuffer *
choose_part(SlipwaySecretCertificate *certificate, int part)
{
	return part == ROOT ? &certificate->root : part == CERTIFICATE ? &certificate->certificate : &certificate->private_key;
}

SlipwaySecretFault *
slipway_barbican_fetch_certificate(void *state, const char *name, bool *found, SlipwaySecretCertificate *certificate)
{
	SlipwayBarbicanStore *store = state;
	char	   *whole = slipway_memory_format("%s%s", store->prefix, name);
	SlipwaySecretLookup lookups[PARTS] = {{0}};
	const char *references[PARTS];
	char	   *names[PARTS];
	json_t	   *containers;
	const json_t *newest;
	SlipwaySecretFault *fault = slipway_barbican_find_certificates(store, whole, &containers);

	newest = find_newest(containers);
	*found = newest != NULL;
	for (int i = 0; i < PARTS; i++)
	{
		names[i] = slipway_memory_format("%s.%s", name, part_names[i]);
		lookups[i].name = names[i];
		references[i] = find_part(newest, part_names[i]);
	}
	if (fault == NULL && newest != NULL)
		fault = slipway_barbican_fetch_payloads(store, lookups, references, PARTS);
	for (int i = 0; i < PARTS; i++)
	{
		if (fault == NULL && lookups[i].state == SLIPWAY_SECRET_FAILED)
		{
			fault = lookups[i].fault;
			lookups[i].fault = NULL;
		}
		else if (fault == NULL && references[i] != NULL && lookups[i].state != SLIPWAY_SECRET_FOUND)
			fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_CONFLICT, "Try again.",
											 "certificate \"%s\" is being changed by somebody else", whole);
		if (fault == NULL)
		{
			*choose_part(certificate, i) = lookups[i].value;
			lookups[i].value = (SlipwaySecretBuffer) {0};
		}
	}
	slipway_secret_lookup_release(lookups, PARTS);
	for (int i = 0; i < PARTS; i++)
		free(names[i]);
	json_decref(containers);
	free(whole);
	return fault;
}

/* Stores the parts that there are; the list is as a container wants it. */
static SlipwaySecretFault *
store_parts(SlipwayBarbicanStore *store, const char *name, const SlipwaySecretCertificate *certificate, const char *set,
			json_t *list, json_t **references)
{
	SlipwaySecretItem items[PARTS] = {{0}};
	const char *names[PARTS];
	char	   *owned[PARTS] = {NULL};
	size_t		count = 0;
	SlipwaySecretFault *fault;

	for (int i = 0; i < PARTS; i++)
	{
		const SlipwaySecretBuffer *part = choose_part((SlipwaySecretCertificate *) certificate, i);

		if (part->length == 0)
			continue;
		owned[count] = slipway_memory_format("%s.%s", name, part_names[i]);
		names[count] = part_names[i];
		items[count] = (SlipwaySecretItem) {.name = owned[count], .bytes = part->data, .length = part->length};
		count++;
	}
	fault = slipway_barbican_store_items(store, items, count, set, NULL, references);
	for (size_t i = 0; i < count && fault == NULL; i++)
		(void) json_array_append_new(list, json_pack("{s:s, s:O}", "name", names[i], "secret_ref", json_array_get(*references, i)));
	for (size_t i = 0; i < count; i++)
		free(owned[i]);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_delete_certificates(SlipwayBarbicanStore *store, const json_t *containers)
{
	json_t	   *outer = json_array();
	json_t	   *inner = json_array();
	const json_t *container;
	const json_t *item;
	size_t		i;
	size_t		j;
	SlipwaySecretFault *fault;

	json_array_foreach(containers, i, container)
	{
		(void) json_array_append_new(outer, json_string(slipway_barbican_reference(container)));
		json_array_foreach(json_object_get(container, "secret_refs"), j, item)
			(void) json_array_append_new(inner, json_string(slipway_barbican_reference(item)));
	}
	fault = slipway_barbican_delete(store->barbican, inner);
	if (fault == NULL)
		fault = slipway_barbican_delete(store->barbican, outer);
	json_decref(outer);
	json_decref(inner);
	return fault;
}

/* Has one of the containers that secret? */
static bool
has_secret(const json_t *container, const char *reference)
{
	const json_t *item;
	size_t		i;

	json_array_foreach(json_object_get(container, "secret_refs"), i, item)
		if (strcmp(slipway_barbican_reference(item), reference) == 0)
			return true;
	return false;
}

/*
 * After a failure: nothing of it may count, and no key may be left where nobody sees it. An answer that was lost may be that of a
 * container which is there now.
 */
static SlipwaySecretFault *
take_back(SlipwayBarbicanStore *store, const char *name, const char *set, const json_t *references)
{
	const char *first = json_string_value(json_array_get(references, 0));
	json_t	   *containers = NULL;
	json_t	   *made = json_array();
	const json_t *container;
	size_t		i;
	SlipwaySecretFault *fault = first != NULL ? slipway_barbican_find_certificates(store, name, &containers) : NULL;

	json_array_foreach(containers, i, container)
		if (has_secret(container, first))
			(void) json_array_append_new(made, json_string(slipway_barbican_reference(container)));
	if (fault == NULL)
		fault = slipway_barbican_delete(store->barbican, made);
	if (fault == NULL)
		fault = slipway_barbican_remove_staged(store, set, NULL);
	json_decref(made);
	json_decref(containers);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_put_certificate(void *state, const char *name, const SlipwaySecretCertificate *certificate)
{
	SlipwayBarbicanStore *store = state;
	char		set[SLIPWAY_SECRET_SET_SIZE];
	char	   *whole = slipway_memory_format("%s%s", store->prefix, name);
	char	   *reference = NULL;
	json_t	   *list = json_array();
	json_t	   *references = NULL;
	json_t	   *older;
	SlipwaySecretFault *fault = slipway_barbican_find_certificates(store, whole, &older);

	if (fault == NULL)
	{
		slipway_secret_store_make_set(set);
		fault = store_parts(store, name, certificate, set, list, &references);
		if (fault == NULL)
			fault = slipway_barbican_create(store->barbican, "containers",
											json_pack("{s:s, s:s, s:O}", "type", certificate->certificate.length > 0 ? "certificate" : "generic",
													  "name", whole, "secret_refs", list), &reference);
		if (fault == NULL)
		{
			slipway_barbican_warn_of_rest(slipway_barbican_delete_certificates(store, older));
			slipway_barbican_warn_of_rest(slipway_barbican_remove_staged(store, set, references));
		}
		else
			fault = slipway_barbican_doubt(fault, take_back(store, whole, set, references));
	}
	json_decref(references);
	json_decref(older);
	json_decref(list);
	free(reference);
	free(whole);
	return fault;
}
