/*
 * detached.c
 *	  Deploys that outlive the session which began them.
 *
 * slipway.migrate_detached() starts a background worker, hands it all that makes
 * the caller's session what it is, and waits until the worker has a row of its
 * own in slipway.detached_run. Until then the worker's errors are the caller's.
 * From then on the two have nothing to do with each other: the worker executes
 * CALL slipway.migrate() as the backend of a client would, and writes into its
 * row how that ended. All that goes from one to the other is in a segment of
 * shared memory: the parcel, and a queue for what the worker answers.
 *
 * The worker logs in as the session user. So a caller whose identity is
 * another one for the time of a function must be refused: a function of an
 * index that runs as the owner of a table, in a session of a superuser, would
 * otherwise have a session of that superuser to itself.
 */
#include "postgres.h"

#include <signal.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/latch.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/cmdtag.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/ps_status.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "actor.h"
#include "compat.h"
#include "detached.h"
#include "detached_notice.h"
#include "detached_run.h"
#include "error_code.h"
#include "guard.h"
#include "hold_cancel.h"
#include "options.h"
#include "variable.h"
#include "privilege.h"
#include "session_copy.h"
#include "settings.h"
#include "transaction.h"

#define SEGMENT_MAGIC 0x534C4950
#define KEY_HEAD 1
#define KEY_PARCEL 2
#define KEY_ANSWERS 3
#define ANSWERS_SIZE 16384

/*
 * The worker's answers: whether anybody listens, asked before its row is there for
 * all to see, and then that it goes on alone. Others are messages of the protocol.
 */
typedef struct Answer
{
	char		type;
	int64		number;
} Answer;

#define ANSWER_READY '?'
#define ANSWER_STARTED '@'

/* How long the worker may take until it is asked what for. */
#define SILENCE_MS 1000

/* What the worker must know before it can look at the parcel. */
typedef struct SegmentHead
{
	Oid			database;
	Oid			session_user;
	int			parcel_size;
} SegmentHead;

/* The worker's view of its job. Strings point into the parcel. */
typedef struct Job
{
	SegmentHead head;
	StringInfoData parcel;
	const char *project;
	const char *variables;		/* as JSON */
	const char *options;
	dsm_segment *segment;
	shm_mq_handle *answers;
} Job;

static int64 detached_number = 0;
static SlipwayDetachedEnd detached_end;

extern PGDLLEXPORT void slipway_detached_main(Datum main_arg);

int64
slipway_detached_number(void)
{
	return detached_number;
}

void
slipway_detached_note_stop(int unit, int units)
{
	detached_end.stopped_unit = unit;
	detached_end.units = units;
}

/* ---- the caller ---- */

static void
refuse_nologin(void)
{
	Oid			user = GetSessionUserId();
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(user));
	bool		can_login = HeapTupleIsValid(tuple) &&
		((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (can_login || SLIPWAY_WORKER_WITHOUT_LOGIN != 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("role \"%s\" is not permitted to log in", GetUserNameFromId(user, false)),
			 errdetail("A detached deploy runs in a background worker, which before PostgreSQL 17 needs a role that can log in."),
			 errhint("Use ALTER ROLE ... LOGIN, or CALL slipway.migrate() in this session.")));
}

/* It would not be part of what the script's transaction does, nor be rolled back with a rehearsal. */
static void
refuse_in_script(void)
{
	if (!slipway_guard_active())
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("slipway.migrate_detached() is not allowed in a migration"),
			 errhint("A run cannot start another one.")));
}

/* What would make the worker fail is said now where that is possible. */
static void
check_call(const char *project, Jsonb *options)
{
	refuse_in_script();
	slipway_actor_require_self("slipway.migrate_detached()");
	slipway_privilege_require(SLIPWAY_DEPLOYER, project);
	(void) slipway_project_load(project);
	(void) slipway_options_parse(options, "migrate");
	PreventCommandDuringRecovery("slipway.migrate_detached()");
	PreventCommandIfReadOnly("slipway.migrate_detached()");
	refuse_nologin();
}

