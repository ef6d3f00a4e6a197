/*
 * credential_role.c
 *	  The role of a credential, in the server.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/dbcommands.h"
#include "commands/user.h"
#include "libpq/crypt.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "credential_rights.h"
#include "credential_role.h"
#include "error_code.h"
#include "query.h"
#include "spi.h"

void
slipway_credential_check_role_name(const char *role)
{
	const char *wrong = NULL;

	slipway_check_name("role", role);
	if (strlen(role) >= NAMEDATALEN)
		wrong = psprintf("It has %zu bytes, the limit is %d.", strlen(role), NAMEDATALEN - 1);
	else if (IsReservedName(role))
		wrong = "Names that begin with \"pg_\" are the server's own.";
	else if (strcmp(role, "public") == 0 || strcmp(role, "none") == 0)
		wrong = "It means something else to the server.";
	if (wrong)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_NAME),
				 errmsg("\"%s\" cannot be the name of a role", role),
				 errdetail("%s", wrong)));
}

void
slipway_credential_check_verifier(const char *verifier)
{
	if (get_password_type(verifier) != PASSWORD_TYPE_SCRAM_SHA_256)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a password must be given as its SCRAM-SHA-256 verifier"),
				 errhint("PQencryptPasswordConn() makes one. The password itself never reaches the server.")));
}

/* See also credential_comment.sql, credential_orphans.sql and credential_checks.sql. */
#define MARK "slipway: credential of project "

char *
slipway_credential_mark(const SlipwayCredential *credential)
{
	return psprintf(MARK "%s in database %s",
					quote_literal_cstr(credential->project->name),
					quote_literal_cstr(get_database_name(MyDatabaseId)));
}

/* What the comment of a role says. */
typedef struct Comment
{
	char	   *text;			/* NULL: there is none */
	bool		outlived;		/* it names this project, in a database that is not there */
} Comment;

static Comment
read_comment(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_COMMENT, 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	Comment		comment = {0};
	bool		isnull;

	slipway_arg_text(&args, credential->role);
	slipway_arg_text(&args, credential->project->name);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		comment.text = slipway_row_text(0, 1);
		comment.outlived = DatumGetBool(slipway_row_datum(0, 2, &isnull));
	}
	slipway_spi_end();
	return comment;
}

bool
slipway_credential_is_ours(const SlipwayCredential *credential)
{
	Comment		comment = read_comment(credential);

	if (comment.text == NULL)
		return false;
	/* Of that database, renamed since or restored under another name, this is the one that says it has made the role. */
	return strcmp(comment.text, slipway_credential_mark(credential)) == 0 || (credential->made && comment.outlived);
}

bool
slipway_credential_is_marked(const SlipwayCredential *credential)
{
	Comment		comment = read_comment(credential);

	return comment.text && strncmp(comment.text, MARK, strlen(MARK)) == 0;
}

bool
slipway_credential_has_password(const char *role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(role));
	bool		isnull = true;

	if (HeapTupleIsValid(tuple))
	{
		(void) SysCacheGetAttr(AUTHNAME, tuple, Anum_pg_authid_rolpassword, &isnull);
		ReleaseSysCache(tuple);
	}
	return !isnull;
}

static bool
has_expired(const char *role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(role));
	bool		isnull;
	Datum		until;
	bool		expired = false;

	if (HeapTupleIsValid(tuple))
	{
		until = SysCacheGetAttr(AUTHNAME, tuple, Anum_pg_authid_rolvaliduntil, &isnull);
		expired = !isnull && DatumGetTimestampTz(until) < GetCurrentTimestamp();
		ReleaseSysCache(tuple);
	}
	return expired;
}

static List *
add_option(List *options, const char *name, Node *value)
{
	return lappend(options, makeDefElem(pstrdup(name), value, -1));
}

/* verifier NULL: the password stays as it is. */
static List *
login_options(bool login, int connection_limit, const char *verifier)
{
	List	   *options = add_option(NIL, "canlogin", (Node *) makeBoolean(login));

	options = add_option(options, "connectionlimit", (Node *) makeInteger(connection_limit));
	if (verifier)
		options = add_option(options, "password", (Node *) makeString(pstrdup(verifier)));
	return options;
}

