/*
 * copy_inline.c
 *	  Runs COPY ... FROM STDIN with data that stand in the script.
 *
 * The server's own COPY does the work. A function of ours in its place could
 * call BeginCopyFrom(), which takes data from a callback; but it would have to
 * repeat what DoCopy() does before, and, worse, hooks of other extensions are
 * called behind ours, so that an audit trail would not show the statement.
 *
 * DoCopy() reads from the client if there is one, else from stdin, as in
 * single-user mode. So between its check of the rights and the first row there
 * is no client: whereToSendOutput says so, and stdin, which is an ordinary variable in the
 * GNU C library, is a stream over the script. Neither is so for longer, as
 * messages would be lost; what can raise one before the first row, a BEFORE STATEMENT
 * trigger, is met by the hooks of the function manager: the first sees functions when they are looked up,
 * but not those with SECURITY DEFINER or settings, which the second sees when they are called. If the hook for the check of rights
 * is not ours to see, it begins with the statement: a COPY that did ask the
 * client for data would leave it without a way to go on.
 */
#include "postgres.h"

#include <stdio.h>

#include "catalog/pg_type.h"
#include "commands/copy.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "copy_data.h"
#include "copy_inline.h"
#include "error_code.h"
#include "guard.h"

#ifdef __GLIBC__
#define set_stdin(file) (stdin = (file))
#else
#define set_stdin(file) \
	ereport(ERROR, \
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), \
			 errmsg("COPY ... FROM STDIN in a migration needs the GNU C library")))
#endif

static needs_fmgr_hook_type next_needs_fmgr = NULL;
static fmgr_hook_type next_fmgr = NULL;

static struct
{
	const Node *stmt;			/* NULL: the statement is not such a COPY */
	const char *data;			/* what was not read yet */
	size_t		length;
	FILE	   *stream;			/* NULL: it does not run */
	ErrorContextCallback *outer;	/* what was around it when it began */
	bool		reading;		/* it has found its data */
	bool		hidden;			/* the client; then these are to come back: */
	CommandDest dest;
	FILE	   *input;
	bool		certain;		/* the next trigger that COPY itself calls is the table's own */
}			copy;

static void
hide_client(void)
{
	if (copy.hidden || copy.reading)
		return;
	copy.dest = whereToSendOutput;
	copy.input = stdin;
	set_stdin(copy.stream);
	whereToSendOutput = DestNone;
	copy.hidden = true;
}

static void
show_client(void)
{
	if (!copy.hidden)
		return;
	whereToSendOutput = copy.dest;
	set_stdin(copy.input);
	copy.hidden = false;
	copy.reading = true;
}

/* For stdio: no error may be raised here. */
static ssize_t
read_data(void *cookie, char *buffer, size_t size)
{
	size_t		length = Min(size, copy.length);

	show_client();
	memcpy(buffer, copy.data, length);
	copy.data += length;
	copy.length -= length;
	return length;
}

static DefElem *
find_encoding(const List *options)
{
	ListCell   *cell;

	foreach(cell, options)
		if (strcmp(lfirst_node(DefElem, cell)->defname, "encoding") == 0)
			return lfirst(cell);
	return NULL;
}

/*
 * The server takes the client's encoding for that of the data. But they were
 * converted together with the script from UTF-8, also where they say that they are UTF-8.
 */
static void
set_encoding(CopyStmt *stmt)
{
	Node	   *name = (Node *) makeString(pstrdup(GetDatabaseEncodingName()));
	DefElem    *option = find_encoding(stmt->options);

	if (option == NULL)
		stmt->options = lappend(list_copy(stmt->options), makeDefElem("encoding", name, -1));
	else if (option->arg && IsA(option->arg, String) &&
			 pg_char_to_encoding(strVal(option->arg)) == PG_UTF8)
		option->arg = name;
}

void
slipway_copy_inline_prepare(const char *script, const SlipwayStatement *statement, RawStmt *raw)
{
	copy.stmt = NULL;
	if (statement->data.location == 0 || !slipway_copy_data_wanted(raw->stmt))
		return;
	copy.stmt = raw->stmt;
	copy.data = script + statement->data.location;
	copy.length = statement->data.length;
	set_encoding((CopyStmt *) raw->stmt);
}

/* The script was checked; this is for what finds another way here. */
static void
refuse_client(const Node *stmt)
{
	const CopyStmt *other = (const CopyStmt *) stmt;

	if (IsA(stmt, CopyStmt) && other->filename == NULL && !other->is_program)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("COPY from or to the client is not allowed in a migration")));
}

bool
slipway_copy_inline_begin(const Node *stmt)
{
	if (stmt != copy.stmt || copy.stream)
	{
		refuse_client(stmt);
		return false;
	}
	copy.stream = fopencookie(NULL, "r", (cookie_io_functions_t) {.read = read_data});
	if (copy.stream == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	copy.outer = error_context_stack;
	copy.reading = copy.certain = false;
	if (!slipway_guard_sees_rows())
		hide_client();
	return true;
}

void
slipway_copy_inline_end(void)
{
	show_client();
	(void) fclose(copy.stream);
	copy.stream = NULL;
	copy.stmt = NULL;
}

/* An error that was raised while there was no client is meant for it all the same. */
void
slipway_copy_inline_fail(MemoryContext context)
{
	ErrorData  *error;
	bool		hidden = copy.hidden;

	slipway_copy_inline_end();
	if (!hidden)
		PG_RE_THROW();
	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	error->output_to_client = whereToSendOutput == DestRemote;
	ReThrowError(error);
}

/* A function in its WHERE, evaluated early, may be what asks for rights: it would have its context. */
void
slipway_copy_inline_allowed(void)
{
	if (copy.stream == NULL)
		return;
	hide_client();
	copy.certain |= error_context_stack == copy.outer;
}

int
slipway_copy_inline_line(void)
{
	ErrorContextCallback *callback = error_context_stack;
	CopyFromState state;

	while (callback && callback->callback != CopyFromErrorCallback)
		callback = callback->previous;
	if (callback == NULL || copy.stream == NULL)
		return 0;
	state = callback->arg;
	return state->copy_file == copy.stream && !slipway_copy_in_batch(state) ? state->cur_lineno : 0;
}

/* Functions in the defaults of columns are evaluated early: what they call has their context. */
static void
meet_function(Oid function)
{
	if (copy.hidden && copy.certain && error_context_stack == copy.outer &&
		get_func_rettype(function) == TRIGGEROID)
		show_client();
}

static void
call_function(FmgrHookEventType event, FmgrInfo *function, Datum *private)
{
	if (event == FHET_START)
		meet_function(function->fn_oid);
	if (next_fmgr)
		next_fmgr(event, function, private);
}

static bool
needs_fmgr(Oid function)
{
	meet_function(function);
	return next_needs_fmgr ? next_needs_fmgr(function) : false;
}

void
slipway_copy_inline_init(void)
{
	next_needs_fmgr = needs_fmgr_hook;
	needs_fmgr_hook = needs_fmgr;
	next_fmgr = fmgr_hook;
	fmgr_hook = call_function;
}
