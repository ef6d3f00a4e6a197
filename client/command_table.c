/*
 * command_table.c
 *	  The commands.
 */
#include "command.h"

#define OPTIONS(...) (const SlipwayOptionId[]) {__VA_ARGS__, SLIPWAY_OPTION_COUNT}
#define NO_OPTIONS (const SlipwayOptionId[]) {SLIPWAY_OPTION_COUNT}

const SlipwayOptionId slipway_command_connection_options[] = {
	SLIPWAY_OPTION_DBNAME, SLIPWAY_OPTION_URL, SLIPWAY_OPTION_HOST, SLIPWAY_OPTION_PORT,
	SLIPWAY_OPTION_USERNAME, SLIPWAY_OPTION_NO_PASSWORD, SLIPWAY_OPTION_PASSWORD,
	SLIPWAY_OPTION_COUNT
};

const SlipwayOptionId slipway_command_general_options[] = {
	SLIPWAY_OPTION_ENV, SLIPWAY_OPTION_CONFIG, SLIPWAY_OPTION_DIR, SLIPWAY_OPTION_PROJECT,
	SLIPWAY_OPTION_SECRETS, SLIPWAY_OPTION_SECRET_PREFIX,
	SLIPWAY_OPTION_JSON, SLIPWAY_OPTION_QUIET, SLIPWAY_OPTION_VERBOSE, SLIPWAY_OPTION_NO_COLOR,
	SLIPWAY_OPTION_HELP, SLIPWAY_OPTION_VERSION,
	SLIPWAY_OPTION_COUNT
};

