/*
 * queue.h
 *	  Bytes that wait, in order, for the time at which they are sent on.
 */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Chunk Chunk;

/* All zero is an empty queue. */
typedef struct Queue
{
	Chunk	   *head;
	Chunk	   *tail;
	size_t		size;			/* bytes in it */
} Queue;

/* Adds a copy of the bytes. A chunk never overtakes the one before it. */
extern void queue_push(Queue *queue, const void *data, size_t size, int64_t due);

/*
 * Writes what is due at a time, as far as the socket takes it. Returns the
 * number of bytes, -1 if the socket is broken.
 */
extern ssize_t queue_flush(Queue *queue, int fd, int64_t now);

/* When the next chunk is due; INT64_MAX for an empty queue. */
extern int64_t queue_due(const Queue *queue);

extern void queue_clear(Queue *queue);

#endif
