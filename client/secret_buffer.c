/*
 * secret_buffer.c
 *	  Memory for what nobody else may see.
 *
 * Each block has its size in front of it, and is in a list, so that those which are in use
 * when the program ends are found.
 */
#include "secret_buffer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

typedef struct Block
{
	struct Block *next;
	struct Block *previous;
	size_t		size;
	max_align_t data[];
} Block;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Block *blocks = NULL;
static bool registered = false;

static Block *
find_block(void *data)
{
	return (Block *) ((char *) data - offsetof(Block, data));
}

/*
 * Runs at exit(). A thread that uses a block still is not waited for. The blocks are not
 * freed: somebody behind may have a pointer to one.
 */
static void
wipe_all(void)
{
	bool		locked = pthread_mutex_trylock(&lock) == 0;

	for (Block *block = blocks; block != NULL; block = block->next)
		explicit_bzero(block->data, block->size);
	/* what runs at exit() later may free some of them */
	if (locked)
		(void) pthread_mutex_unlock(&lock);
}

void *
slipway_secret_new(size_t size)
{
	Block	   *block;

	if (size > SIZE_MAX - sizeof(Block) - 1)
		size = SIZE_MAX - sizeof(Block) - 1;
	block = slipway_memory_new(sizeof(Block) + size + 1);
	block->size = size;
	(void) pthread_mutex_lock(&lock);
	if (!registered)
		registered = atexit(wipe_all) == 0;
	block->next = blocks;
	if (blocks != NULL)
		blocks->previous = block;
	blocks = block;
	(void) pthread_mutex_unlock(&lock);
	return block->data;
}

void
slipway_secret_free(void *data)
{
	Block	   *block;

	if (data == NULL)
		return;
	block = find_block(data);
	(void) pthread_mutex_lock(&lock);
	if (block->previous != NULL)
		block->previous->next = block->next;
	else
		blocks = block->next;
	if (block->next != NULL)
		block->next->previous = block->previous;
	(void) pthread_mutex_unlock(&lock);
	explicit_bzero(block->data, block->size);
	free(block);
}

void *
slipway_secret_resize(void *data, size_t size)
{
	void	   *result = slipway_secret_new(size);

	if (data != NULL)
	{
		size_t		before = find_block(data)->size;

		memcpy(result, data, before < size ? before : size);
		slipway_secret_free(data);
	}
	return result;
}

char *
slipway_secret_copy_bytes(const char *bytes, size_t length)
{
	char	   *result = slipway_secret_new(length + 1);

	if (length > 0)
		memcpy(result, bytes, length);
	return result;
}

char *
slipway_secret_copy(const char *text)
{
	return slipway_secret_copy_bytes(text, strlen(text));
}

static void
make_room(SlipwaySecretBuffer *buffer, size_t length)
{
	size_t		wanted = buffer->length + length + 1;

	if (wanted <= buffer->capacity)
		return;
	if (wanted < buffer->capacity * 2)
		wanted = buffer->capacity * 2;
	buffer->data = slipway_secret_resize(buffer->data, wanted);
	buffer->capacity = wanted;
}

void
slipway_secret_buffer_add_bytes(SlipwaySecretBuffer *buffer, const char *bytes, size_t length)
{
	make_room(buffer, length);
	if (length > 0)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void
slipway_secret_buffer_add(SlipwaySecretBuffer *buffer, const char *text)
{
	slipway_secret_buffer_add_bytes(buffer, text, strlen(text));
}

int
slipway_secret_buffer_read(SlipwaySecretBuffer *buffer, int file, size_t limit)
{
	for (;;)
	{
		ssize_t		got;

		make_room(buffer, 4096);
		got = read(file, buffer->data + buffer->length, buffer->capacity - buffer->length - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		buffer->length += (size_t) got;
		buffer->data[buffer->length] = '\0';
		if (got == 0 || buffer->length > limit)
			return 0;
	}
}

void
slipway_secret_buffer_release(SlipwaySecretBuffer *buffer)
{
	slipway_secret_free(buffer->data);
	*buffer = (SlipwaySecretBuffer) {0};
}
