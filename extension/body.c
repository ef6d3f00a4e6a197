/*
 * body.c
 *	  Script bodies as they are stored.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "body.h"
#include "error_code.h"
#include "hash.h"
#include "lookup.h"

/* What runs must be what the history will say has run. */
static void
check_body(const char *body, const uint8 *hash)
{
	uint8		actual[SLIPWAY_HASH_LEN];

	slipway_hash_text(body, actual);
	if (memcmp(actual, hash, SLIPWAY_HASH_LEN) != 0)
		ereport(ERROR,
				(errcode(SLIPWAY_CHAIN_BROKEN),
				 errmsg("stored script %s was changed after it was uploaded", slipway_hash_hex(hash)),
				 errhint("Find out who did that; then restore it from a backup.")));
}

/*
 * The large body that this session has stored last. A deploy uploads it in one
 * transaction and checks it in the next: to load it would take as long as to
 * store it.
 */
static struct
{
	MemoryContext context;		/* holds the text; NULL: there is none */
	text	   *body;
	uint8		hash[SLIPWAY_HASH_LEN];
	bool		committed;		/* the transaction that stored it has ended */
}			recent;

static void
forget_recent(void)
{
	if (recent.context)
		MemoryContextDelete(recent.context);
	recent.context = NULL;
}

void
slipway_body_remember(text *body, const uint8 *hash)
{
	MemoryContext context = GetMemoryChunkContext(body);
	Size		size = VARSIZE(body);

	forget_recent();
	if (size <= SLIPWAY_BODY_SMALL || size > SLIPWAY_BODY_ROOM)
	{
		MemoryContextDelete(context);
		return;
	}
	MemoryContextSetParent(context, TopMemoryContext);
	recent.context = context;
	recent.body = body;
	recent.committed = false;
	memcpy(recent.hash, hash, SLIPWAY_HASH_LEN);
}

/* Until the end of the transaction after the one that stored it. */
static void
forget_in_time(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT && !recent.committed)
		recent.committed = true;
	else if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		forget_recent();
}

/* Goes to the row of a script; false if there is none. */
static bool
find_script(SlipwayLookup *row, const uint8 *hash)
{
	slipway_lookup_again(row);
	slipway_lookup_key_hash(row, "hash", hash);
	return slipway_lookup_previous(row);
}

/* Hands the body over if it is this one, and still stored; or NULL. */
static text *
take_recent(const uint8 *hash)
{
	SlipwayLookup row;
	bool		found;

	if (recent.context == NULL || memcmp(recent.hash, hash, SLIPWAY_HASH_LEN) != 0)
		return NULL;
	slipway_lookup_open(&row, "script");
	found = find_script(&row, hash);
	slipway_lookup_close(&row);
	if (!found)
		return NULL;
	MemoryContextSetParent(recent.context, CurrentMemoryContext);
	recent.context = NULL;
	return recent.body;
}

/* With a NUL behind it. */
static text *
load_text(const uint8 *hash)
{
	SlipwayLookup row;
	text	   *body = NULL;
	bool		isnull;

	slipway_lookup_open(&row, "script");
	if (find_script(&row, hash))
	{
		body = DatumGetTextPCopy(slipway_lookup_datum(&row, "body", &isnull));
		body = repalloc(body, VARSIZE(body) + 1);
		*((char *) body + VARSIZE(body)) = '\0';
	}
	slipway_lookup_close(&row);
	if (body)
		check_body(VARDATA(body), hash);
	return body;
}

char *
slipway_body_load(const uint8 *hash)
{
	text	   *body = take_recent(hash);

	if (body == NULL)
		body = load_text(hash);
	return body ? VARDATA(body) : NULL;
}

char *
slipway_body_copy(const char *body)
{
	size_t		size = strlen(body) + 1;
	char	   *copy = (char *) palloc(VARHDRSZ + size) + VARHDRSZ;

	return memcpy(copy, body, size);
}

void
slipway_body_free(char *body)
{
	pfree(body - VARHDRSZ);
}

char **
slipway_body_load_small(const uint8 *const *hashes, int n)
{
	char	  **bodies = palloc0(Max(n, 1) * sizeof(char *));
	SlipwayLookup row;

	slipway_lookup_open(&row, "script");
	for (int i = 0; i < n; i++)
	{
		bool		isnull;
		Datum		body;

		if (!find_script(&row, hashes[i]))
			continue;
		body = slipway_lookup_datum(&row, "body", &isnull);
		if (toast_raw_datum_size(body) - VARHDRSZ <= SLIPWAY_BODY_SMALL)
			bodies[i] = TextDatumGetCString(body);
	}
	slipway_lookup_close(&row);
	for (int i = 0; i < n; i++)
		if (bodies[i])
			check_body(bodies[i], hashes[i]);
	return bodies;
}

void
slipway_body_init(void)
{
	RegisterXactCallback(forget_in_time, NULL);
}
