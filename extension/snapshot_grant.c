/*
 * snapshot_grant.c
 *	  Rights on an object, as a snapshot shows them.
 *
 * No list at all, and one that says what owner and PUBLIC have by default, are the same: a dump has neither. So only
 * what differs from the default is shown, one line for each role, whatever the order of the list.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "snapshot_reader.h"

/* In the order of the bits. */
static const char *const privileges[] = {
	"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "EXECUTE", "USAGE", "CREATE",
	"TEMPORARY", "CONNECT", "SET", "ALTER SYSTEM", "MAINTAIN"
};

static const AclItem *
find_item(const Acl *acl, Oid grantee, Oid grantor)
{
	for (int i = 0; i < ACL_NUM(acl); i++)
		if (ACL_DAT(acl)[i].ai_grantee == grantee && ACL_DAT(acl)[i].ai_grantor == grantor)
			return &ACL_DAT(acl)[i];
	return NULL;
}

static char *
show_item(SlipwayReader *reader, Oid grantee, Oid grantor, AclMode rights, AclMode options, Oid owner)
{
	StringInfoData line;
	const char *separator = "";

	initStringInfo(&line);
	for (int i = 0; i < lengthof(privileges); i++)
		if (rights & ((AclMode) 1 << i))
		{
			appendStringInfo(&line, "%s%s%s", separator, privileges[i],
							 options & ((AclMode) 1 << i) ? " WITH GRANT OPTION" : "");
			separator = ", ";
		}
	appendStringInfo(&line, "%s to %s", separator[0] ? "" : "nothing", slipway_reader_role(reader, grantee));
	if (grantor != owner)
		appendStringInfo(&line, " by %s", slipway_reader_role(reader, grantor));
	return line.data;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

void
slipway_reader_grants_beside(SlipwayReader *reader, const Acl *acl, const Acl *usual, Oid owner)
{
	char	  **lines = palloc((ACL_NUM(acl) + ACL_NUM(usual) + 1) * sizeof(char *));
	int			n = 0;

	for (int i = 0; i < ACL_NUM(acl); i++)
	{
		const AclItem *item = &ACL_DAT(acl)[i];
		const AclItem *other = find_item(usual, item->ai_grantee, item->ai_grantor);

		if (other ? other->ai_privs == item->ai_privs : item->ai_privs == 0)
			continue;
		if (list_member_oid(reader->credentials, item->ai_grantee))
			continue;
		/* Of their own rights owners have the grant options in any case. */
		lines[n++] = show_item(reader, item->ai_grantee, item->ai_grantor, ACLITEM_GET_PRIVS(*item),
							   item->ai_grantee == owner ? 0 : ACLITEM_GET_GOPTIONS(*item), owner);
	}
	for (int i = 0; i < ACL_NUM(usual); i++)
	{
		const AclItem *item = &ACL_DAT(usual)[i];

		if (item->ai_privs != 0 && find_item(acl, item->ai_grantee, item->ai_grantor) == NULL)
			lines[n++] = show_item(reader, item->ai_grantee, item->ai_grantor, 0, 0, owner);
	}
	qsort(lines, n, sizeof(char *), compare_lines);
	for (int i = 0; i < n; i++)
		slipway_reader_line(reader, "grant", lines[i]);
}

void
slipway_reader_grants(SlipwayReader *reader, Datum acl, bool isnull, ObjectType type, Oid owner)
{
	if (!isnull)
		slipway_reader_grants_beside(reader, DatumGetAclP(acl), acldefault(type, owner), owner);
}