/* The segment, with the parcel in it; *answers is for the worker's messages. */
static dsm_segment *
make_segment(const StringInfoData *parcel, shm_mq_handle **answers)
{
	shm_toc_estimator estimator;
	dsm_segment *segment;
	shm_toc    *toc;
	SegmentHead *head;
	char	   *bytes;
	shm_mq	   *queue;

	shm_toc_initialize_estimator(&estimator);
	shm_toc_estimate_chunk(&estimator, sizeof(SegmentHead));
	shm_toc_estimate_chunk(&estimator, parcel->len);
	shm_toc_estimate_chunk(&estimator, ANSWERS_SIZE);
	shm_toc_estimate_keys(&estimator, 3);
	segment = dsm_create(shm_toc_estimate(&estimator), 0);
	toc = shm_toc_create(SEGMENT_MAGIC, dsm_segment_address(segment), shm_toc_estimate(&estimator));

	head = shm_toc_allocate(toc, sizeof(SegmentHead));
	*head = (SegmentHead) {MyDatabaseId, GetSessionUserId(), parcel->len};
	shm_toc_insert(toc, KEY_HEAD, head);
	bytes = shm_toc_allocate(toc, parcel->len);
	memcpy(bytes, parcel->data, parcel->len);
	shm_toc_insert(toc, KEY_PARCEL, bytes);
	queue = shm_mq_create(shm_toc_allocate(toc, ANSWERS_SIZE), ANSWERS_SIZE);
	shm_toc_insert(toc, KEY_ANSWERS, queue);
	shm_mq_set_receiver(queue, MyProc);
	*answers = shm_mq_attach(queue, segment, NULL);
	return segment;
}

static BackgroundWorkerHandle *
register_worker(const char *project, dsm_segment *segment)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	snprintf(worker.bgw_name, BGW_MAXLEN, "slipway: %s detached", project);
	snprintf(worker.bgw_type, BGW_MAXLEN, "slipway worker");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), "pg_slipway");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "slipway_detached_main");
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker is free for a detached deploy"),
				 errdetail("All %d that max_worker_processes allows are taken.", max_worker_processes),
				 errhint("Try again later, raise max_worker_processes, or deploy without detaching.")));
	return handle;
}

/* Raises what the worker raised. What ended it does not end this session. */
static void
pass_on(StringInfo message)
{
	ErrorData	error;

	pq_parse_errornotice(message, &error);
	error.elevel = Min(error.elevel, ERROR);
	ThrowErrorData(&error);
}

/*
 * The worker must not wait for a lock of this transaction, which waits for the worker:
 * the server, which does not know that, would not find the deadlock.
 */
static void
refuse_own_lock(BackgroundWorkerHandle *worker)
{
	pid_t		pid;
	Datum	   *blockers;
	int			n;

	if (GetBackgroundWorkerPid(worker, &pid) != BGWH_STARTED)
		return;
	deconstruct_array(DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid))),
					  INT4OID, sizeof(int32), true, TYPALIGN_INT, &blockers, NULL, &n);
	for (int i = 0; i < n; i++)
		if (DatumGetInt32(blockers[i]) == MyProcPid)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_DEADLOCK_DETECTED),
					 errmsg("the detached deploy waits for a lock of the transaction that begins it"),
					 errhint("Commit first.")));
}

/* Takes the next answer; false if there will be none any more. */
static bool
next_answer(shm_mq_handle *answers, BackgroundWorkerHandle *worker, Size *size, void **data)
{
	for (;;)
	{
		shm_mq_result result = shm_mq_receive(answers, size, data, true);
		int			events;

		if (result != SHM_MQ_WOULD_BLOCK)
			return result == SHM_MQ_SUCCESS;
		events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, SILENCE_MS,
						   PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (events & WL_TIMEOUT)
			refuse_own_lock(worker);
	}
}

