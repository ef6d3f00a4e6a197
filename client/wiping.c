/*
 * wiping.c
 *	  Memory for libraries that hold secrets.
 */
#include "wiping.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

void
slipway_wiping_free(void *block)
{
	if (block == NULL)
		return;
	explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

void *
slipway_wiping_resize(void *block, size_t size)
{
	void	   *result;
	size_t		before;

	if (block == NULL)
		return malloc(size);
	if (size == 0)
	{
		slipway_wiping_free(block);
		return NULL;
	}
	before = malloc_usable_size(block);
	if (size <= before)
		return block;
	result = malloc(size);
	if (result == NULL)
		return NULL;
	memcpy(result, block, before);
	slipway_wiping_free(block);
	return result;
}

void
slipway_wiping_use_for_json(void)
{
	json_set_alloc_funcs(slipway_memory_new, slipway_wiping_free);
}
