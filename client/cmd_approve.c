/*
 * cmd_approve.c
 *	  slipway approve
 *
 * What is approved is a script, not a name: the one of the folder, so that it is what
 * the approver has before his eyes, or the one of --hash. An approval is withdrawn without
 * either, too: then it is that of the newest manifest.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "connection.h"
#include "die.h"
#include "folder.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "server.h"

#define PARTS 3

typedef struct Approval
{
	PGconn	   *conn;
	const char *project;
	const char *migration;
	const char *reason;			/* or NULL */
	const char *hash;			/* of --hash, or NULL */
	SlipwayFolder *folder;		/* or NULL */
	bool		withdraw;
	bool		dry_run;
} Approval;

static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static SlipwayScriptFile *
find_file(const Approval *approval, SlipwayScriptPart part)
{
	SlipwayMigration *migration = slipway_folder_find(approval->folder, approval->migration);
	SlipwayScriptFile *files[PARTS] = {&migration->up, &migration->down, &migration->verify};

	return files[part]->path != NULL ? files[part] : NULL;
}

/* The hash of the script to approve; NULL: that of the newest manifest. */
static const char *
choose_hash(const Approval *approval, SlipwayScriptPart part)
{
	SlipwayScriptReader reader = {0};
	SlipwayScriptFile *file;

	if (approval->hash != NULL || approval->folder == NULL)
		return approval->hash;
	file = find_file(approval, part);
	if (file == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Give the hash of the script with --hash.",
					"migration \"%s\" has no %s script in folder \"%s\"", approval->migration,
					slipway_folder_part_name(part), approval->folder->path);
	slipway_script_file_hash(file, &reader);
	slipway_script_reader_release(&reader);
	return file->hash;
}

static void
say_approval(const Approval *approval, SlipwayScriptPart part, const char *hash)
{
	const char *direction = slipway_folder_part_name(part);
	const char *event = approval->withdraw ? (approval->dry_run ? "would withdraw approval" : "withdraw approval")
		: approval->dry_run ? "would approve" : "approve";

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:s, s:s}", "event", event,
									  "project", slipway_output_json_text(approval->project),
									  "migration", slipway_output_json_text(approval->migration),
									  "direction", direction, "script_hash", hash));
	else
		slipway_output_say("%s: %s script %s %s%s", approval->migration, direction, hash,
						   approval->dry_run ? "would be " : "", approval->withdraw ? "not approved any more" : "approved");
}

static void
approve_part(const Approval *approval, SlipwayScriptPart part)
{
	const char *const values[] = {
		approval->migration, slipway_folder_part_name(part), choose_hash(approval, part), approval->reason,
		approval->project
	};
	PGresult   *result = slipway_server_query(
		approval->conn, approval->withdraw ? "SELECT slipway.withdraw_approval($1, $4, $2, $3, $5)"
		: "SELECT slipway.approve($1, $2, $3, $4, $5)", 5, values);

	say_approval(approval, part, PQgetvalue(result, 0, 0));
	PQclear(result);
}

/* Those of its scripts that there are in the folder. */
static void
approve_all(const Approval *approval)
{
	for (SlipwayScriptPart part = SLIPWAY_PART_UP; part < PARTS; part++)
		if (find_file(approval, part) != NULL)
			approve_part(approval, part);
}

static SlipwayScriptPart
parse_direction(const char *direction)
{
	SlipwayScriptPart part = SLIPWAY_PART_UP;

	while (part < PARTS && direction != NULL && strcmp(direction, slipway_folder_part_name(part)) != 0)
		part++;
	return part;
}

static void
check_options(const Approval *approval, SlipwayScriptPart part)
{
	if (approval->hash != NULL && part == PARTS)
		slipway_die(SLIPWAY_EXIT_USAGE, "A hash is that of one script.",
					"options \"--hash\" and \"--direction all\" do not go together");
	if (approval->withdraw && approval->reason == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Say why with --reason TEXT; it is kept in the history.",
					"to withdraw an approval needs a reason");
}

/* Reads the folder that the approver looks at; which scripts are all of them, it alone says. */
static void
read_folder(Approval *approval, const SlipwayArguments *arguments, SlipwayScriptPart part)
{
	const char *dir = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	bool		named = slipway_option_text(arguments, SLIPWAY_OPTION_DIR) != NULL;

	if (approval->hash != NULL)
		return;
	if (!named && !is_folder(dir))
	{
		if (!approval->withdraw || part == PARTS)
			slipway_die(SLIPWAY_EXIT_USAGE, "Name the folder with --dir, or the script with --hash; \"slipway pending-approval\" shows the hashes.",
						"there is no folder \"%s\" with the script", dir);
		return;
	}
	approval->folder = slipway_folder_read(dir);
	/* that knows of no hooks */
	if (slipway_folder_find(approval->folder, approval->migration) == NULL)
		slipway_folder_require(approval->folder, approval->migration);
}

SlipwayExitCode
slipway_cmd_approve(const SlipwayArguments *arguments)
{
	SlipwayScriptPart part = parse_direction(slipway_option_text(arguments, SLIPWAY_OPTION_DIRECTION));
	Approval	approval = {
		.project = slipway_release_project(arguments),
		.migration = arguments->words[1],
		.reason = slipway_option_text(arguments, SLIPWAY_OPTION_REASON),
		.hash = slipway_option_text(arguments, SLIPWAY_OPTION_HASH),
		.withdraw = slipway_option_flag(arguments, SLIPWAY_OPTION_WITHDRAW),
		.dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN),
	};

	check_options(&approval, part);
	read_folder(&approval, arguments, part);
	approval.conn = slipway_connection_open(arguments);
	(void) slipway_server_greet(approval.conn, NULL, 0, NULL);
	PQclear(slipway_server_query(approval.conn, "BEGIN", 0, NULL));
	if (part == PARTS)
		approve_all(&approval);
	else
		approve_part(&approval, part);
	PQclear(slipway_server_query(approval.conn, approval.dry_run ? "ROLLBACK" : "COMMIT", 0, NULL));
	if (approval.folder != NULL)
		slipway_folder_free(approval.folder);
	return SLIPWAY_EXIT_DONE;
}