/* Waits until the worker has its number; raises the error that keeps it from it. */
static int64
await_number(shm_mq_handle *answers, BackgroundWorkerHandle *worker)
{
	Size		size;
	void	   *data;

	while (next_answer(answers, worker, &size, &data))
	{
		StringInfoData message;

		if (*(char *) data == ANSWER_STARTED)
			return ((Answer *) data)->number;
		if (*(char *) data == ANSWER_READY)
			continue;
		initStringInfo(&message);
		appendBinaryStringInfo(&message, (char *) data + 1, (int) size - 1);
		/* 'E'rror and 'N'otice; there is nothing else to be heard */
		pass_on(&message);
		pfree(message.data);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("the background worker of the detached deploy could not start"),
			 errhint("The server log may tell why.")));
}

static int64
launch(const char *project, const StringInfoData *parcel)
{
	shm_mq_handle *answers;
	dsm_segment *segment = make_segment(parcel, &answers);
	BackgroundWorkerHandle *handle = register_worker(project, segment);
	int64		number = 0;

	shm_mq_set_handle(answers, handle);
	PG_TRY();
	{
		number = await_number(answers, handle);
	}
	PG_CATCH();
	{
		/* Who cancels this call has no number, and wants no deploy. */
		TerminateBackgroundWorker(handle);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dsm_detach(segment);
	return number;
}

static Jsonb *
without(Jsonb *options, const char *key)
{
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(options), CStringGetTextDatum(key)));
}

PG_FUNCTION_INFO_V1(slipway_migrate_detached);

Datum
slipway_migrate_detached(PG_FUNCTION_ARGS)
{
	StringInfoData parcel;
	const char *project;
	Jsonb	   *options;
	SlipwayOptions *parsed;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project and options of slipway.migrate_detached() must not be null")));
	project = text_to_cstring(PG_GETARG_TEXT_PP(0));
	options = PG_GETARG_JSONB_P(1);
	check_call(project, options);
	parsed = slipway_options_parse(options, "migrate");
	initStringInfo(&parcel);
	slipway_session_put(&parcel, project);
	/* The worker shows its call with the options. */
	slipway_session_put(&parcel, slipway_variables_hand_on(parsed->variables, parsed->variables_key));
	options = without(without(options, "variables"), "variables_key");
	slipway_session_put(&parcel, JsonbToCString(NULL, &options->root, VARSIZE(options)));
	slipway_session_pack(&parcel);
	PG_RETURN_INT64(launch(project, &parcel));
}

/* ---- the worker ---- */

/* For the log: nobody else listens. */
static void
raise_abandoned(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the session that began a detached deploy has given it up")));
}

/* Unpacks the segment; messages go through it until it is detached. */
static void
open_segment(Datum handle, Job *job)
{
	dsm_segment *segment = dsm_attach(DatumGetUInt32(handle));
	shm_toc    *toc = segment ? shm_toc_attach(SEGMENT_MAGIC, dsm_segment_address(segment)) : NULL;
	shm_mq	   *queue;

	if (toc == NULL)
		raise_abandoned();
	queue = shm_toc_lookup(toc, KEY_ANSWERS, false);
	shm_mq_set_sender(queue, MyProc);
	job->segment = segment;
	job->answers = shm_mq_attach(queue, segment, NULL);
	pq_redirect_to_shm_mq(segment, job->answers);
	job->head = *(SegmentHead *) shm_toc_lookup(toc, KEY_HEAD, false);
	initStringInfo(&job->parcel);
	appendBinaryStringInfo(&job->parcel, shm_toc_lookup(toc, KEY_PARCEL, false), job->head.parcel_size);
	job->project = slipway_session_take(&job->parcel);
	job->variables = slipway_session_take(&job->parcel);
	job->options = slipway_session_take(&job->parcel);
}