static void
alter_role(const char *role, List *options)
{
	AlterRoleStmt *stmt = makeNode(AlterRoleStmt);

	PreventCommandIfReadOnly("ALTER ROLE");
	stmt->role = makeNode(RoleSpec);
	stmt->role->roletype = ROLESPEC_CSTRING;
	stmt->role->rolename = pstrdup(role);
	stmt->role->location = -1;
	stmt->options = options;
	stmt->action = +1;
	(void) AlterRole(make_parsestate(NULL), stmt);
	CommandCounterIncrement();
}

void
slipway_credential_change_password(const char *role, const char *verifier)
{
	alter_role(role, add_option(NIL, "password", (Node *) makeString(pstrdup(verifier))));
}

void
slipway_credential_make_role(const SlipwayCredential *credential, const char *verifier)
{
	List	   *options = login_options(true, credential->connection_limit, verifier);
	CreateRoleStmt *stmt;

	if (OidIsValid(get_role_oid(credential->role, true)))
	{
		/* A date that somebody has set counts until it has come: then it would keep the role from what it is made for. */
		if (has_expired(credential->role))
			options = add_option(options, "validUntil", (Node *) makeString(pstrdup("infinity")));
		alter_role(credential->role, options);
	}
	else
	{
		PreventCommandIfReadOnly("CREATE ROLE");
		stmt = makeNode(CreateRoleStmt);
		stmt->stmt_type = ROLESTMT_ROLE;
		stmt->role = pstrdup(credential->role);
		stmt->options = options;
		(void) CreateRole(make_parsestate(NULL), stmt);
		CommandCounterIncrement();
	}
	/* Also of one that has it: the name of the database may be another one since. */
	CreateSharedComments(get_role_oid(credential->role, false), AuthIdRelationId,
						 slipway_credential_mark(credential));
	CommandCounterIncrement();
}

void
slipway_credential_take_role(const SlipwayCredential *credential, const char *verifier)
{
	alter_role(credential->role, login_options(true, credential->connection_limit, verifier));
}

void
slipway_credential_restore_role(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"SELECT ($1::jsonb -> 'login')::boolean, ($1::jsonb ->> 'connection_limit')::bigint, "
		"($1::jsonb -> 'password')::boolean", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	List	   *options;
	bool		login;
	int			connection_limit;
	bool		had_password;
	bool		isnull;

	slipway_arg_text(&args, credential->before);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	login = DatumGetBool(slipway_row_datum(0, 1, &isnull));
	connection_limit = slipway_row_int8(0, 2);
	had_password = DatumGetBool(slipway_row_datum(0, 3, &isnull));
	slipway_spi_end();
	options = login_options(login, connection_limit, NULL);
	/* One that it had was not touched: see slipway_adoption_check(). */
	if (!had_password)
		options = add_option(options, "password", NULL);
	alter_role(credential->role, options);
}

