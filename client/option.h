/*
 * option.h
 *	  Options: one table for all commands, so that an option is spelled and
 *	  meant the same everywhere, and the parser that the table drives.
 */
#ifndef SLIPWAY_OPTION_H
#define SLIPWAY_OPTION_H

#include <stdbool.h>
#include <stddef.h>

typedef enum SlipwayOptionId
{
	SLIPWAY_OPTION_DBNAME,
	SLIPWAY_OPTION_URL,
	SLIPWAY_OPTION_HOST,
	SLIPWAY_OPTION_PORT,
	SLIPWAY_OPTION_USERNAME,
	SLIPWAY_OPTION_NO_PASSWORD,
	SLIPWAY_OPTION_PASSWORD,
	SLIPWAY_OPTION_ENV,
	SLIPWAY_OPTION_CONFIG,
	SLIPWAY_OPTION_PROJECT,
	SLIPWAY_OPTION_DIR,
	SLIPWAY_OPTION_JSON,
	SLIPWAY_OPTION_QUIET,
	SLIPWAY_OPTION_VERBOSE,
	SLIPWAY_OPTION_NO_COLOR,
	SLIPWAY_OPTION_HELP,
	SLIPWAY_OPTION_VERSION,
	SLIPWAY_OPTION_ORDER,
	SLIPWAY_OPTION_DRY_RUN,
	SLIPWAY_OPTION_TO,
	SLIPWAY_OPTION_LOCK_WAIT,
	SLIPWAY_OPTION_LOCK_TIMEOUT,
	SLIPWAY_OPTION_STATEMENT_TIMEOUT,
	SLIPWAY_OPTION_RETRIES,
	SLIPWAY_OPTION_CANCEL_BLOCKERS,
	SLIPWAY_OPTION_OUT_OF_ORDER,
	SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER,
	SLIPWAY_OPTION_VAR,
	SLIPWAY_OPTION_MODE,
	SLIPWAY_OPTION_LABEL,
	SLIPWAY_OPTION_DETACH,
	SLIPWAY_OPTION_NO_WAIT,
	SLIPWAY_OPTION_EXIT_CODE,
	SLIPWAY_OPTION_LIMIT,
	SLIPWAY_OPTION_FOLLOW,
	SLIPWAY_OPTION_TIMEOUT,
	SLIPWAY_OPTION_REQUIRE,
	SLIPWAY_OPTION_REQUIRE_DIRECT,
	SLIPWAY_OPTION_MARKDOWN,
	SLIPWAY_OPTION_MAN,
	SLIPWAY_OPTION_STEPS,
	SLIPWAY_OPTION_ALL,
	SLIPWAY_OPTION_SCRIPT,
	SLIPWAY_OPTION_DOWN_SCRIPTS,
	SLIPWAY_OPTION_DELAY,
	SLIPWAY_OPTION_YES,
	SLIPWAY_OPTION_DOWN,
	SLIPWAY_OPTION_VERIFY,
	SLIPWAY_OPTION_REPEATABLE,
	SLIPWAY_OPTION_SCHEMAS,
	SLIPWAY_OPTION_PROJECT_OWNER,
	SLIPWAY_OPTION_OWNER,
	SLIPWAY_OPTION_GRANT,
	SLIPWAY_OPTION_ACCEPT_CHECKSUM,
	SLIPWAY_OPTION_FORGET_FAILED,
	SLIPWAY_OPTION_MARK_APPLIED,
	SLIPWAY_OPTION_SETTLE,
	SLIPWAY_OPTION_REASON,
	SLIPWAY_OPTION_VERIFY_SCRIPTS,
	SLIPWAY_OPTION_WEBHOOK,
	SLIPWAY_OPTION_CREATE_SCHEMAS,
	SLIPWAY_OPTION_BACKUP_ROLE,
	SLIPWAY_OPTION_LONG_TRANSACTION,
	SLIPWAY_OPTION_LOAD,
	SLIPWAY_OPTION_DURATION,
	SLIPWAY_OPTION_ACQUIRE_LIMIT,
	SLIPWAY_OPTION_QUERY_LIMIT,
	SLIPWAY_OPTION_SAVE_BASELINE,
	SLIPWAY_OPTION_COMPARE,
	SLIPWAY_OPTION_TENANT_COLUMN,
	SLIPWAY_OPTION_TENANT_SETTING,
	SLIPWAY_OPTION_HTML,
	SLIPWAY_OPTION_SNAPSHOT,
	SLIPWAY_OPTION_AGAINST,
	SLIPWAY_OPTION_WITH,
	SLIPWAY_OPTION_SAVE,
	SLIPWAY_OPTION_ACCEPT,
	SLIPWAY_OPTION_IGNORE,
	SLIPWAY_OPTION_NO_DRIFT,
	SLIPWAY_OPTION_LOCK_HOLD,
	SLIPWAY_OPTION_PLAIN_INDEXES,
	SLIPWAY_OPTION_PLAIN_INDEXES_BELOW,
	SLIPWAY_OPTION_FAIL_ON,
	SLIPWAY_OPTION_SECRETS,
	SLIPWAY_OPTION_SECRET_PREFIX,
	SLIPWAY_OPTION_QUERY,
	SLIPWAY_OPTION_FILE,
	SLIPWAY_OPTION_BITS,
	SLIPWAY_OPTION_PURPOSE,
	SLIPWAY_OPTION_ENVIRONMENT,
	SLIPWAY_OPTION_ROTATION,
	SLIPWAY_OPTION_ROOT,
	SLIPWAY_OPTION_CERT,
	SLIPWAY_OPTION_KEY,
	SLIPWAY_OPTION_METRICS,
	SLIPWAY_OPTION_PREFER,
	SLIPWAY_OPTION_NO_TEST,
	SLIPWAY_OPTION_ROLE,
	SLIPWAY_OPTION_APPROVAL,
	SLIPWAY_OPTION_DIRECTION,
	SLIPWAY_OPTION_HASH,
	SLIPWAY_OPTION_WITHDRAW,
	SLIPWAY_OPTION_ANCHOR,
	SLIPWAY_OPTION_ALLOW_LOG,
	SLIPWAY_OPTION_LOGIN,
	SLIPWAY_OPTION_PRESET,
	SLIPWAY_OPTION_PREVIOUS_ROLE,
	SLIPWAY_OPTION_CONNECTION_LIMIT,
	SLIPWAY_OPTION_APPLICATION,
	SLIPWAY_OPTION_PREFIX,
	SLIPWAY_OPTION_MAPPING,
	SLIPWAY_OPTION_INPUT,
	SLIPWAY_OPTION_ADOPT,
	SLIPWAY_OPTION_GRACE,
	SLIPWAY_OPTION_HEALTH_URL,
	SLIPWAY_OPTION_HEALTH_TIMEOUT,
	SLIPWAY_OPTION_FALLBACK_PREFIX,
	SLIPWAY_OPTION_CLEANUP,
	SLIPWAY_OPTION_OWNED,
	SLIPWAY_OPTION_HEIR,
	SLIPWAY_OPTION_MISSING,
	SLIPWAY_OPTION_STATUS,
	SLIPWAY_OPTION_CREATED_BEFORE,
	SLIPWAY_OPTION_DETAILED,
	SLIPWAY_OPTION_FORMAT,
	SLIPWAY_OPTION_INTERVAL,
	SLIPWAY_OPTION_NAME,
	SLIPWAY_OPTION_SIZE,
	SLIPWAY_OPTION_PARALLEL,
	SLIPWAY_OPTION_MAX_FAILURES,
	SLIPWAY_OPTION_MAX_DURATION,
	SLIPWAY_OPTION_RETRY_FAILED,
	SLIPWAY_OPTION_FORCE,
	SLIPWAY_OPTION_PERIOD,
	SLIPWAY_OPTION_EMAIL,
	SLIPWAY_OPTION_EMAIL_FROM,
	SLIPWAY_OPTION_SMTP_URL,
	SLIPWAY_OPTION_CRON,
	SLIPWAY_OPTION_TIME_ZONE,
	SLIPWAY_OPTION_SCHEDULE_DRY_RUN,
	SLIPWAY_OPTION_TEST,
	SLIPWAY_OPTION_KUBERNETES,
	SLIPWAY_OPTION_SYSTEMD,
	SLIPWAY_OPTION_PG_CRON,
	SLIPWAY_OPTION_COUNT		/* also ends lists of options */
} SlipwayOptionId;

