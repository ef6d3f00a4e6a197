/*
 * secret_cache.c
 *	  Secrets that were found a moment ago.
 */
#include "secret_cache.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "memory.h"

typedef struct Entry
{
	char	   *name;
	SlipwaySecretBuffer value;
	double		ends_at;
} Entry;

struct SlipwaySecretCache
{
	double		lifetime;
	Entry	   *entries;
	size_t		count;
};

SlipwaySecretCache *
slipway_secret_cache_new(double lifetime)
{
	SlipwaySecretCache *cache = slipway_memory_new(sizeof(SlipwaySecretCache));

	cache->lifetime = lifetime;
	return cache;
}

void
slipway_secret_cache_clear(SlipwaySecretCache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
	{
		free(cache->entries[i].name);
		slipway_secret_buffer_release(&cache->entries[i].value);
	}
	cache->count = 0;
}

void
slipway_secret_cache_free(SlipwaySecretCache *cache)
{
	if (cache == NULL)
		return;
	slipway_secret_cache_clear(cache);
	free(cache->entries);
	free(cache);
}

static Entry *
find(SlipwaySecretCache *cache, const char *name)
{
	for (size_t i = 0; i < cache->count; i++)
		if (strcmp(cache->entries[i].name, name) == 0)
			return &cache->entries[i];
	return NULL;
}

bool
slipway_secret_cache_find(SlipwaySecretCache *cache, const char *name, SlipwaySecretBuffer *value)
{
	const Entry *entry = find(cache, name);

	if (entry == NULL || slipway_clock_now() >= entry->ends_at)
		return false;
	slipway_secret_buffer_add_bytes(value, entry->value.data, entry->value.length);
	return true;
}

void
slipway_secret_cache_keep(SlipwaySecretCache *cache, const char *name, const SlipwaySecretBuffer *value)
{
	Entry	   *entry = find(cache, name);

	if (cache->lifetime <= 0 || value->length == 0)
		return;
	if (entry == NULL)
	{
		/* counted when it is whole: without memory the program ends, and wipes what is counted */
		Entry		fresh = {.name = slipway_memory_copy(name)};

		cache->entries = slipway_memory_resize(cache->entries, cache->count + 1, sizeof(Entry));
		entry = &cache->entries[cache->count];
		*entry = fresh;
		cache->count++;
	}
	slipway_secret_buffer_release(&entry->value);
	slipway_secret_buffer_add_bytes(&entry->value, value->data, value->length);
	entry->ends_at = slipway_clock_now() + cache->lifetime;
}
