/*
 * offer.c
 *	  A text that one session leaves for another, in shared memory.
 *
 * Behind a pooler in transaction mode, what a client says and the CALL that follows may reach different sessions.
 * A table would keep for ever what nobody is to see.
 *
 * A segment of shared memory is found by its handle, a number that anybody can guess, and that may
 * be one of somebody else's segment: so what is in it is believed only if it looks like ours, and has the key.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "offer.h"

#define MAGIC 0x51ace0ff

/* As long as somebody may think about a question, in milliseconds. */
#define LIFE_MS (60 * 60 * 1000)

typedef struct Offer
{
	uint32		magic;
	Oid			database;
	Oid			role;
	pg_atomic_uint32 taken;
	uint32		key_size;		/* of the bytes, with a NUL */
	uint32		text_size;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];	/* the key, then the text */
} Offer;

/*
 * So many of a session, of which the oldest goes. All sessions together must not take the segments that the server has: fewer than 5
 * for each of them, which parallel queries need.
 */
#define MOST_LEFT 4

/* One that was left by this session: by whom, it does not know, as a pooler may have many. */
typedef struct Left
{
	dsm_segment *segment;
	TimestampTz at;
	struct Left *next;
} Left;

static Left *left = NULL;

static bool
is_over(const Left *one)
{
	Offer	   *offer = dsm_segment_address(one->segment);

	return pg_atomic_read_u32(&offer->taken) != 0 ||
		TimestampDifferenceExceeds(one->at, GetCurrentTimestamp(), LIFE_MS);
}

/* Gives back what is taken or old, and what there is too much of behind as many as may stay; the newest comes first. */
static void
clear(int most)
{
	Left	  **link = &left;

	while (*link)
	{
		Left	   *one = *link;

		if (!is_over(one) && most > 0)
		{
			link = &one->next;
			most--;
			continue;
		}
		*link = one->next;
		explicit_bzero(dsm_segment_address(one->segment), dsm_segment_map_length(one->segment));
		dsm_detach(one->segment);
		pfree(one);
	}
}

static void
fill(Offer *offer, const char *text, const char *key)
{
	offer->magic = MAGIC;
	offer->database = MyDatabaseId;
	offer->role = GetUserId();
	pg_atomic_init_u32(&offer->taken, 0);
	offer->key_size = strlen(key) + 1;
	offer->text_size = strlen(text) + 1;
	memcpy(offer->bytes, key, offer->key_size);
	memcpy(offer->bytes + offer->key_size, text, offer->text_size);
}

char *
slipway_offer_leave(const char *text, const char *key)
{
	Left	   *one;

	clear(MOST_LEFT - 1);
	one = MemoryContextAlloc(TopMemoryContext, sizeof(Left));
	one->segment = dsm_create(offsetof(Offer, bytes) + strlen(key) + strlen(text) + 2,
							  DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (one->segment == NULL)
	{
		pfree(one);
		return NULL;
	}
	dsm_pin_mapping(one->segment);
	one->at = GetCurrentTimestamp();
	one->next = left;
	left = one;
	fill(dsm_segment_address(one->segment), text, key);
	return psprintf("%s:%u", key, dsm_segment_handle(one->segment));
}

static bool
is_meant(const Offer *offer, Size size, const char *key, int key_length)
{
	return size > offsetof(Offer, bytes) && offer->magic == MAGIC &&
		offer->database == MyDatabaseId && offer->role == GetUserId() && offer->text_size > 0 &&
		(Size) offer->key_size + offer->text_size <= size - offsetof(Offer, bytes) &&
		offer->key_size == key_length + 1 && memcmp(offer->bytes, key, key_length) == 0;
}

static char *
read_text(Offer *offer, bool last)
{
	char	   *text = offer->bytes + offer->key_size;
	char	   *copy;

	if (last ? pg_atomic_exchange_u32(&offer->taken, 1) != 0 : pg_atomic_read_u32(&offer->taken) != 0)
		return NULL;
	copy = pnstrdup(text, offer->text_size - 1);
	if (last)
		explicit_bzero(text, offer->text_size);
	return copy;
}

/* Of a segment that this session has mapped only its own can be one. */
static bool
is_left_here(const dsm_segment *segment)
{
	const Left *one = left;

	while (one && one->segment != segment)
		one = one->next;
	return one != NULL;
}

char *
slipway_offer_take(const char *key, bool last)
{
	const char *colon = strrchr(key, ':');
	unsigned long handle = colon ? strtoul(colon + 1, NULL, 10) : 0;
	dsm_segment *mapped;
	dsm_segment *segment;
	char	   *text = NULL;

	if (handle == 0 || handle > PG_UINT32_MAX)
		return NULL;
	mapped = dsm_find_mapping((dsm_handle) handle);
	segment = mapped ? mapped : dsm_attach((dsm_handle) handle);
	if (segment == NULL || (mapped && !is_left_here(mapped)))
		return NULL;
	if (is_meant(dsm_segment_address(segment), dsm_segment_map_length(segment), key, colon - key))
		text = read_text(dsm_segment_address(segment), last);
	if (mapped == NULL)
		dsm_detach(segment);
	return text;
}
