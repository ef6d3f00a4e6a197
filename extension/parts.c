/*
 * parts.c
 *	  A script body that arrives in parts.
 *
 * Each part is checked, brought into its normal form and hashed when it comes:
 * it is in the processor's cache then, and the client is still busy with the next one.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "hash.h"
#include "normal_form.h"
#include "parts.h"

/* The longest character of UTF-8, in bytes. */
#define CHARACTER_SIZE 4

static struct
{
	LocalTransactionId transaction;
	int64		received;		/* bytes */
	MemoryContext context;		/* of the text */
	StringInfoData text;		/* room for a header, the normal form so far, what is open */
	int			settled;		/* where the normal form ends */
	int			open;			/* CRs behind that, which an LF may follow */
}			parts;

static void
begin(void)
{
	MemoryContext caller;

	if (parts.transaction == slipway_local_transaction())
		MemoryContextDelete(parts.context);
	parts.context = AllocSetContextCreate(TopTransactionContext, "slipway body", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(parts.context);
	initStringInfo(&parts.text);
	appendStringInfoSpaces(&parts.text, VARHDRSZ);
	MemoryContextSwitchTo(caller);
	parts.settled = VARHDRSZ;
	parts.received = parts.open = 0;
	parts.transaction = slipway_local_transaction();
	slipway_hash_begin(SLIPWAY_PIECES_OF_UPLOAD);
}

/* In other encodings the whole of it is converted at the end. */
static bool
holds_utf8(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
}

/* What may change by the next part stays open: CRs at the end, and part of a character. */
static void
settle(bool last)
{
	char	   *from = parts.text.data + parts.settled;
	int			length = parts.text.len - parts.settled;
	int			valid = parts.open + pg_encoding_verifymbstr(PG_UTF8, from + parts.open, length - parts.open);
	int			end = valid;
	int			normal;

	if (length - valid >= (last ? 1 : CHARACTER_SIZE))
	{
		parts.transaction = InvalidLocalTransactionId;
		report_invalid_encoding(PG_UTF8, from + valid, length - valid);
	}
	while (!last && end > parts.open && from[end - 1] == '\r')
		end--;
	/* Nothing but CRs, which were looked at already. */
	if (!last && end == parts.open)
		end = 0;
	parts.open = valid - end;
	normal = slipway_normal_form_part(from, end, parts.settled == VARHDRSZ);
	slipway_hash_add(SLIPWAY_PIECES_OF_UPLOAD, from, normal);
	if (normal != end)
		memmove(from + normal, from + end, length - end + 1);
	parts.text.len -= end - normal;
	parts.settled += normal;
}

void
slipway_parts_add(const bytea *part, int64 offset, bool last)
{
	if (offset == 0)
		begin();
	if (parts.transaction != slipway_local_transaction() || offset != parts.received)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the part of a script at byte " INT64_FORMAT " does not follow the one before it", offset),
				 errhint("Send all parts in order, in one transaction.")));
	appendBinaryStringInfo(&parts.text, VARDATA_ANY(part), VARSIZE_ANY_EXHDR(part));
	parts.received += VARSIZE_ANY_EXHDR(part);
	if (holds_utf8())
		settle(last);
}

/* Replaces the text by its normal form in the server's encoding, and hashes that. */
static void
convert(uint8 *hash)
{
	char	   *body = parts.text.data + VARHDRSZ;
	int			length = parts.text.len - VARHDRSZ;
	/* A byte order mark has no form in most encodings. */
	int			mark = strncmp(body, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	char	   *converted = pg_any_to_server(body + mark, length - mark, PG_UTF8);

	slipway_normal_form(converted);
	slipway_hash_text(converted, hash);
	parts.text.len = VARHDRSZ;
	if (converted == body + mark)
		converted = pstrdup(converted);
	appendStringInfoString(&parts.text, converted);
	pfree(converted);
}

text *
slipway_parts_take(uint8 *hash)
{
	text	   *body;

	if (holds_utf8())
		slipway_hash_end(SLIPWAY_PIECES_OF_UPLOAD, hash);
	else
		convert(hash);
	parts.transaction = InvalidLocalTransactionId;
	body = (text *) parts.text.data;
	SET_VARSIZE(body, parts.text.len);
	return body;
}