typedef enum SlipwayOptionKind
{
	SLIPWAY_OPTION_KIND_FLAG,
	SLIPWAY_OPTION_KIND_TEXT,
	SLIPWAY_OPTION_KIND_OPTIONAL,	/* text after "=", or nothing, which is "" */
	SLIPWAY_OPTION_KIND_LIST,	/* text, may be given several times */
	SLIPWAY_OPTION_KIND_INTEGER,	/* 0 to 2147483647 */
	SLIPWAY_OPTION_KIND_DURATION,	/* a number of ms, or with a unit: 30s; at most 24 days */
	SLIPWAY_OPTION_KIND_SIZE,	/* a number of bytes, or with a unit: 10MB */
	SLIPWAY_OPTION_KIND_PORT,	/* 1 to 65535; several with commas, as libpq takes them */
	SLIPWAY_OPTION_KIND_CHOICE	/* one of choices */
} SlipwayOptionKind;

typedef struct SlipwayOption
{
	const char *name;			/* without the dashes */
	char		letter;			/* or 0 */
	SlipwayOptionKind kind;
	const char *value;			/* what help calls the value; flags: NULL; OPTIONAL: "[=VALUE]" */
	const char *choices;		/* "auto|name|number" */
	const char *environment;	/* variable with the default, or NULL */
	const char *summary;
} SlipwayOption;

