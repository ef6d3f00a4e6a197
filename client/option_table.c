/*
 * option_table.c
 *	  The options of all commands. Connection options have no environment
 *	  variable of their own: target.h says where a connection comes from. Nor
 *	  has what names the thing to do, or says that it is not to be asked for: in
 *	  a variable somebody has forgotten, that would do harm. SLIPWAY_TO is for
 *	  those who only go forward; rollback refuses it.
 */
#include "option.h"

#define FLAG SLIPWAY_OPTION_KIND_FLAG, NULL, NULL
#define TEXT(value) SLIPWAY_OPTION_KIND_TEXT, value, NULL
#define DURATION SLIPWAY_OPTION_KIND_DURATION, "TIME", NULL

const SlipwayOption slipway_option_table[SLIPWAY_OPTION_COUNT] = {
	[SLIPWAY_OPTION_DBNAME] =
	{"dbname", 'd', TEXT("DBNAME"), NULL, "database name, connection string or URI"},
	[SLIPWAY_OPTION_URL] =
	{"url", 0, TEXT("URL"), NULL, "the same"},
	[SLIPWAY_OPTION_HOST] =
	{"host", 'h', TEXT("HOST"), NULL, "server host or socket directory"},
	[SLIPWAY_OPTION_PORT] =
	{"port", 'p', SLIPWAY_OPTION_KIND_PORT, "PORT", NULL, NULL, "server port"},
	[SLIPWAY_OPTION_USERNAME] =
	{"username", 'U', TEXT("ROLE"), NULL, "role to connect as"},
	[SLIPWAY_OPTION_NO_PASSWORD] =
	{"no-password", 'w', FLAG, NULL, "never ask for a password"},
	[SLIPWAY_OPTION_PASSWORD] =
	{"password", 'W', FLAG, NULL, "ask for a password before connecting"},
	[SLIPWAY_OPTION_ENV] =
	{"env", 'e', TEXT("NAME"), "SLIPWAY_ENV", "environment: a section of slipway.conf"},
	[SLIPWAY_OPTION_CONFIG] =
	{"config", 'c', TEXT("FILE"), "SLIPWAY_CONFIG",
	"file of the environments (default: ./slipway.conf)"},
	[SLIPWAY_OPTION_PROJECT] =
	{"project", 'P', TEXT("NAME"), "SLIPWAY_PROJECT", "project (default: default)"},
	[SLIPWAY_OPTION_DIR] =
	{"dir", 0, TEXT("DIR"), "SLIPWAY_DIR", "folder of the scripts (default: ./migrations)"},
	[SLIPWAY_OPTION_JSON] =
	{"json", 0, FLAG, "SLIPWAY_JSON", "data as JSON, one object per line"},
	[SLIPWAY_OPTION_QUIET] =
	{"quiet", 'q', FLAG, "SLIPWAY_QUIET", "say nothing but warnings and errors"},
	[SLIPWAY_OPTION_VERBOSE] =
	{"verbose", 'v', FLAG, "SLIPWAY_VERBOSE", "say more"},
	[SLIPWAY_OPTION_NO_COLOR] =
	{"no-color", 0, FLAG, "SLIPWAY_NO_COLOR", "no colour, even on a terminal"},
	[SLIPWAY_OPTION_HELP] =
	{"help", 0, FLAG, NULL, "this help, or that of a command"},
	[SLIPWAY_OPTION_VERSION] =
	{"version", 0, FLAG, NULL, "version of this program"},
	[SLIPWAY_OPTION_ORDER] =
	{"order", 0, SLIPWAY_OPTION_KIND_CHOICE, "ORDER", "auto|name|number", "SLIPWAY_ORDER",
	"order of migrations: auto, name or number"},
	[SLIPWAY_OPTION_DRY_RUN] =
	{"dry-run", 'n', FLAG, "SLIPWAY_DRY_RUN", "show what would be done, and do nothing"},
	[SLIPWAY_OPTION_TO] =
	{"to", 0, TEXT("NAME"), "SLIPWAY_TO", "the last migration to be applied afterwards"},
	[SLIPWAY_OPTION_LOCK_WAIT] =
	{"lock-wait", 0, DURATION, "SLIPWAY_LOCK_WAIT",
	"how long to wait for another run (default: 5min)"},
	[SLIPWAY_OPTION_LOCK_TIMEOUT] =
	{"lock-timeout", 0, DURATION, "SLIPWAY_LOCK_TIMEOUT",
	"how long statements wait for locks (default: 2s)"},
	[SLIPWAY_OPTION_STATEMENT_TIMEOUT] =
	{"statement-timeout", 0, DURATION, "SLIPWAY_STATEMENT_TIMEOUT",
	"how long a statement may run (default: no limit)"},
	[SLIPWAY_OPTION_RETRIES] =
	{"retries", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_RETRIES",
	"new tries after lock timeouts and deadlocks (default: 10)"},
	[SLIPWAY_OPTION_CANCEL_BLOCKERS] =
	{"cancel-blockers", 0, SLIPWAY_OPTION_KIND_OPTIONAL, "[=ROLE,...]", NULL, "SLIPWAY_CANCEL_BLOCKERS",
	"before a new try, cancel autovacuum and these roles' statements in the way"},
	[SLIPWAY_OPTION_OUT_OF_ORDER] =
	{"out-of-order", 0, SLIPWAY_OPTION_KIND_CHOICE, "POLICY", "refuse|warn|allow", "SLIPWAY_OUT_OF_ORDER",
	"what sorts before applied migrations: refuse, warn or allow"},
	[SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER] =
	{"allow-out-of-order", 0, FLAG, "SLIPWAY_ALLOW_OUT_OF_ORDER",
	"the same as --out-of-order allow"},
	[SLIPWAY_OPTION_MODE] =
	{"mode", 0, SLIPWAY_OPTION_KIND_CHOICE, "MODE", "each|all", "SLIPWAY_MODE",
	"what commits together: each migration, or all of them"},
	[SLIPWAY_OPTION_LABEL] =
	{"label", 0, SLIPWAY_OPTION_KIND_LIST, "KEY=VALUE", NULL, "SLIPWAY_LABEL",
	"a note on the run, as release=1.4 (repeatable)"},
	[SLIPWAY_OPTION_VAR] =
	{"var", 0, SLIPWAY_OPTION_KIND_LIST, "NAME=VALUE", NULL, NULL,
	"a variable of scripts; else SLIPWAY_VAR_NAME (repeatable)"},
	[SLIPWAY_OPTION_DETACH] =
	{"detach", 0, FLAG, "SLIPWAY_DETACH", "have the server go on by itself, and look on"},
	[SLIPWAY_OPTION_NO_WAIT] =
	{"no-wait", 0, FLAG, "SLIPWAY_NO_WAIT", "with --detach: do not look on"},
	[SLIPWAY_OPTION_EXIT_CODE] =
	{"exit-code", 0, FLAG, "SLIPWAY_EXIT_CODE", "exit with 3 when migrations are pending, with 6 when a rollback has stopped part way, with 11 when approval is missing"},
	[SLIPWAY_OPTION_LIMIT] =
	{"limit", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_LIMIT",
	"only the newest N entries"},
	[SLIPWAY_OPTION_FOLLOW] =
	{"follow", 'f', FLAG, "SLIPWAY_FOLLOW", "go on with new entries as they come"},
	[SLIPWAY_OPTION_TIMEOUT] =
	{"timeout", 0, DURATION, "SLIPWAY_TIMEOUT", "how long to wait (default: 60s; 0: for ever)"},
	[SLIPWAY_OPTION_REQUIRE] =
	{"require", 0, TEXT("NAME"), "SLIPWAY_REQUIRE", "a migration that has to be applied first"},
	[SLIPWAY_OPTION_REQUIRE_DIRECT] =
	{"require-direct", 0, FLAG, "SLIPWAY_REQUIRE_DIRECT", "no connection through a pooler"},
	[SLIPWAY_OPTION_MARKDOWN] =
	{"markdown", 0, FLAG, NULL, "all of it, as the reference page has it"},
	[SLIPWAY_OPTION_MAN] =
	{"man", 0, FLAG, NULL, "all of it, as the man page has it"},
	[SLIPWAY_OPTION_STEPS] =
	{"steps", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, NULL, "roll back the newest N"},
	[SLIPWAY_OPTION_ALL] =
	{"all", 0, FLAG, NULL, "roll back everything"},
	[SLIPWAY_OPTION_SCRIPT] =
	{"script", 0, TEXT("FILE"), NULL, "run this script in place of the down scripts"},
	[SLIPWAY_OPTION_DOWN_SCRIPTS] =
	{"down-scripts", 0, SLIPWAY_OPTION_KIND_CHOICE, "WHICH", "applied|newest", "SLIPWAY_DOWN_SCRIPTS",
	"those as of when it was applied, or of this folder"},
	[SLIPWAY_OPTION_DELAY] =
	{"delay", 0, SLIPWAY_OPTION_KIND_INTEGER, "SECONDS", NULL, "SLIPWAY_DELAY",
	"a last chance to interrupt before it begins"},
	[SLIPWAY_OPTION_YES] =
	{"yes", 'y', FLAG, NULL, "do not ask"},
	[SLIPWAY_OPTION_DOWN] =
	{"down", 0, FLAG, "SLIPWAY_DOWN", "also a script that undoes it"},
	[SLIPWAY_OPTION_VERIFY] =
	{"verify", 0, FLAG, "SLIPWAY_VERIFY", "with the verify script of each"},
	[SLIPWAY_OPTION_REPEATABLE] =
	{"repeatable", 0, FLAG, "SLIPWAY_REPEATABLE", "one that runs again when it has changed"},
	[SLIPWAY_OPTION_SCHEMAS] =
	{"schemas", 0, TEXT("A,B"), "SLIPWAY_SCHEMAS", "search_path of the project's scripts"},
	[SLIPWAY_OPTION_PROJECT_OWNER] =
	{"project-owner", 0, TEXT("ROLE"), "SLIPWAY_PROJECT_OWNER",
	"role that the project's scripts run as"},
	[SLIPWAY_OPTION_OWNER] =
	{"owner", 0, TEXT("ROLE"), "SLIPWAY_OWNER", "role that owns the tracking tables"},
	[SLIPWAY_OPTION_GRANT] =
	{"grant", 0, SLIPWAY_OPTION_KIND_LIST, "ROLE=KIND", NULL, "SLIPWAY_GRANT",
	"lets a role be reader, uploader, approver, deployer or admin (repeatable)"},
	[SLIPWAY_OPTION_ACCEPT_CHECKSUM] =
	{"accept-checksum", 0, TEXT("NAME"), NULL, "the changed script counts as the applied one"},
	[SLIPWAY_OPTION_FORGET_FAILED] =
	{"forget-failed", 0, TEXT("NAME"), NULL, "begin it anew, as if it had never been tried"},
	[SLIPWAY_OPTION_MARK_APPLIED] =
	{"mark-applied", 0, TEXT("NAME"), NULL, "count it as applied without running it"},
	[SLIPWAY_OPTION_SETTLE] =
	{"settle", 0, TEXT("NAME=STATE"), NULL,
	"say that its open statement was executed (done) or not (undone)"},
	[SLIPWAY_OPTION_REASON] =
	{"reason", 0, TEXT("TEXT"), "SLIPWAY_REASON", "why, for the history"},
	[SLIPWAY_OPTION_VERIFY_SCRIPTS] =
	{"verify-scripts", 0, SLIPWAY_OPTION_KIND_CHOICE, "WHICH", "applied|newest", "SLIPWAY_VERIFY_SCRIPTS",
	"applied: as of when each was applied (default), newest: of the folder"},
	[SLIPWAY_OPTION_WEBHOOK] =
	{"webhook", 0, TEXT("URL"), "SLIPWAY_WEBHOOK", "post JSON there when the run begins and ends"},
	[SLIPWAY_OPTION_CREATE_SCHEMAS] =
	{"create-schemas", 0, FLAG, "SLIPWAY_CREATE_SCHEMAS", "create the project's schemas that are missing"},
	[SLIPWAY_OPTION_BACKUP_ROLE] =
	{"backup-role", 0, TEXT("ROLE"), "SLIPWAY_BACKUP_ROLE", "role that must be able to read the tracking tables"},
	[SLIPWAY_OPTION_LONG_TRANSACTION] =
	{"long-transaction", 0, DURATION, "SLIPWAY_LONG_TRANSACTION", "from when on one is reported (default: 1min)"},
	[SLIPWAY_OPTION_LOAD] =
	{"load", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_LOAD",
	"have the application connect N times at a time"},
	[SLIPWAY_OPTION_DURATION] =
	{"duration", 0, DURATION, "SLIPWAY_DURATION", "for how long (default: 5s)"},
	[SLIPWAY_OPTION_ACQUIRE_LIMIT] =
	{"acquire-limit", 0, DURATION, "SLIPWAY_ACQUIRE_LIMIT",
	"what 95 % of connections may take (default: 50ms)"},
	[SLIPWAY_OPTION_QUERY_LIMIT] =
	{"query-limit", 0, DURATION, "SLIPWAY_QUERY_LIMIT", "what 95 % of queries may take (default: 100ms)"},
	[SLIPWAY_OPTION_SAVE_BASELINE] =
	{"save-baseline", 0, TEXT("FILE"), NULL, "write the figures of --load into a file"},
	[SLIPWAY_OPTION_COMPARE] =
	{"compare", 0, TEXT("FILE"), "SLIPWAY_COMPARE", "fail if they are more than 50 % worse than that file's"},
	[SLIPWAY_OPTION_TENANT_COLUMN] =
	{"tenant-column", 0, TEXT("NAME"), "SLIPWAY_TENANT_COLUMN",
	"tables with it must have row-level security"},
	[SLIPWAY_OPTION_TENANT_SETTING] =
	{"tenant-setting", 0, TEXT("NAME"), "SLIPWAY_TENANT_SETTING",
	"setting that says whose rows the application sees"},
	[SLIPWAY_OPTION_HTML] =
	{"html", 0, TEXT("FILE"), "SLIPWAY_HTML", "also write it as a page for a browser"},
	[SLIPWAY_OPTION_SNAPSHOT] =
	{"snapshot", 0, SLIPWAY_OPTION_KIND_CHOICE, "SWITCH", "on|off", "SLIPWAY_SNAPSHOT",
	"store what the schema is at the end, for diff: on (default) or off"},
	[SLIPWAY_OPTION_AGAINST] =
	{"against", 0, TEXT("NAME"), NULL, "compare with a snapshot that was saved"},
	[SLIPWAY_OPTION_WITH] =
	{"with", 0, TEXT("URL"), NULL, "compare with another database"},
	[SLIPWAY_OPTION_SAVE] =
	{"save", 0, TEXT("NAME"), NULL, "save a snapshot under a name"},
	[SLIPWAY_OPTION_ACCEPT] =
	{"accept", 0, FLAG, NULL, "take the schema as it is for what the last run has left"},
	[SLIPWAY_OPTION_IGNORE] =
	{"ignore", 0, SLIPWAY_OPTION_KIND_LIST, "PATTERN", NULL, "SLIPWAY_IGNORE",
	"objects that do not matter, as audit.* or kind:policy (repeatable)"},
	[SLIPWAY_OPTION_NO_DRIFT] =
	{"no-drift", 0, FLAG, "SLIPWAY_NO_DRIFT", "do not look whether the schema has changed"},
	[SLIPWAY_OPTION_LOCK_HOLD] =
	{"lock-hold", 0, DURATION, "SLIPWAY_LOCK_HOLD",
	"how long a lock that others notice is held (default: 1s)"},
	[SLIPWAY_OPTION_PLAIN_INDEXES] =
	{"plain-indexes", 0, FLAG, "SLIPWAY_PLAIN_INDEXES",
	"rehearse concurrent index statements as plain ones"},
	[SLIPWAY_OPTION_PLAIN_INDEXES_BELOW] =
	{"plain-indexes-below", 0, SLIPWAY_OPTION_KIND_SIZE, "SIZE", NULL, "SLIPWAY_PLAIN_INDEXES_BELOW",
	"the same on tables below that size (default: 10MB)"},
	[SLIPWAY_OPTION_FAIL_ON] =
	{"fail-on", 0, SLIPWAY_OPTION_KIND_CHOICE, "SEVERITY", "danger|warning|note", "SLIPWAY_FAIL_ON",
	"exit with 4 when something that severe is found"},
	[SLIPWAY_OPTION_SECRETS] =
	{"secrets", 0, TEXT("STORE"), "SLIPWAY_SECRETS",
	"where secrets are kept: environment, file:PATH or barbican"},
	[SLIPWAY_OPTION_SECRET_PREFIX] =
	{"secret-prefix", 0, TEXT("TEXT"), "SLIPWAY_SECRET_PREFIX", "what their names begin with, as PROD_"},
	[SLIPWAY_OPTION_QUERY] =
	{"query", 0, TEXT("SQL"), NULL, "a query that counts, which is run read-only"},
	[SLIPWAY_OPTION_FILE] =
	{"file", 0, TEXT("FILE"), NULL, "read it from there (default: stdin, or a question)"},
	[SLIPWAY_OPTION_BITS] =
	{"bits", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_BITS", "how random it is (default: 256)"},
	[SLIPWAY_OPTION_PURPOSE] =
	{"purpose", 0, TEXT("TEXT"), NULL, "what it is for, as a note in the store"},
	[SLIPWAY_OPTION_ENVIRONMENT] =
	{"environment", 0, TEXT("NAME"), NULL, "the same: which environment it is for (default: that of --env)"},
	[SLIPWAY_OPTION_ROTATION] =
	{"rotation", 0, TEXT("DAYS"), "SLIPWAY_ROTATION", "when it is to be replaced, as 90d"},
	[SLIPWAY_OPTION_ROOT] =
	{"root", 0, TEXT("FILE"), NULL, "certificate of the authority that vouches for the server"},
	[SLIPWAY_OPTION_CERT] =
	{"cert", 0, TEXT("FILE"), NULL, "certificate of the role"},
	[SLIPWAY_OPTION_KEY] =
	{"key", 0, TEXT("FILE"), NULL, "its private key"},
	[SLIPWAY_OPTION_METRICS] =
	{"metrics", 0, TEXT("FILE"), "SLIPWAY_METRICS", "write what the store has taken into a file, for Prometheus"},
	[SLIPWAY_OPTION_PREFER] =
	{"prefer", 0, SLIPWAY_OPTION_KIND_CHOICE, "WHICH", "url|parameters", NULL,
	"what counts where a file's connection string and its parameters disagree"},
	[SLIPWAY_OPTION_NO_TEST] =
	{"no-test", 0, FLAG, NULL, "ask neither the database nor the store first"},
	[SLIPWAY_OPTION_ROLE] =
	{"role", 0, SLIPWAY_OPTION_KIND_CHOICE, "WHOSE", "application|admin", NULL,
	"whose password is changed (application)"},
	[SLIPWAY_OPTION_APPROVAL] =
	{"approval", 0, SLIPWAY_OPTION_KIND_CHOICE, "SWITCH", "on|off", NULL,
	"scripts must be approved by others than who uploaded them: on or off"},
	[SLIPWAY_OPTION_DIRECTION] =
	{"direction", 0, SLIPWAY_OPTION_KIND_CHOICE, "WHICH", "up|down|verify|all", NULL,
	"which script of a migration: up, down, verify or all"},
	[SLIPWAY_OPTION_HASH] =
	{"hash", 0, TEXT("HASH"), NULL, "the script, by its SHA-256"},
	[SLIPWAY_OPTION_WITHDRAW] =
	{"withdraw", 0, FLAG, NULL, "take the approval back"},
	[SLIPWAY_OPTION_ANCHOR] =
	{"anchor", 0, TEXT("FILE"), "SLIPWAY_ANCHOR",
	"file with the head of the history, to compare with and to bring up to date"},
	[SLIPWAY_OPTION_ALLOW_LOG] =
	{"allow-log", 0, FLAG, NULL, "go on if the server's log will have the verifier"},
	[SLIPWAY_OPTION_LOGIN] =
	{"login", 0, TEXT("ROLE"), NULL, "role of the project (default: its name, behind --prefix)"},
	[SLIPWAY_OPTION_PRESET] =
	{"preset", 0, SLIPWAY_OPTION_KIND_CHOICE, "RIGHTS", "read-only|read-write|owner", "SLIPWAY_PRESET",
	"what the role may do in the project's schemas (default: read-write)"},
	[SLIPWAY_OPTION_PREVIOUS_ROLE] =
	{"previous-role", 0, TEXT("ROLE"), "SLIPWAY_PREVIOUS_ROLE", "role that the application has used so far"},
	[SLIPWAY_OPTION_CONNECTION_LIMIT] =
	{"connection-limit", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_CONNECTION_LIMIT",
	"how many connections the role may have"},
	[SLIPWAY_OPTION_APPLICATION] =
	{"application", 0, TEXT("PATTERN"), NULL, "application_name of its sessions, as for LIKE (default: the project)"},
	[SLIPWAY_OPTION_PREFIX] =
	{"prefix", 0, TEXT("TEXT"), "SLIPWAY_PREFIX", "what names of roles begin with, as app_"},
	[SLIPWAY_OPTION_MAPPING] =
	{"mapping", 0, TEXT("JSON"), NULL, "a table of your own to be told, or @FILE with that"},
	[SLIPWAY_OPTION_INPUT] =
	{"input", 0, TEXT("FILE"), NULL, "read projects from a CSV file with a header; -: from stdin"},
	[SLIPWAY_OPTION_ADOPT] =
	{"adopt", 0, FLAG, NULL, "take a role that exists already"},
	[SLIPWAY_OPTION_GRACE] =
	{"grace", 0, DURATION, "SLIPWAY_GRACE", "wait for sessions of the previous role to end (default: 0)"},
	[SLIPWAY_OPTION_HEALTH_URL] =
	{"health-url", 0, SLIPWAY_OPTION_KIND_LIST, "URL", NULL, "SLIPWAY_HEALTH_URL",
	"must answer with 2xx; %p is the project (repeatable)"},
	[SLIPWAY_OPTION_HEALTH_TIMEOUT] =
	{"health-timeout", 0, DURATION, "SLIPWAY_HEALTH_TIMEOUT", "within that time (default: 10s)"},
	[SLIPWAY_OPTION_FALLBACK_PREFIX] =
	{"fallback-prefix", 0, TEXT("TEXT"), "SLIPWAY_FALLBACK_PREFIX", "prefix of the secrets of the previous role"},
	[SLIPWAY_OPTION_CLEANUP] =
	{"cleanup", 0, FLAG, NULL, "remove the secret too"},
	[SLIPWAY_OPTION_OWNED] =
	{"owned", 0, SLIPWAY_OPTION_KIND_CHOICE, "WHAT", "refuse|drop|reassign", NULL,
	"objects that the role owns are a reason to refuse (default), or are dropped"},
	[SLIPWAY_OPTION_HEIR] =
	{"heir", 0, TEXT("ROLE"), NULL, "role that gets them, with --owned reassign"},
	[SLIPWAY_OPTION_MISSING] =
	{"missing", 0, FLAG, NULL, "those that have no role of their own yet"},
	[SLIPWAY_OPTION_STATUS] =
	{"status", 0, SLIPWAY_OPTION_KIND_CHOICE, "STATUS", "missing|generated|created|active|failed|rolled_back", NULL,
	"those that have come that far"},
	[SLIPWAY_OPTION_CREATED_BEFORE] =
	{"created-before", 0, TEXT("DATE"), NULL, "those whose project was registered before"},
	[SLIPWAY_OPTION_DETAILED] =
	{"detailed", 0, FLAG, NULL, "with what makes each risky to move"},
	[SLIPWAY_OPTION_FORMAT] =
	{"format", 0, SLIPWAY_OPTION_KIND_CHOICE, "FORMAT", "table|csv|json|html", NULL, "how to print it (default: table)"},
	[SLIPWAY_OPTION_INTERVAL] =
	{"interval", 0, DURATION, "SLIPWAY_INTERVAL", "how often to look (default: 5s)"},
	[SLIPWAY_OPTION_NAME] =
	{"name", 0, TEXT("NAME"), NULL, "what it is called"},
	[SLIPWAY_OPTION_SIZE] =
	{"size", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, NULL, "how many projects at most"},
	[SLIPWAY_OPTION_PARALLEL] =
	{"parallel", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_PARALLEL", "how many projects at a time (default: 4)"},
	[SLIPWAY_OPTION_MAX_FAILURES] =
	{"max-failures", 0, SLIPWAY_OPTION_KIND_INTEGER, "N", NULL, "SLIPWAY_MAX_FAILURES",
	"begin no project any more after N have failed"},
	[SLIPWAY_OPTION_MAX_DURATION] =
	{"max-duration", 0, DURATION, "SLIPWAY_MAX_DURATION", "begin no project any more after that time"},
	[SLIPWAY_OPTION_RETRY_FAILED] =
	{"retry-failed", 0, FLAG, NULL, "those too that have failed or were rolled back"},
	[SLIPWAY_OPTION_FORCE] =
	{"force", 0, FLAG, NULL, "those too that somebody else seems to be at work on"},
	[SLIPWAY_OPTION_PERIOD] =
	{"period", 0, TEXT("PERIOD"), NULL, "daily, weekly, or FROM..TO with dates: all that has ended then"},
	[SLIPWAY_OPTION_EMAIL] =
	{"email", 0, SLIPWAY_OPTION_KIND_LIST, "ADDRESS", NULL, "SLIPWAY_EMAIL", "send the report there (repeatable)"},
	[SLIPWAY_OPTION_EMAIL_FROM] =
	{"email-from", 0, TEXT("ADDRESS"), "SLIPWAY_EMAIL_FROM", "as whom (default: slipway at this host)"},
	[SLIPWAY_OPTION_SMTP_URL] =
	{"smtp-url", 0, TEXT("URL"), "SLIPWAY_SMTP_URL",
	"by which server, smtp://HOST:PORT or smtps://; one with a password belongs into the variable"},
	[SLIPWAY_OPTION_CRON] =
	{"cron", 0, TEXT("TIMES"), NULL, "when, as cron has it: 30 2 * * MON-FRI"},
	[SLIPWAY_OPTION_TIME_ZONE] =
	{"time-zone", 0, TEXT("NAME"), NULL, "by the clocks of a place, as Europe/Vienna (default: UTC)"},
	[SLIPWAY_OPTION_SCHEDULE_DRY_RUN] =
	{"only-plan", 0, FLAG, NULL, "say what would be done each time, and do nothing"},
	[SLIPWAY_OPTION_TEST] =
	{"test", 0, FLAG, NULL, "do all but moving projects, and send the report to those who would get it"},
	[SLIPWAY_OPTION_KUBERNETES] =
	{"kubernetes", 0, FLAG, NULL, "a manifest of a CronJob (the default)"},
	[SLIPWAY_OPTION_SYSTEMD] =
	{"systemd", 0, FLAG, NULL, "a timer of systemd, and the service that it starts"},
	[SLIPWAY_OPTION_PG_CRON] =
	{"pg-cron", 0, FLAG, NULL, "SQL for pg_cron, of what needs no store of secrets"},
};
