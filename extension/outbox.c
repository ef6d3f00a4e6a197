/*
 * outbox.c
 *	  Messages to the client that wait.
 *
 * The server calls the functions that send something through a table, which parallel workers replace, too. While
 * the outbox is open that is ours.
 */
#include "postgres.h"

/* Of a server that was built with it headers would be needed that are not; nothing here depends on it. */
#undef ENABLE_GSS

#include "libpq/libpq.h"
#include "utils/memutils.h"

#include "outbox.h"

/* Of what scripts raise. */
#define MOST_BYTES (16 * 1024 * 1024)

typedef struct Waiting
{
	struct Waiting *next;
	char		type;
	size_t		length;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];
} Waiting;

static struct
{
	const PQcommMethods *server;	/* NULL: it is not open */
	MemoryContext context;
	Waiting    *first;
	Waiting   **end;
	size_t		bytes;			/* of scripts */
	int			left_out;
	bool		ending;			/* the session ends: the rest passes */
	bool		must_keep;
}			box;

static void
reset(void)
{
	box.server->comm_reset();
}

static int
flush(void)
{
	return box.ending ? box.server->flush() : 0;
}

static int
flush_if_writable(void)
{
	return box.ending ? box.server->flush_if_writable() : 0;
}

static bool
is_send_pending(void)
{
	return box.server->is_send_pending();
}

static void
keep(char type, const char *bytes, size_t length)
{
	Waiting    *message;

	if (!box.must_keep && box.bytes + length > MOST_BYTES)
	{
		box.left_out++;
		return;
	}
	if (!box.must_keep)
		box.bytes += length;
	message = MemoryContextAlloc(box.context, offsetof(Waiting, bytes) + length);
	message->next = NULL;
	message->type = type;
	message->length = length;
	memcpy(message->bytes, bytes, length);
	*box.end = message;
	box.end = &message->next;
}

static int
put(char type, const char *bytes, size_t length)
{
	/* An error of a statement is not sent before our procedure has ended with it. */
	if (type == 'E')
		box.ending = true;
	if (box.ending)
		return box.server->putmessage(type, bytes, length);
	keep(type, bytes, length);
	return 0;
}

static void
put_noblock(char type, const char *bytes, size_t length)
{
	(void) put(type, bytes, length);
}

static const PQcommMethods methods = {
	.comm_reset = reset,
	.flush = flush,
	.flush_if_writable = flush_if_writable,
	.is_send_pending = is_send_pending,
	.putmessage = put,
	.putmessage_noblock = put_noblock,
};

void
slipway_outbox_open(void)
{
	if (box.server)
		return;
	memset(&box, 0, sizeof(box));
	box.context = AllocSetContextCreate(TopMemoryContext, "slipway outbox", ALLOCSET_DEFAULT_SIZES);
	box.end = &box.first;
	box.server = PqCommMethods;
	PqCommMethods = &methods;
}

static void
say_left_out(int n)
{
	if (n > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("%d messages of scripts are not shown", n),
				 errdetail("They were raised while the rehearsal held a lock, and there were too many to keep.")));
}

void
slipway_outbox_send(void)
{
	int			left_out = box.left_out;
	MemoryContext context = box.context;
	const Waiting *first = box.first;

	if (box.server == NULL)
		return;
	PqCommMethods = box.server;
	memset(&box, 0, sizeof(box));
	for (const Waiting *message = first; message; message = message->next)
		(void) pq_putmessage(message->type, message->bytes, message->length);
	MemoryContextDelete(context);
	say_left_out(left_out);
}

void
slipway_outbox_forget(void)
{
	if (box.server == NULL)
		return;
	PqCommMethods = box.server;
	MemoryContextDelete(box.context);
	memset(&box, 0, sizeof(box));
}

void
slipway_outbox_must_keep(bool must)
{
	box.must_keep = must;
}