extern const SlipwayOption slipway_option_table[SLIPWAY_OPTION_COUNT];

/* What was given for an option that may be given several times, in order. */
typedef struct SlipwayOptionList
{
	const char **values;
	const char **sources;		/* of each, as in SlipwayArguments; NULL: all from the command line */
	size_t		count;
} SlipwayOptionList;

/* A command line taken apart. Strings are borrowed from argv and environ. */
typedef struct SlipwayArguments
{
	const char *values[SLIPWAY_OPTION_COUNT];	/* NULL: not given; flags: "1" */
	const char *sources[SLIPWAY_OPTION_COUNT];	/* variable or "FILE:LINE"; NULL: command line */
	SlipwayOptionList lists[SLIPWAY_OPTION_COUNT];	/* of LIST options */
	const char **words;			/* what is no option: command and arguments */
	size_t		word_count;
	struct SlipwayEnvironment *environment; /* of --env, or NULL; see environment.h */
} SlipwayArguments;

/*
 * Takes argv[1] and on apart, into zeroed arguments. An unknown option, a
 * missing, superfluous or malformed value, and options that contradict each
 * other end the program with SLIPWAY_EXIT_USAGE.
 */
void		slipway_option_parse(int argc, char *const argv[], SlipwayArguments *arguments);

/*
 * Fills options that were not given, among those in a list that ends in
 * SLIPWAY_OPTION_COUNT, from their environment variables. Empty ones count as
 * not set, and so do those that contradict what was given; a malformed value
 * ends the program as above.
 */
void		slipway_option_read_environment(SlipwayArguments *arguments,
											const SlipwayOptionId *ids);

/*
 * A default from elsewhere: a good value, see option_value.h. A flag may be said not to be
 * given; it has a source then, but no value. The strings are borrowed.
 */
typedef struct SlipwayOptionDefault
{
	SlipwayOptionId id;
	const char *value;
	const char *source;
} SlipwayOptionDefault;

/*
 * Fills options from defaults, which may have several values for a LIST, under
 * the same conditions.
 */
void		slipway_option_add_defaults(SlipwayArguments *arguments,
										const SlipwayOptionDefault *defaults, size_t count);

/*
 * Value of an option, or NULL; whether a flag was given; an integer, and a
 * time in ms, or what stands for it otherwise.
 */
const char *slipway_option_text(const SlipwayArguments *arguments, SlipwayOptionId id);
bool		slipway_option_flag(const SlipwayArguments *arguments, SlipwayOptionId id);
int			slipway_option_integer(const SlipwayArguments *arguments, SlipwayOptionId id,
								   int otherwise);
double		slipway_option_duration(const SlipwayArguments *arguments, SlipwayOptionId id,
									double otherwise);

#endif