const SlipwayCommand slipway_command_table[] = {
	{
		.name = "init",
		.summary = "prepare a database: extension, project, rights",
		.description =
		"Creates the extension pg_slipway if the database lacks it, updates it if it is\n"
		"older than the server's files, and registers the project. Each part is done\n"
		"only where needed, so it can be run again. Needs a superuser the first time.",
		.examples =
		"slipway -d shop init\n"
		"slipway -d shop init --schemas app,public --grant deploy=deployer",
		.options = OPTIONS(SLIPWAY_OPTION_SCHEMAS, SLIPWAY_OPTION_PROJECT_OWNER,
						   SLIPWAY_OPTION_OWNER, SLIPWAY_OPTION_GRANT, SLIPWAY_OPTION_APPROVAL,
						   SLIPWAY_OPTION_REASON, SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_init,
	},
	{
		.name = "new",
		.argument = "NAME",
		.summary = "write an empty script into the folder",
		.description =
		"Writes YYYYMMDDHHMMSS_name.sql, with --down or --verify .up.sql and its\n"
		"companions, and prints the paths. The time is UTC. In the name, whatever is no\n"
		"letter or digit becomes an underscore. Nothing is overwritten. One that is\n"
		"--repeatable has no time in its name, as it runs behind all others.",
		.examples =
		"slipway new \"add users\"\n"
		"slipway new add_orders --down --verify\n"
		"slipway new --repeatable order_views",
		.offline = true,
		.options = OPTIONS(SLIPWAY_OPTION_DOWN, SLIPWAY_OPTION_VERIFY, SLIPWAY_OPTION_REPEATABLE,
						   SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_new,
	},
	{
		.name = "migrate",
		.aliases = {"deploy", "up", "apply"},
		.summary = "apply what is pending",
		.description =
		"Uploads the scripts that the server lacks and applies the pending migrations,\n"
		"each in a transaction of its own together with its record. One that has a\n"
		"statement which refuses that, like CREATE INDEX CONCURRENTLY, runs in steps;\n"
		"if it fails, the next run goes on where it has stopped. With --mode all they\n"
		"share one transaction: all are applied, or none.\n\n"
		"With --verify the verify script of each migration runs right after it, and is\n"
		"rolled back; if it fails, so has the migration.\n\n"
		"Ctrl-C (or SIGTERM) cancels: what runs is rolled back, what was committed\n"
		"before stays. A second one leaves without waiting for the server.\n\n"
		"With --detach a worker of the server does it, which goes on when this program\n"
		"or its connection ends: Ctrl-C then ends the looking on only, \"slipway watch\"\n"
		"takes it up again, and \"slipway cancel\" cancels the run.\n\n"
		"Values of variables that scripts declare are taken from --var, else from the\n"
		"environment, SLIPWAY_VAR_NAME for NAME: the place for secrets, as others can\n"
		"see the command line.\n\n"
		"A TIME is a number with a unit, as in 500ms, 30s, 5min or 1h, or a plain number\n"
		"of milliseconds; 0 is no limit.",
		.examples =
		"slipway -d shop migrate\n"
		"slipway -d shop migrate --dry-run\n"
		"slipway --url postgresql://deploy@db/shop migrate --to 0007_orders",
		.options = OPTIONS(SLIPWAY_OPTION_TO, SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_MODE,
						   SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_VERIFY,
						   SLIPWAY_OPTION_OUT_OF_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER,
						   SLIPWAY_OPTION_LOCK_WAIT,
						   SLIPWAY_OPTION_LOCK_TIMEOUT, SLIPWAY_OPTION_STATEMENT_TIMEOUT,
						   SLIPWAY_OPTION_RETRIES, SLIPWAY_OPTION_CANCEL_BLOCKERS,
						   SLIPWAY_OPTION_VAR, SLIPWAY_OPTION_LABEL, SLIPWAY_OPTION_WEBHOOK, SLIPWAY_OPTION_SNAPSHOT,
						   SLIPWAY_OPTION_DETACH, SLIPWAY_OPTION_NO_WAIT, SLIPWAY_OPTION_ANCHOR,
						   SLIPWAY_OPTION_REQUIRE_DIRECT),
		.run = slipway_cmd_migrate,
	},
	{
		.name = "rollback",
		.aliases = {"down", "undo", "revert"},
		.summary = "take back what was applied, newest first",
		.description =
		"Runs the down scripts of migrations, the last applied first, each in a\n"
		"transaction of its own together with its record. They are those that were\n"
		"uploaded when the migration was applied, unless --down-scripts newest takes\n"
		"those of the folder. If one is missing, nothing is rolled back.\n\n"
		"--steps and --to are about versioned migrations; repeatable ones go with --all.\n"
		"--to names the one that stays; SLIPWAY_TO does not count. --script runs a\n"
		"script of your own for all that go (alone: for the newest), and is recorded\n"
		"like any other.\n\n"
		"On a terminal it shows what goes, with the rows of tables that would be lost,\n"
		"and asks. Elsewhere it needs --yes.",
		.examples =
		"slipway -d shop rollback --steps 1\n"
		"slipway -d shop rollback --to 0007_orders --dry-run\n"
		"slipway -d shop rollback --all --yes --delay 10",
		.options = OPTIONS(SLIPWAY_OPTION_STEPS, SLIPWAY_OPTION_TO, SLIPWAY_OPTION_ALL,
						   SLIPWAY_OPTION_SCRIPT, SLIPWAY_OPTION_DOWN_SCRIPTS, SLIPWAY_OPTION_YES,
						   SLIPWAY_OPTION_DELAY, SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ORDER,
						   SLIPWAY_OPTION_LOCK_WAIT, SLIPWAY_OPTION_LOCK_TIMEOUT,
						   SLIPWAY_OPTION_STATEMENT_TIMEOUT, SLIPWAY_OPTION_RETRIES,
						   SLIPWAY_OPTION_CANCEL_BLOCKERS, SLIPWAY_OPTION_VAR, SLIPWAY_OPTION_LABEL, SLIPWAY_OPTION_WEBHOOK,
						   SLIPWAY_OPTION_SNAPSHOT, SLIPWAY_OPTION_ANCHOR,
						   SLIPWAY_OPTION_REQUIRE_DIRECT),
		.run = slipway_cmd_rollback,
	},
	{
		.name = "redo",
		.summary = "roll the newest migration back and apply it again",
		.description =
		"Runs the down script of the versioned migration that was applied last, then its\n"
		"script as it is in the folder now: for work on a migration that nobody else has\n"
		"applied yet. Asks as rollback does.",
		.examples = "slipway -d shop redo --yes",
		.options = OPTIONS(SLIPWAY_OPTION_DOWN_SCRIPTS, SLIPWAY_OPTION_YES, SLIPWAY_OPTION_DELAY,
						   SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_LOCK_WAIT,
						   SLIPWAY_OPTION_LOCK_TIMEOUT, SLIPWAY_OPTION_STATEMENT_TIMEOUT,
						   SLIPWAY_OPTION_RETRIES, SLIPWAY_OPTION_CANCEL_BLOCKERS, SLIPWAY_OPTION_VAR,
						   SLIPWAY_OPTION_LABEL, SLIPWAY_OPTION_WEBHOOK, SLIPWAY_OPTION_SNAPSHOT,
						   SLIPWAY_OPTION_ANCHOR, SLIPWAY_OPTION_REQUIRE_DIRECT),
		.run = slipway_cmd_redo,
	},
	{
		.name = "plan",
		.summary = "show the steps that migrate would take",
		.description =
		"Compares the folder with the history and has the server check the pending\n"
		"scripts. Changes nothing.",
		.examples = "slipway -d shop plan --json",
		.options = OPTIONS(SLIPWAY_OPTION_TO, SLIPWAY_OPTION_MODE, SLIPWAY_OPTION_ORDER,
						   SLIPWAY_OPTION_OUT_OF_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER,
						   SLIPWAY_OPTION_VAR),
		.run = slipway_cmd_plan,
	},
	{
		.name = "rehearse",
		.summary = "run what is pending, and roll it back",
		.description =
		"Runs what migrate would in a transaction that is rolled back, and tells of each\n"
		"statement how long it took, what it locked, rewrote and read as a whole; then\n"
		"what that means for those who use the tables, and how to write it instead; what\n"
		"a rollback does not take back; and what would be different in the schema.\n\n"
		"It takes the real locks, if only for the time of --lock-hold, so it asks first,\n"
		"and elsewhere than on a terminal needs --yes; not where the section of --env\n"
		"has \"rehearse = allow\" and says where to connect to.\n\n"
		"Statements that refuse a transaction are not rehearsed, but for concurrent\n"
		"index statements on small tables. Exits with 5 if a statement fails.\n\n"
		"Unless they are given, --lock-timeout is 500ms here, and --statement-timeout\n"
		"1min.",
		.examples =
		"slipway -e staging rehearse --html rehearsal.html\n"
		"slipway -d shop rehearse --yes --json --fail-on danger",
		.options = OPTIONS(SLIPWAY_OPTION_TO, SLIPWAY_OPTION_HTML, SLIPWAY_OPTION_FAIL_ON,
						   SLIPWAY_OPTION_YES, SLIPWAY_OPTION_ORDER,
						   SLIPWAY_OPTION_OUT_OF_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER,
						   SLIPWAY_OPTION_LOCK_HOLD, SLIPWAY_OPTION_LOCK_WAIT,
						   SLIPWAY_OPTION_LOCK_TIMEOUT, SLIPWAY_OPTION_STATEMENT_TIMEOUT,
						   SLIPWAY_OPTION_PLAIN_INDEXES, SLIPWAY_OPTION_PLAIN_INDEXES_BELOW,
						   SLIPWAY_OPTION_VERIFY, SLIPWAY_OPTION_VAR, SLIPWAY_OPTION_SNAPSHOT,
						   SLIPWAY_OPTION_REQUIRE_DIRECT),
		.run = slipway_cmd_rehearse,
	},
	{
		.name = "status",
		.aliases = {"info"},
		.summary = "show the state of every migration",
		.description =
		"States are applied, pending, failed (pending, and its last try failed), changed\n"
		"(since it was applied), missing (applied or stopped part way, but its file is\n"
		"gone), future (applied, and newer than this folder), out of order (pending\n"
		"below an applied one) and rolled back in part (its rollback has stopped).\n\n"
		"Says also when the schema is not as the last run has left it: see \"slipway\n"
		"diff\".",
		.examples =
		"slipway -d shop status\n"
		"slipway -d shop status --exit-code || echo \"something is pending\"",
		.options = OPTIONS(SLIPWAY_OPTION_EXIT_CODE, SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_NO_DRIFT,
						   SLIPWAY_OPTION_IGNORE),
		.run = slipway_cmd_status,
	},
	{
		.name = "validate",
		.summary = "check the folder and the history",
		.description =
		"Checks that applied scripts are unchanged and all there, that pending ones are\n"
		"in order and, with their down and verify scripts, have no errors that show\n"
		"before they run, and that nobody altered the history or, with --anchor, cut its\n"
		"end off. Prints every problem; changes nothing.",
		.examples = "slipway -d shop validate",
		.options = OPTIONS(SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_OUT_OF_ORDER,
						   SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER, SLIPWAY_OPTION_VAR, SLIPWAY_OPTION_ANCHOR),
		.run = slipway_cmd_validate,
	},
	{
		.name = "verify",
		.argument = "[NAME]",
		.summary = "run the verify scripts of what is applied",
		.description =
		"Runs the verify script of every applied migration that has one, or of one\n"
		"migration, each in a transaction that is rolled back. One that raises an error\n"
		"has failed; all run, and every failure is reported. Changes nothing; exits with\n"
		"4 if any has failed. To verify each migration before it is recorded, use\n"
		"\"slipway migrate --verify\".",
		.examples =
		"slipway -d shop verify\n"
		"slipway -d shop verify 0007_orders --verify-scripts newest",
		.options = OPTIONS(SLIPWAY_OPTION_VERIFY_SCRIPTS, SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_VAR,
						   SLIPWAY_OPTION_LOCK_TIMEOUT, SLIPWAY_OPTION_STATEMENT_TIMEOUT,
						   SLIPWAY_OPTION_REQUIRE_DIRECT),
		.run = slipway_cmd_verify,
	},
	{
		.name = "baseline",
		.argument = "NAME",
		.summary = "take over a database: count migrations as applied",
		.description =
		"Uploads the folder and records every versioned migration up to this one as\n"
		"applied, without running any of them: for a database that was built by other\n"
		"means. Only in a project that has nothing applied yet. Needs an administrator.",
		.examples =
		"slipway -d shop baseline 0042_orders --dry-run\n"
		"slipway -d shop baseline 0042_orders --reason \"built by hand until now\"",
		.options = OPTIONS(SLIPWAY_OPTION_REASON, SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ORDER),
		.run = slipway_cmd_baseline,
	},
	{
		.name = "repair",
		.summary = "put right what the history says of a migration",
		.description =
		"One of these, which change the record and nothing else; each is an entry in the\n"
		"history with its reason. Needs an administrator.\n\n"
		"  --accept-checksum  an applied script has changed, and that is meant so\n"
		"  --forget-failed    what a failed migration left has been cleared away; one\n"
		"                     that stopped part way begins with its first statement\n"
		"  --mark-applied     somebody has done by hand what it would do, or put back\n"
		"                     what a rollback that stopped part way had taken\n"
		"  --settle           after a crash, nobody but you knows whether a statement\n"
		"                     that commits by itself was executed (SW015)",
		.examples =
		"slipway -d shop repair --accept-checksum 0007_orders --reason \"comment only\"\n"
		"slipway -d shop repair --settle 0009_fill=done --reason \"all rows are there\"",
		.options = OPTIONS(SLIPWAY_OPTION_ACCEPT_CHECKSUM, SLIPWAY_OPTION_FORGET_FAILED,
						   SLIPWAY_OPTION_MARK_APPLIED, SLIPWAY_OPTION_SETTLE,
						   SLIPWAY_OPTION_REASON, SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ORDER),
		.run = slipway_cmd_repair,
	},
	{
		.name = "approve",
		.argument = "NAME",
		.summary = "approve a script that somebody else has uploaded",
		.description =
		"Where a project requires it (\"slipway init --approval on\"), nothing runs that\n"
		"was not approved by somebody other than who uploaded it. What is approved is\n"
		"the script of a migration or hook, by its hash: that of the folder, or --hash.\n"
		"It is an entry in the history, and holds until --withdraw (without a folder:\n"
		"of the newest upload). --direction all is for all scripts of NAME. Needs the\n"
		"right of an approver.",
		.examples =
		"slipway -d shop approve 0007_orders\n"
		"slipway -d shop approve 0007_orders --direction down --reason OPS-12\n"
		"slipway -d shop approve 0007_orders --withdraw --reason \"locks too long\"",
		.options = OPTIONS(SLIPWAY_OPTION_DIRECTION, SLIPWAY_OPTION_HASH, SLIPWAY_OPTION_WITHDRAW,
						   SLIPWAY_OPTION_REASON, SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_approve,
	},
	{
		.name = "pending-approval",
		.summary = "list the scripts that wait to be approved",
		.description =
		"Those of what is pending in the newest upload, with its down and verify\n"
		"scripts, and of the hooks. Nothing where the project requires no approval. With\n"
		"--exit-code it exits with 11 if there is any.",
		.examples =
		"slipway -d shop pending-approval\n"
		"slipway -d shop pending-approval --direction up --exit-code",
		.options = OPTIONS(SLIPWAY_OPTION_DIRECTION, SLIPWAY_OPTION_EXIT_CODE),
		.run = slipway_cmd_pending_approval,
	},
	{
		.name = "diff",
		.summary = "show what has changed in the schema",
		.description =
		"Compares the schema as it is with what the last run has left, with a snapshot\n"
		"that was saved, or with another database, and shows each object that was added\n"
		"(+), dropped (-) or changed (~) since then; or that only this database has, or\n"
		"lacks, or has otherwise. Changes nothing; exits with 10 if anything differs.\n\n"
		"--save keeps the schema as it is under a name, in the place of what that had;\n"
		"--accept takes it for what the last run has left, so that what was done by hand\n"
		"is no difference any more. Both compare nothing.\n\n"
		"A PATTERN is schema:NAME, kind:NAME, extension:NAME or the name of an object,\n"
		"as public.orders, with * for any characters; columns, indexes and whatever else\n"
		"belongs to a table go with it. One option can have several, with commas.",
		.examples =
		"slipway -d shop diff --ignore \"audit.*\" --html drift.html\n"
		"slipway -d shop diff --with postgresql://db2/shop\n"
		"slipway -d shop diff --save before-release",
		.options = OPTIONS(SLIPWAY_OPTION_AGAINST, SLIPWAY_OPTION_WITH, SLIPWAY_OPTION_IGNORE,
						   SLIPWAY_OPTION_HTML, SLIPWAY_OPTION_SAVE, SLIPWAY_OPTION_ACCEPT),
		.run = slipway_cmd_diff,
	},
	{
		.name = "log",
		.summary = "show the history, newest last",
		.examples =
		"slipway -d shop log --limit 20\n"
		"slipway -d shop log --follow --json",
		.options = OPTIONS(SLIPWAY_OPTION_LIMIT, SLIPWAY_OPTION_FOLLOW),
		.run = slipway_cmd_log,
	},
	{
		.name = "watch",
		.summary = "follow a run that goes on elsewhere",
		.description =
		"Shows what the current run of the project does until it ends, and exits as its\n"
		"migrate does: 0 when it succeeded, 5 when a migration failed, 6 when one has\n"
		"stopped part way. If nothing runs, says how the last run ended and exits with\n"
		"0; but if that was detached and did not succeed, with its error and as its\n"
		"migrate would have. Ctrl-C ends the watching only.",
		.examples = "slipway -d shop watch",
		.options = NO_OPTIONS,
		.run = slipway_cmd_watch,
	},
	{
		.name = "cancel",
		.summary = "cancel the run that goes on",
		.description =
		"Cancels the current run of the project, whoever began it: its migration is\n"
		"rolled back, those before it stay applied. Needs the right of a deployer. Exits\n"
		"with 0 also if nothing runs.",
		.examples =
		"slipway -d shop cancel --dry-run\n"
		"slipway -d shop cancel",
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_cancel,
	},
	{
		.name = "check",
		.summary = "look at everything that a deploy depends on",
		.description =
		"Prints a line for each check, ok, warning, failed or skipped: the server and\n"
		"the way to it, the role's rights, schemas, the application's role, which must\n"
		"not be able to do what a migration does, long transactions, locks, INVALID\n"
		"indexes, the plan. Exits with 1 if one has failed, else with 0. Changes nothing\n"
		"but for --create-schemas.\n\n"
		"The application's connection is app_url of the section of --env,\n"
		"DB_CONN_STRING, or DB_HOST and its like. With --load so many connections at a\n"
		"time are got and used, again and again.\n\n"
		"With --tenant-column each table that has the column must have row-level\n"
		"security enabled and forced, and a policy; with --tenant-setting the\n"
		"application's role must see no row of others with it set to one tenant, and\n"
		"none at all without.",
		.examples =
		"slipway -e prod check\n"
		"slipway -e prod check --load 50 --duration 10s --compare baseline.json\n"
		"slipway -e prod check --tenant-column org_id --tenant-setting app.org",
		.options = OPTIONS(SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_OUT_OF_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER,
						   SLIPWAY_OPTION_REQUIRE_DIRECT, SLIPWAY_OPTION_SCHEMAS,
						   SLIPWAY_OPTION_CREATE_SCHEMAS, SLIPWAY_OPTION_BACKUP_ROLE, SLIPWAY_OPTION_LONG_TRANSACTION, SLIPWAY_OPTION_LOAD,
						   SLIPWAY_OPTION_DURATION, SLIPWAY_OPTION_ACQUIRE_LIMIT, SLIPWAY_OPTION_QUERY_LIMIT,
						   SLIPWAY_OPTION_SAVE_BASELINE, SLIPWAY_OPTION_COMPARE,
						   SLIPWAY_OPTION_TENANT_COLUMN, SLIPWAY_OPTION_TENANT_SETTING),
		.run = slipway_cmd_check,
	},
	{
		.name = "metrics",
		.summary = "print metrics for Prometheus",
		.description =
		"Prints runs, retries, waits for locks, migrations by state and the head of the\n"
		"history, of all projects that the role may read or of the one of --project, in\n"
		"the text format of Prometheus: for the textfile collector of node_exporter, or\n"
		"for a push gateway. To find drift it reads the whole schema, unless --no-drift.",
		.examples =
		"slipway -d shop metrics\n"
		"slipway -d shop metrics | curl -sT - http://push:9091/metrics/job/db",
		.options = OPTIONS(SLIPWAY_OPTION_NO_DRIFT),
		.run = slipway_cmd_metrics,
	},
	{
		.name = "wait",
		.summary = "wait until the server accepts connections",
		.description =
		"Tries again and again until the server accepts connections, then connects.\n"
		"Says what it waits for: a server that does not respond, that starts, that has\n"
		"no free connection, that is not the one of target_session_attrs, a name that is\n"
		"not known yet. Exits with 8 when the time is over, and at once when the server\n"
		"refuses this role, password or database, or TLS is not as asked for.",
		.examples = "slipway -d shop wait --timeout 2min && slipway -d shop migrate",
		.options = OPTIONS(SLIPWAY_OPTION_TIMEOUT),
		.run = slipway_cmd_wait,
	},
	{
		.name = "exec",
		.argument = "-- CMD [ARG]...",
		.summary = "start an application once its database is ready",
		.description =
		"Waits until the application's own connection works and, with --require, until\n"
		"that migration is applied; then becomes CMD, which finds the connection in\n"
		"DATABASE_URL, PGHOST and so on. The connection is the app_url of the section of\n"
		"--env, else DB_CONN_STRING, else DB_HOST with DB_PORT, DB_NAME, DB_USER and\n"
		"DB_PASSWORD. What is the administrator's is taken out of the environment:\n"
		"SLIPWAY_..., DB_ADMIN_..., DSN, and the variables in the section's url.\n\n"
		"Exits with 8 if the database, and with 1 if the migration is not there in time;\n"
		"with 126 or 127 if CMD cannot be executed or is not found; else as CMD does.",
		.examples =
		"slipway -e prod exec --require 0007_orders -- ./server --port 8080\n"
		"slipway exec --timeout 5min -- node server.js",
		.application = true,
		.rest = true,
		.options = OPTIONS(SLIPWAY_OPTION_REQUIRE, SLIPWAY_OPTION_TIMEOUT),
		.run = slipway_cmd_exec,
	},
	{
		.name = "secret",
		.summary = "passwords and other settings in a store of secrets",
		.description =
		"The store is that of --secrets: the environment, a file, or OpenStack's\n"
		"Barbican.",
		.examples = "slipway help secret",
		.options = NO_OPTIONS,
	},
	{
		.name = "secret put",
		.argument = "NAME",
		.summary = "store a secret",
		.description =
		"Reads the value from --file, from stdin, or on a terminal by asking for it\n"
		"twice, and stores it in place of the one of that name, if there is one, which\n"
		"counts until then. A line feed at its end is not part of it. NAME may have the\n"
		"prefix of --secret-prefix already. What --purpose, --environment and --rotation\n"
		"do not say stays as it was.",
		.examples =
		"pwgen -s 40 1 | slipway --secrets barbican secret put PROD_DB_PASSWORD\n"
		"slipway -e prod secret put DB_PASSWORD --purpose \"role shop\" --rotation 90d",
		.offline = true,
		.secret = true,
		.options = OPTIONS(SLIPWAY_OPTION_FILE, SLIPWAY_OPTION_PURPOSE, SLIPWAY_OPTION_ENVIRONMENT,
						   SLIPWAY_OPTION_ROTATION, SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_put,
	},
	{
		.name = "secret generate",
		.argument = "NAME",
		.summary = "store a random secret",
		.description =
		"Of letters, digits, - and _, with as many of them as --bits take. It is not\n"
		"shown. One of that name that is there already is replaced after a question, or\n"
		"with --yes. A role of the database does not get it by this: see secret rotate.",
		.examples = "slipway -e prod secret generate SESSION_KEY --rotation 365d\n"
		"slipway -e prod secret generate API_KEY --purpose \"calls of the shop\"",
		.offline = true,
		.options = OPTIONS(SLIPWAY_OPTION_BITS, SLIPWAY_OPTION_PURPOSE, SLIPWAY_OPTION_ENVIRONMENT,
						   SLIPWAY_OPTION_ROTATION, SLIPWAY_OPTION_YES, SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_generate,
	},
	{
		.name = "secret get",
		.argument = "NAME",
		.summary = "print a secret",
		.description =
		"Prints the value as it is, with a line feed behind it on a terminal only. With\n"
		"--json a value that is no text is in base64.",
		.examples = "slipway -e prod secret get DB_PASSWORD",
		.offline = true,
		.options = OPTIONS(SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_get,
	},
	{
		.name = "secret list",
		.summary = "list secrets: age, rotation, purpose",
		.description = "Lists those whose names have the prefix, without their values.",
		.examples = "slipway -e prod secret list",
		.offline = true,
		.options = OPTIONS(SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_list,
	},
	{
		.name = "secret delete",
		.argument = "NAME",
		.summary = "delete a secret, or a certificate",
		.description = "With all that the store has under that name. Asks before it does so.",
		.examples = "slipway -e prod secret delete SESSION_KEY --yes",
		.offline = true,
		.options = OPTIONS(SLIPWAY_OPTION_YES, SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_delete,
	},
	{
		.name = "secret put-certificate",
		.argument = "[NAME]",
		.summary = "store what TLS connections are made with",
		.description =
		"Stores the certificate of the authority that the server is verified with, the\n"
		"role's own certificate and its key, as far as they are given, in place of what\n"
		"is there under that name (default: DB_TLS). They are in PEM. Connections made\n"
		"from the store use them, and they lie on no disk then.",
		.examples =
		"slipway -e prod secret put-certificate --root ca.crt\n"
		"slipway -e prod secret put-certificate --cert shop.crt --key shop.key",
		.offline = true,
		.options = OPTIONS(SLIPWAY_OPTION_ROOT, SLIPWAY_OPTION_CERT, SLIPWAY_OPTION_KEY, SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_put_certificate,
	},
	{
		.name = "secret test",
		.summary = "test the store, and the connections made from it",
		.description =
		"Tries, step by step, what other commands do: logs in to the store, looks whether\n"
		"a secret is due to be replaced, makes the application's and the administrator's\n"
		"connection from it, and says of each the server's time and version, the role,\n"
		"and whether TLS is used and the server verified. With --query it also runs a\n"
		"query of yours, read-only, which is to return one value. Changes nothing and\n"
		"shows no secret. Exits with 8 when the store or a server lets nobody in.",
		.examples =
		"slipway -e prod secret test\n"
		"slipway -e prod secret test --query \"SELECT count(*) FROM orders\"",
		.application = true,
		.options = OPTIONS(SLIPWAY_OPTION_QUERY, SLIPWAY_OPTION_METRICS),
		.run = slipway_cmd_secret_test,
	},
	{
		.name = "secret import",
		.argument = "FILE",
		.summary = "move a file's database settings into the store",
		.description =
		"Takes DB_HOST, DB_PORT, DB_NAME, DB_USERNAME, DB_PASSWORD, DB_ADMIN_USERNAME,\n"
		"DB_ADMIN_PASSWORD, DATABASE_URL, DB_CONN_STRING and DB_ADMIN_CONN_STRING out of\n"
		"a file of settings, a .env, and puts in where the store is. All else stays as it\n"
		"is, as settings of pools and of TLS. The .env.example beside it is changed too.\n\n"
		"They are stored, read back and compared, and a connection is made with them;\n"
		"only then the file is replaced, in one moment. A copy of it, which its owner\n"
		"alone can read, stays beside it. If anything fails before, the store is as it\n"
		"was and the file is not touched; what was interrupted is undone, or brought to\n"
		"its end, by the next call.",
		.examples =
		"slipway -e prod secret import .env --dry-run\n"
		"slipway --secrets barbican --secret-prefix PROD_ secret import .env\n"
		"slipway -e prod secret import .env --prefer url",
		.application = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_PREFER),
		.run = slipway_cmd_secret_import,
	},
	{
		.name = "secret rollback",
		.argument = "FILE",
		.summary = "restore a file as it was before its import",
		.description =
		"Connects with the settings of the newest backup that \"slipway secret import\" has\n"
		"made of the file, and puts it back, with that of the .env.example. What the file\n"
		"had is kept as FILE.before-rollback. What is stored stays in the store. If an\n"
		"import was told --prefer, this is to be told the same.",
		.examples =
		"slipway secret rollback .env\n"
		"slipway secret rollback .env --no-test",
		.application = true,
		.options = OPTIONS(SLIPWAY_OPTION_PREFER, SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_NO_TEST),
		.run = slipway_cmd_secret_rollback,
	},
	{
		.name = "secret rotate",
		.summary = "change the password of a stored role",
		.description =
		"Makes a new password for the role of the application, or of the administrator,\n"
		"stores it where nobody finds it yet, gives the server its SCRAM verifier (the\n"
		"password itself is never sent), logs in with it, and only then puts it in\n"
		"force in the store, in all settings of that role. If anything fails, the old one\n"
		"is in force again, in the database too; what was interrupted is settled by\n"
		"the next call, which can log in with one of the two.\n\n"
		"Without the extension in that database the verifier is in a statement. If the\n"
		"server would log that, and the role may not keep it from doing so, nothing is\n"
		"changed unless --allow-log is given.",
		.examples =
		"slipway -e prod secret rotate\n"
		"slipway --secrets barbican --secret-prefix PROD_ secret rotate --role admin",
		.application = true,
		.options = OPTIONS(SLIPWAY_OPTION_ROLE, SLIPWAY_OPTION_ALLOW_LOG, SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_secret_rotate,
	},
	{
		.name = "credential",
		.summary = "a role of the database for each project",
		.description =
		"In the place of one that many projects share. The password of each is kept in\n"
		"the store of --secrets, a file or OpenStack's Barbican, and nowhere else.",
		.examples = "slipway help credential",
		.options = NO_OPTIONS,
	},
	{
		.name = "credential list",
		.summary = "list projects and their roles",
		.description =
		"Those that this role may read: status, role, rights. With --detailed also what\n"
		"makes each risky to move: sessions of the previous role, rights that bind the\n"
		"project to it, size.",
		.examples =
		"slipway -d shop credential list --missing --detailed\n"
		"slipway -d shop credential list --status failed --format csv",
		.options = OPTIONS(SLIPWAY_OPTION_MISSING, SLIPWAY_OPTION_STATUS, SLIPWAY_OPTION_CREATED_BEFORE,
						   SLIPWAY_OPTION_DETAILED, SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_list,
	},
	{
		.name = "credential estimate",
		.summary = "how many roles are to be made, how long it takes",
		.description =
		"From the runs that there were so far; and how many connections the server has,\n"
		"and the limits of the roles allow.",
		.examples = "slipway -d shop credential estimate",
		.options = OPTIONS(SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_estimate,
	},
	{
		.name = "credential check",
		.summary = "look at what stands in the way",
		.description =
		"Prints a line for each check: rights of this role, names that are taken,\n"
		"limits, modules that look at passwords, pg_hba.conf, and whether the store of\n"
		"secrets can be written to, which is tried. Exits with 1 if one has failed.",
		.examples = "slipway -e prod --secrets barbican credential check",
		.options = NO_OPTIONS,
		.run = slipway_cmd_credential_check,
	},
	{
		.name = "credential register",
		.argument = "[PROJECT]...",
		.summary = "say which roles projects are to have",
		.description =
		"Of projects named here, of those that a query returns (--query), which runs\n"
		"with the rights of this role and may only read, or of a CSV file (--input).\n"
		"Columns are project, role, preset, previous_role, connection_limit, application\n"
		"and schemas; project_ref and database_user are other names in a file. A project\n"
		"that does not exist is made if there are schemas. All are registered, or none.\n\n"
		"With --mapping a table of yours is told when a role is in use.",
		.examples =
		"slipway -d shop credential register shop --previous-role shared\n"
		"slipway -d shop credential register --input projects.csv --prefix app_",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_LOGIN, SLIPWAY_OPTION_PREFIX, SLIPWAY_OPTION_PRESET, SLIPWAY_OPTION_PREVIOUS_ROLE,
						   SLIPWAY_OPTION_CONNECTION_LIMIT, SLIPWAY_OPTION_APPLICATION, SLIPWAY_OPTION_MAPPING,
						   SLIPWAY_OPTION_QUERY, SLIPWAY_OPTION_INPUT, SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_register,
	},
	{
		.name = "credential migrate",
		.argument = "[PROJECT]...",
		.summary = "move projects to roles of their own",
		.description =
		"Does for each project what the commands credential generate, create, update and\n"
		"validate do, as far as it is not done yet. If a step fails, all of them are\n"
		"undone: the application goes on with the role that it had. What was interrupted\n"
		"is finished, or undone, by the next call.\n\n"
		"The settings are DB_USERNAME and DB_PASSWORD, and DB_USER, DATABASE_URL and\n"
		"DB_CONN_STRING if they are there, with a prefix of the project's own:\n"
		"--secret-prefix with %p for its name, or %P for that in capitals, which is put\n"
		"behind one that has neither. So shop has SHOP_DB_PASSWORD.\n\n"
		"Exits with 5 if it was undone, with 4 if a project that was active and sound\n"
		"before is not so any more, with 7 if somebody else does the same now.",
		.examples =
		"slipway -e prod --secrets barbican credential migrate shop --dry-run\n"
		"slipway -e prod --secrets barbican credential migrate shop --grace 5min",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ADOPT, SLIPWAY_OPTION_GRACE,
						   SLIPWAY_OPTION_HEALTH_URL, SLIPWAY_OPTION_HEALTH_TIMEOUT),
		.run = slipway_cmd_credential_migrate,
	},
	{
		.name = "credential generate",
		.argument = "[PROJECT]...",
		.summary = "step 1: a password into the store, not in force",
		.description =
		"Makes a random password and stores it with the name of the role where no\n"
		"application finds them yet. What is there already stays.",
		.examples = "slipway -e prod --secrets barbican credential generate shop",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_credential_generate,
	},
	{
		.name = "credential create",
		.argument = "[PROJECT]...",
		.summary = "step 2: the role, with its rights",
		.description =
		"Makes the role and grants it the rights of its preset in the schemas of the\n"
		"project. The server gets a verifier of the password, and in no statement.",
		.examples = "slipway -e prod --secrets barbican credential create shop --dry-run",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ADOPT),
		.run = slipway_cmd_credential_create,
	},
	{
		.name = "credential update",
		.argument = "[PROJECT]...",
		.summary = "step 3: the application's settings",
		.description =
		"Puts role and password in force in the store, and tells the table of --mapping.\n"
		"What was in force is kept, for a rollback.",
		.examples = "slipway -e prod --secrets barbican credential update shop",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN),
		.run = slipway_cmd_credential_update,
	},
	{
		.name = "credential validate",
		.argument = "[PROJECT]...",
		.summary = "step 4: is all well?",
		.description =
		"Looks whether the store has role and password, and the role exactly its rights;\n"
		"logs in as the application does, and looks which schemas it sees; whether no\n"
		"session of the previous role serves the project any more, for which it waits as\n"
		"long as --grace says; and whether each --health-url answers. Exits with 4 if\n"
		"anything is wrong.",
		.examples =
		"slipway -e prod --secrets barbican credential validate shop --grace 1min\n"
		"slipway -e prod credential validate shop --health-url https://%p.example.org",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_GRACE, SLIPWAY_OPTION_HEALTH_URL,
						   SLIPWAY_OPTION_HEALTH_TIMEOUT),
		.run = slipway_cmd_credential_validate,
	},
	{
		.name = "credential rollback",
		.argument = "[PROJECT]...",
		.summary = "back to the previous role",
		.description =
		"Has the application use what it did before, takes the rights back and drops the\n"
		"role; one that was adopted becomes what it was. The secret stays in the store,\n"
		"not in force, unless --cleanup is given. A role that owns something is a reason\n"
		"to refuse, with a list, unless --owned says otherwise.\n\n"
		"Then looks whether the previous role works: logs in as that with what is in\n"
		"force again, or with the secrets of --fallback-prefix; without its password it\n"
		"looks whether the role may log in and use the schemas. Exits with 4 if not.",
		.examples =
		"slipway -e prod --secrets barbican credential rollback shop --cleanup\n"
		"slipway -e prod credential rollback shop --owned reassign --heir shop_owner",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_CLEANUP, SLIPWAY_OPTION_OWNED, SLIPWAY_OPTION_HEIR,
						   SLIPWAY_OPTION_FALLBACK_PREFIX, SLIPWAY_OPTION_YES),
		.run = slipway_cmd_credential_rollback,
	},
	{
		.name = "credential fallback-usage",
		.argument = "[PROJECT]...",
		.summary = "who still uses the previous roles",
		.description =
		"Records the sessions of previous roles that serve projects, of all or of those\n"
		"named, and shows what was ever recorded. With --follow it does so again and\n"
		"again, and shows what there is whenever that changes, until it is interrupted.",
		.examples =
		"slipway -d shop credential fallback-usage\n"
		"slipway -d shop credential fallback-usage shop --follow --interval 1min",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_FOLLOW, SLIPWAY_OPTION_INTERVAL, SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_usage,
	},
	{
		.name = "credential orphans",
		.summary = "roles and secrets that nobody uses",
		.description =
		"Kind role: made here, and no project claims it. Kind secret: of a project that\n"
		"was rolled back. Kind set: in the store of --secrets, made for this database,\n"
		"and no project refers to it. Kind lost: the role of a project is gone.",
		.examples = "slipway -e prod --secrets barbican credential orphans",
		.options = OPTIONS(SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_orphans,
	},
	{
		.name = "credential cleanup",
		.argument = "[PROJECT]...",
		.summary = "drop orphan roles, remove orphan secrets",
		.description =
		"Those that \"slipway credential orphans\" shows, after a question. With projects:\n"
		"removes what their applications have logged in with before, which is kept for a\n"
		"rollback until then.",
		.examples =
		"slipway -e prod --secrets barbican credential cleanup --yes\n"
		"slipway -e prod --secrets barbican credential cleanup shop",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_YES, SLIPWAY_OPTION_OWNED, SLIPWAY_OPTION_HEIR,
						   SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_cleanup,
	},
	{
		.name = "credential repair",
		.argument = "[PROJECT]...",
		.summary = "bring back what was changed since",
		.description =
		"Of a project that was moved: grants rights that are missing, revokes those that\n"
		"are too many, makes the role again if it is gone, and a new password if the\n"
		"store has lost it. Says each thing that it does, and then validates.",
		.examples = "slipway -e prod --secrets barbican credential repair shop --dry-run",
		.many = true,
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_GRACE, SLIPWAY_OPTION_HEALTH_URL,
						   SLIPWAY_OPTION_HEALTH_TIMEOUT),
		.run = slipway_cmd_credential_repair,
	},
	{
		.name = "credential batch",
		.summary = "move many projects, several at a time",
		.description =
		"A batch is a list of projects that the database keeps, with how far each is. So\n"
		"it can be interrupted, or killed, at any moment, and gone on with from anywhere.",
		.examples = "slipway help credential batch run",
		.options = NO_OPTIONS,
	},
	{
		.name = "credential batch create",
		.summary = "make a batch",
		.description =
		"Of the projects of a CSV file with a column project_ref (--input), of those\n"
		"that have a credential but no role yet (--missing), or of those that have come\n"
		"to some status. The latter two leave out what another batch has to do, and\n"
		"begin with what was registered first. Prints the number of the batch. If\n"
		"anything is wrong with the file, each such line is named, and no batch is made.",
		.examples =
		"slipway -e prod credential batch create --missing --size 50\n"
		"slipway -e prod credential batch create --input projects.csv --name friday",
		.options = OPTIONS(SLIPWAY_OPTION_INPUT, SLIPWAY_OPTION_MISSING, SLIPWAY_OPTION_STATUS, SLIPWAY_OPTION_SIZE, SLIPWAY_OPTION_NAME,
						   SLIPWAY_OPTION_MAX_FAILURES),
		.run = slipway_cmd_credential_batch_create,
	},
	{
		.name = "credential batch list",
		.summary = "list batches",
		.description = "With how far they are.",
		.examples = "slipway -e prod credential batch list --format csv",
		.options = OPTIONS(SLIPWAY_OPTION_FORMAT),
		.run = slipway_cmd_credential_batch_list,
	},
	{
		.name = "credential batch validate",
		.argument = "BATCH",
		.summary = "can it be done, or was it done well?",
		.description =
		"Of what is to be done: whether anything stands in the way, in the database or\n"
		"in the store of secrets. What is said to have succeeded is validated again,\n"
		"with a real login. Prints what is not in order, and with --verbose all of it;\n"
		"exits with 4 if anything is not.",
		.examples = "slipway -e prod --secrets barbican credential batch validate 4",
		.options = OPTIONS(SLIPWAY_OPTION_GRACE, SLIPWAY_OPTION_HEALTH_URL, SLIPWAY_OPTION_HEALTH_TIMEOUT),
		.run = slipway_cmd_credential_batch_validate,
	},
	{
		.name = "credential batch estimate",
		.argument = "BATCH",
		.summary = "what it will take",
		.description =
		"Time, from what was measured so far; connections; and how risky the projects\n"
		"are to move.",
		.examples = "slipway -e prod credential batch estimate 4 --parallel 8",
		.options = OPTIONS(SLIPWAY_OPTION_PARALLEL),
		.run = slipway_cmd_credential_batch_estimate,
	},
	{
		.name = "credential batch run",
		.argument = "BATCH",
		.summary = "move its projects",
		.description =
		"BATCH is its number or name. As many processes as --parallel says, each with a\n"
		"connection of its own, do for one project after the other what \"credential\n"
		"migrate\" does. Several of these commands can work on a batch at once.\n\n"
		"Ctrl-C (or SIGTERM): no project is begun any more, and those that are begun are\n"
		"finished. The second time they are undone. Whatever has ended it, the same\n"
		"command goes on, and nothing is done twice.\n\n"
		"Exits with 5 if projects were rolled back, with 1 if some have failed, with 6\n"
		"if something is left; but with 0 if it is so because of --max-duration.",
		.examples =
		"slipway -e prod --secrets barbican credential batch run 4 --parallel 8\n"
		"slipway -e prod credential batch run friday --max-duration 2h",
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_PARALLEL, SLIPWAY_OPTION_MAX_FAILURES, SLIPWAY_OPTION_MAX_DURATION, SLIPWAY_OPTION_ADOPT, SLIPWAY_OPTION_GRACE,
						   SLIPWAY_OPTION_HEALTH_URL, SLIPWAY_OPTION_HEALTH_TIMEOUT, SLIPWAY_OPTION_EMAIL, SLIPWAY_OPTION_EMAIL_FROM,
						   SLIPWAY_OPTION_SMTP_URL, SLIPWAY_OPTION_WEBHOOK),
		.run = slipway_cmd_credential_batch_run,
	},
	{
		.name = "credential batch watch",
		.argument = "BATCH",
		.summary = "look on while others work on it",
		.description =
		"Shows how far it is, and what becomes of each project, until it is done or\n"
		"nobody works on it. Ctrl-C ends the looking on only.",
		.examples = "slipway -e prod credential batch watch 4",
		.options = NO_OPTIONS,
		.run = slipway_cmd_credential_batch_watch,
	},
	{
		.name = "credential batch resume",
		.argument = "BATCH",
		.summary = "go on with it",
		.description =
		"As credential batch run, also if the batch was stopped, or if so many have\n"
		"failed that no project was begun any more. Exits with 7 if others are at work\n"
		"on all that is left.",
		.examples = "slipway -e prod credential batch resume 4 --retry-failed",
		.options = OPTIONS(SLIPWAY_OPTION_RETRY_FAILED, SLIPWAY_OPTION_FORCE, SLIPWAY_OPTION_DRY_RUN,
						   SLIPWAY_OPTION_PARALLEL, SLIPWAY_OPTION_MAX_FAILURES, SLIPWAY_OPTION_MAX_DURATION, SLIPWAY_OPTION_ADOPT, SLIPWAY_OPTION_GRACE,
						   SLIPWAY_OPTION_HEALTH_URL, SLIPWAY_OPTION_HEALTH_TIMEOUT, SLIPWAY_OPTION_EMAIL, SLIPWAY_OPTION_EMAIL_FROM,
						   SLIPWAY_OPTION_SMTP_URL, SLIPWAY_OPTION_WEBHOOK),
		.run = slipway_cmd_credential_batch_resume,
	},
	{
		.name = "credential batch stop",
		.argument = "BATCH",
		.summary = "have nobody begin with a project any more",
		.description = "Wherever they are; those that are begun are finished.",
		.examples = "slipway -e prod credential batch stop 4 --reason \"the load is too high\"",
		.options = OPTIONS(SLIPWAY_OPTION_REASON),
		.run = slipway_cmd_credential_batch_stop,
	},
	{
		.name = "credential batch report",
		.argument = "[BATCH]",
		.summary = "what has become of a batch, or of a period",
		.description =
		"How many have succeeded or were rolled back, how long that took, and what has\n"
		"gone wrong how often; then each project. A page of --format html is one file\n"
		"and prints well. With --email it is sent, too, with the page attached, and with\n"
		"--webhook posted as JSON; if that does not work, there is a warning.",
		.examples =
		"slipway -e prod credential batch report 4 --format html > report.html\n"
		"slipway -e prod credential batch report --period weekly --email a@b.example",
		.options = OPTIONS(SLIPWAY_OPTION_PERIOD, SLIPWAY_OPTION_FORMAT, SLIPWAY_OPTION_EMAIL, SLIPWAY_OPTION_EMAIL_FROM,
						   SLIPWAY_OPTION_SMTP_URL, SLIPWAY_OPTION_WEBHOOK),
		.run = slipway_cmd_credential_batch_report,
	},
	{
		.name = "credential schedule",
		.summary = "maintenance windows for batches",
		.description =
		"When how many projects are to be moved, and for how long at most. The database\n"
		"keeps it; Kubernetes or systemd, which are told by \"schedule print\", carry it\n"
		"out.",
		.examples = "slipway help credential schedule set",
		.options = NO_OPTIONS,
	},
	{
		.name = "credential schedule set",
		.argument = "NAME",
		.summary = "make a schedule, or change it",
		.description =
		"All of it is as it is said here: what is left out has its default, which is 50\n"
		"projects, 4 at a time, without a limit of time. The webhook of a run is that of\n"
		"SLIPWAY_WEBHOOK where it runs, as its address is often a secret.",
		.examples =
		"slipway -d shop credential schedule set night --cron \"0 2 * * MON-FRI\"\n"
		"slipway -d shop credential schedule set weekend --cron @weekly --size 200",
		.options = OPTIONS(SLIPWAY_OPTION_CRON, SLIPWAY_OPTION_TIME_ZONE, SLIPWAY_OPTION_SIZE, SLIPWAY_OPTION_PARALLEL,
						   SLIPWAY_OPTION_MAX_DURATION, SLIPWAY_OPTION_MAX_FAILURES, SLIPWAY_OPTION_SCHEDULE_DRY_RUN,
						   SLIPWAY_OPTION_EMAIL),
		.run = slipway_cmd_credential_schedule_set,
	},
	{
		.name = "credential schedule list",
		.summary = "list schedules",
		.description = "With the next time of each.",
		.examples = "slipway -d shop credential schedule list",
		.options = NO_OPTIONS,
		.run = slipway_cmd_credential_schedule_list,
	},
	{
		.name = "credential schedule show",
		.argument = "NAME",
		.summary = "show a schedule and its next five times",
		.description = "By its own clocks; with --json in UTC.",
		.examples = "slipway -d shop credential schedule show night",
		.options = NO_OPTIONS,
		.run = slipway_cmd_credential_schedule_show,
	},
	{
		.name = "credential schedule delete",
		.argument = "NAME",
		.summary = "forget a schedule",
		.description = "Whoever carries it out is not told of that.",
		.examples = "slipway -d shop credential schedule delete night",
		.options = NO_OPTIONS,
		.run = slipway_cmd_credential_schedule_delete,
	},
	{
		.name = "credential schedule run",
		.argument = "NAME",
		.summary = "do now what is due at its times",
		.description =
		"What is left of its last batch, else a new batch of the projects that are next.\n"
		"This is what a timer calls. --dry-run only says which projects that would be;\n"
		"--test also tries the store of secrets and sends a report of nothing.",
		.examples =
		"slipway -e prod credential schedule run night --dry-run\n"
		"slipway -e prod credential schedule run night --test",
		.options = OPTIONS(SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_TEST, SLIPWAY_OPTION_ADOPT, SLIPWAY_OPTION_GRACE,
						   SLIPWAY_OPTION_HEALTH_URL, SLIPWAY_OPTION_HEALTH_TIMEOUT, SLIPWAY_OPTION_EMAIL, SLIPWAY_OPTION_EMAIL_FROM,
						   SLIPWAY_OPTION_SMTP_URL, SLIPWAY_OPTION_WEBHOOK),
		.run = slipway_cmd_credential_schedule_run,
	},
	{
		.name = "credential schedule print",
		.argument = "NAME",
		.summary = "print it for Kubernetes, systemd or pg_cron",
		.description =
		"A CronJob like the jobs of deploy/kubernetes; or a timer and its service, which\n"
		"calls this program with the --env, --config, --secrets and --secret-prefix of\n"
		"this command line; or SQL for pg_cron, of what needs no store of secrets: who\n"
		"uses the previous roles, and whether roles in use are as they should be.",
		.examples =
		"slipway -d shop credential schedule print night | kubectl apply -f -\n"
		"slipway -e prod credential schedule print night --systemd",
		.options = OPTIONS(SLIPWAY_OPTION_KUBERNETES, SLIPWAY_OPTION_SYSTEMD, SLIPWAY_OPTION_PG_CRON),
		.run = slipway_cmd_credential_schedule_print,
	},
	{
		.name = "config",
		.summary = "show what is set, and where that comes from",
		.description =
		"Prints every setting that slipway.conf can have, with the value that counts and\n"
		"what gave it: an option, a variable, a line of slipway.conf, or the default.\n"
		"Passwords are not shown. Asks no server; exits with 2 if anything is faulty.\n\n"
		"Takes the options of all commands that may stand in slipway.conf.",
		.examples =
		"slipway -e prod config\n"
		"slipway -e prod config --lock-timeout 5s --json",
		.offline = true,
		.any_option = true,
		.options = NO_OPTIONS,
		.run = slipway_cmd_config,
	},
	{
		.name = "completion",
		.argument = "SHELL",
		.choices = "bash|zsh|fish|migrations",
		.summary = "print the completion script of a shell",
		.description =
		"The script knows commands, options and their values. For names of migrations it\n"
		"asks \"slipway completion migrations\", which prints those of the folder.",
		.examples =
		"source <(slipway completion bash)      # in ~/.bashrc\n"
		"source <(slipway completion zsh)       # in ~/.zshrc, after compinit\n"
		"slipway completion fish | source       # in ~/.config/fish/config.fish",
		.offline = true,
		.options = NO_OPTIONS,
		.run = slipway_cmd_completion,
	},
	{
		.name = "help",
		.argument = "[COMMAND]",
		.summary = "show this help, or that of a command",
		.examples = "slipway help migrate",
		.options = OPTIONS(SLIPWAY_OPTION_MARKDOWN, SLIPWAY_OPTION_MAN),
		.offline = true,
		.standalone = true,
		.run = slipway_cmd_help,
	},
	{
		.name = "version",
		.summary = "show the version of this program",
		.options = NO_OPTIONS,
		.offline = true,
		.standalone = true,
		.run = slipway_cmd_version,
	},
	{.name = NULL}
};
