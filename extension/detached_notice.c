/*
 * detached_notice.c
 *	  What the scripts of a detached deploy say: notices, warnings.
 *
 * The worker has no client, so that the server would drop what is meant for
 * one. It is given one here, which only listens. What it hears is written down
 * together with the next record of the deploy, also that of a failure: then
 * whoever watches can read it, and never before what it is about has been
 * committed or rolled back.
 *
 * A message may come at any time, also while memory is short or a transaction
 * fails; so what is heard is only copied, and taken apart when it is written.
 */
#include "postgres.h"

/* Of a connection nothing is used: the headers of Kerberos need not be here. */
#undef ENABLE_GSS

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/ilist.h"
#include "libpq/libpq.h"
#include "mb/pg_wchar.h"
#include "postmaster/postmaster.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "detached.h"
#include "detached_notice.h"
#include "lookup.h"
#include "message.h"
#include "query.h"
#include "spi.h"

/* A script may raise one for each row of a table: the first ones must do. */
#define MAX_NOTICES 1000
#define MAX_BYTES (256 * 1024)

typedef struct Notice
{
	slist_node	node;
	bool		saved;			/* by this transaction */
	int64		number;
	char		fields[FLEXIBLE_ARRAY_MEMBER];	/* of the message of the protocol */
} Notice;

static struct
{
	MemoryContext context;		/* NULL: this process does not listen */
	slist_head	notices;		/* newest first */
	int64		count;			/* of the deploy */
	Size		bytes;
}			heard;

static void
do_nothing(void)
{
}

static int
succeed(void)
{
	return 0;
}

static bool
is_nothing_pending(void)
{
	return false;
}

/* The progress of the run is not for this: it is in the tables already. */
static bool
is_event(const char *fields)
{
	bool		event = false;

	for (; *fields; fields += strlen(fields) + 1)
	{
		if (*fields == PG_DIAG_CONTEXT)
			return false;
		event |= *fields == PG_DIAG_MESSAGE_DETAIL && strncmp(fields + 1, SLIPWAY_EVENT_BEGIN, strlen(SLIPWAY_EVENT_BEGIN)) == 0;
	}
	return event;
}

/* Takes a message; those of the type 'N' end with an empty field. */
static int
hear(char type, const char *message, size_t length)
{
	Notice	   *notice;

	if (type != 'N' || length == 0 || message[length - 1] != '\0' || is_event(message) ||
		heard.count >= MAX_NOTICES || heard.bytes + length > MAX_BYTES)
		return 0;
	notice = MemoryContextAllocExtended(heard.context, offsetof(Notice, fields) + length, MCXT_ALLOC_NO_OOM);
	if (notice == NULL)
		return 0;
	notice->saved = false;
	notice->number = ++heard.count;
	memcpy(notice->fields, message, length);
	heard.bytes += length;
	slist_push_head(&heard.notices, &notice->node);
	return 0;
}

static void
hear_too(char type, const char *message, size_t length)
{
	(void) hear(type, message, length);
}

static const PQcommMethods listener = {
	.comm_reset = do_nothing,
	.flush = succeed,
	.flush_if_writable = succeed,
	.is_send_pending = is_nothing_pending,
	.putmessage = hear,
	.putmessage_noblock = hear_too,
};

/* What is written is done with; what was not, in the end, is to be written again. */
static void
settle(XactEvent event, void *arg)
{
	slist_mutable_iter iter;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	slist_foreach_modify(iter, &heard.notices)
	{
		Notice	   *notice = slist_container(Notice, node, iter.cur);

		if (event == XACT_EVENT_ABORT)
			notice->saved = false;
		else if (notice->saved)
		{
			slist_delete_current(&iter);
			pfree(notice);
		}
	}
}

void
slipway_detached_notice_listen(void)
{
	heard.context = AllocSetContextCreate(TopMemoryContext, "slipway notices", ALLOCSET_DEFAULT_SIZES);
	slist_init(&heard.notices);
	RegisterXactCallback(settle, NULL);
	PqCommMethods = &listener;
	whereToSendOutput = DestRemote;
}

/* Text of a field, or NULL. A script may have asked for another encoding: that is not undone. */
static char *
read_field(const Notice *notice, char code)
{
	const char *fields = notice->fields;
	char	   *text;

	while (*fields && *fields != code)
		fields += strlen(fields) + 1;
	if (*fields == '\0')
		return NULL;
	text = pstrdup(fields + 1);
	if (!pg_verifymbstr(text, strlen(text), true))
		for (char *p = text; *p; p++)
			if (IS_HIGHBIT_SET(*p))
				*p = '?';
	return text;
}

static void
save(const char *project, int64 entry, Notice *notice)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_DETACHED_NOTICE_ADD, 9,
	{TEXTOID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_int8(&args, slipway_detached_number());
	slipway_arg_int8(&args, notice->number);
	slipway_arg_int8(&args, entry);
	slipway_arg_text(&args, read_field(notice, PG_DIAG_SEVERITY_NONLOCALIZED));
	slipway_arg_text(&args, read_field(notice, PG_DIAG_SQLSTATE));
	slipway_arg_text(&args, read_field(notice, PG_DIAG_MESSAGE_PRIMARY));
	slipway_arg_text(&args, read_field(notice, PG_DIAG_MESSAGE_DETAIL));
	slipway_arg_text(&args, read_field(notice, PG_DIAG_MESSAGE_HINT));
	slipway_query(&query, &args, 0);
	notice->saved = true;
}

void
slipway_detached_notice_save(const char *project, bool entry_added)
{
	slist_iter	iter;
	int64		entry;

	if (heard.context == NULL || slist_is_empty(&heard.notices))
		return;
	entry = slipway_lookup_last("history", project, "entry") + (entry_added ? 0 : 1);
	slist_foreach(iter, &heard.notices)
	{
		Notice	   *notice = slist_container(Notice, node, iter.cur);

		if (!notice->saved)
			save(project, entry, notice);
	}
}