SlipwayOwned
slipway_credential_owned(FunctionCallInfo fcinfo, int arg)
{
	SlipwayOwned owned = {0};
	char	   *how = slipway_credential_argument(fcinfo, arg);

	owned.heir = slipway_credential_argument(fcinfo, arg + 1);
	if (how && strcmp(how, "drop") == 0)
		owned.how = SLIPWAY_OWNED_DROP;
	else if (how && strcmp(how, "reassign") == 0)
		owned.how = SLIPWAY_OWNED_REASSIGN;
	else if (how == NULL || strcmp(how, "refuse") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown way \"%s\" to treat what a role owns", how ? how : ""),
				 errhint("It is one of refuse, drop, reassign.")));
	if ((owned.how == SLIPWAY_OWNED_REASSIGN) != (owned.heir != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an heir goes with reassign, and reassign with an heir")));
	if (owned.heir)
		(void) get_role_oid(owned.heir, false);
	return owned;
}

/* A statement without secrets, as the caller. */
static void
run_as_caller(const char *command)
{
	slipway_spi_begin_as(GetUserId());
	if (SPI_execute(command, false, 0) < 0)
		elog(ERROR, "could not run \"%s\"", command);
	slipway_spi_end();
}

/* The server asks for the rights of the role that owns; whoever may drop it may also give them to himself. */
static void
become_member(const char *role)
{
	if (!has_privs_of_role(GetUserId(), get_role_oid(role, false)))
		run_as_caller(psprintf("GRANT %s TO %s", quote_identifier(role),
							   quote_identifier(GetUserNameFromId(GetUserId(), false))));
}

static void
give_away(const char *role, const SlipwayOwned *owned)
{
	const char *quoted = quote_identifier(role);

	if (owned->how == SLIPWAY_OWNED_REFUSE)
		return;
	become_member(role);
	if (owned->how == SLIPWAY_OWNED_REASSIGN)
		run_as_caller(psprintf("REASSIGN OWNED BY %s TO %s", quoted, quote_identifier(owned->heir)));
	/* What cannot be given to anybody, policies and default privileges, is left by that. */
	run_as_caller(psprintf("DROP OWNED BY %s", quoted));
}

/* Without this the server would list what depends on the role, rights and all. */
static void
refuse_owner(const char *role)
{
	static SlipwayQuery query = {SLIPWAY_CREDENTIAL_OBJECTS, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	StringInfoData list;
	uint64		rows;

	initStringInfo(&list);
	slipway_arg_text(&args, role);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows && i < 100; i++)
		appendStringInfo(&list, "%s%s %s in database %s", i > 0 ? "\n" : "", slipway_row_text(i, 2),
						 slipway_row_text(i, 3), slipway_row_text(i, 1));
	slipway_spi_end();
	if (rows == 0)
		return;
	if (rows > 100)
		appendStringInfo(&list, "\nand " UINT64_FORMAT " more", rows - 100);
	ereport(ERROR,
			(errcode(SLIPWAY_ROLE_OWNS),
			 errmsg("role \"%s\" owns objects, or others have rights from it", role),
			 errdetail("%s", list.data),
			 errhint("Give them to another role, or drop them; owned => 'reassign' or 'drop' does it.")));
}

/*
 * From 17 on the server notes, for pg_dump, which rights objects of an extension had in the beginning, those by default privileges
 * among them, and no REVOKE makes it forget a role there. As the role itself, which owns nothing: nothing else happens.
 */
static void
forget_initial_rights(const char *role)
{
	static SlipwayQuery query = {"SELECT FROM pg_roles r JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid "
	"WHERE r.rolname = $1 AND d.deptype = 'i'", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	bool		found;

	slipway_arg_text(&args, role);
	slipway_spi_begin();
	found = slipway_query(&query, &args, 1) > 0;
	slipway_spi_end();
	if (!found)
		return;
	slipway_spi_begin_as(get_role_oid(role, false));
	if (SPI_execute(psprintf("DROP OWNED BY %s", quote_identifier(role)), false, 0) < 0)
		elog(ERROR, "could not take the initial rights of role \"%s\"", role);
	slipway_spi_end();
}

void
slipway_credential_drop_role(const char *role, const SlipwayOwned *owned)
{
	DropRoleStmt *stmt;
	RoleSpec   *spec;

	if (!OidIsValid(get_role_oid(role, true)))
		return;
	/* From here on nothing can be made that it owns. */
	LockSharedObject(AuthIdRelationId, get_role_oid(role, false), 0, AccessExclusiveLock);
	give_away(role, owned);
	refuse_owner(role);
	slipway_rights_revoke_all(role);
	forget_initial_rights(role);
	PreventCommandIfReadOnly("DROP ROLE");
	spec = makeNode(RoleSpec);
	spec->roletype = ROLESPEC_CSTRING;
	spec->rolename = pstrdup(role);
	spec->location = -1;
	stmt = makeNode(DropRoleStmt);
	stmt->roles = list_make1(spec);
	DropRole(stmt);
	CommandCounterIncrement();
}
