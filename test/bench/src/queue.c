/*
 * queue.c
 *	  Bytes that wait, in order, for the time at which they are sent on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "queue.h"

struct Chunk
{
	Chunk	   *next;
	int64_t		due;
	size_t		size;
	size_t		sent;
	char		data[];
};

void
queue_push(Queue *queue, const void *data, size_t size, int64_t due)
{
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
	{
		perror("delay_proxy");
		exit(1);
	}
	chunk->next = NULL;
	chunk->due = queue->tail != NULL && queue->tail->due > due ? queue->tail->due : due;
	chunk->size = size;
	chunk->sent = 0;
	memcpy(chunk->data, data, size);
	if (queue->tail != NULL)
		queue->tail->next = chunk;
	else
		queue->head = chunk;
	queue->tail = chunk;
	queue->size += size;
}

static void
drop_head(Queue *queue)
{
	Chunk	   *chunk = queue->head;

	queue->head = chunk->next;
	if (queue->head == NULL)
		queue->tail = NULL;
	free(chunk);
}

ssize_t
queue_flush(Queue *queue, int fd, int64_t now)
{
	ssize_t		total = 0;

	while (queue->head != NULL && queue->head->due <= now)
	{
		Chunk	   *chunk = queue->head;
		ssize_t		sent = send(fd, chunk->data + chunk->sent, chunk->size - chunk->sent,
								MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? total : -1;
		total += sent;
		chunk->sent += (size_t) sent;
		queue->size -= (size_t) sent;
		if (chunk->sent < chunk->size)
			break;
		drop_head(queue);
	}
	return total;
}

int64_t
queue_due(const Queue *queue)
{
	return queue->head != NULL ? queue->head->due : INT64_MAX;
}

void
queue_clear(Queue *queue)
{
	while (queue->head != NULL)
		drop_head(queue);
	queue->size = 0;
}