static void
answer(const Job *job, char type)
{
	Answer		answer = {.type = type,.number = detached_number};

	if (shm_mq_send(job->answers, sizeof(answer), &answer, false, true) != SHM_MQ_SUCCESS)
		raise_abandoned();
}

/* Becomes what the caller's session is, and takes a number. */
static void
begin_job(Job *job)
{
	slipway_transaction_start();
	slipway_session_enter(&job->parcel);
	(void) set_config_option("application_name", psprintf("slipway: %s detached", job->project),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET, true, ERROR, false);
	detached_number = slipway_detached_run_add(slipway_project_load(job->project));
	answer(job, ANSWER_READY);
	CommitTransactionCommand();
}

/* The caller does not listen any more after this; what follows is for log and tables. */
static void
leave_caller(Job *job)
{
	answer(job, ANSWER_STARTED);
	dsm_detach(job->segment);
}

static void
announce(const char *call)
{
	debug_query_string = call;
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, call);
	if (log_statement == LOGSTMT_ALL)
		ereport(LOG, (errmsg("statement: %s", call), errhidestmt(true), errhidecontext(true)));
}

/*
 * As exec_simple_query() of the server does it. The CALL is at top level
 * whatever other extensions want of our scripts' statements, or it could not
 * commit.
 */
static void
execute(const char *call, MemoryContext context)
{
	RawStmt    *raw;
	List	   *plans;
	Portal		portal;
	QueryCompletion qc;

	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	raw = linitial_node(RawStmt, pg_parse_query(call));
	set_ps_display(GetCommandTagName(CreateCommandTag(raw->stmt)));
	PushActiveSnapshot(GetTransactionSnapshot());
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw, call, NULL, 0, NULL),
							call, CURSOR_OPT_PARALLEL_OK, NULL);
	PopActiveSnapshot();
	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, call, CMDTAG_CALL, plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	(void) slipway_portal_run(portal, true, None_Receiver, &qc);
	PortalDrop(portal, false);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
}

/* Executes the call; returns the error that ended it, or NULL. */
static ErrorData *
try_execute(const char *call, MemoryContext context)
{
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		execute(call, context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		/* Into the log, as that of any statement. */
		EmitErrorReport();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		PortalErrorCleanup();
		MemoryContextSwitchTo(context);
	}
	PG_END_TRY();
	return error;
}

/*
 * Neither a cancel that comes so late nor settings of the caller must keep this from
 * being written.
 */
static void
end_job(const Job *job)
{
	uint32		held = slipway_hold_cancel();

	debug_query_string = NULL;
	slipway_transaction_start();
	XactReadOnly = false;
	slipway_settings_put("lock_timeout", "0", PGC_USERSET, GUC_ACTION_LOCAL);
	slipway_detached_run_end(job->project, detached_number, &detached_end);
	CommitTransactionCommand();
	slipway_resume_cancel(held);
}

void
slipway_detached_main(Datum main_arg)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "slipway detached",
												  ALLOCSET_DEFAULT_SIZES);
	Job			job;
	char	   *call;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	MemoryContextSwitchTo(context);
	open_segment(main_arg, &job);
	BackgroundWorkerInitializeConnectionByOid(job.head.database, job.head.session_user,
											  SLIPWAY_WORKER_WITHOUT_LOGIN);
	/* Who takes its messages are sessions of the same database, whatever its role's setting. */
	SetClientEncoding(GetDatabaseEncoding());
	MemoryContextSwitchTo(context);
	begin_job(&job);
	MemoryContextSwitchTo(context);
	leave_caller(&job);
	slipway_detached_notice_listen();
	call = psprintf("CALL slipway.migrate(%s, %s)", quote_literal_cstr(job.project),
					quote_literal_cstr(job.options));
	slipway_variables_offer(job.variables, NULL);
	announce(call);
	detached_end.error = try_execute(call, context);
	end_job(&job);
}
