/*
 * file_name.h
 *	  What the name of a file in a folder says about it.
 */
#ifndef SLIPWAY_FILE_NAME_H
#define SLIPWAY_FILE_NAME_H

#include <stddef.h>

typedef enum SlipwayScriptRole
{
	SLIPWAY_ROLE_UP,
	SLIPWAY_ROLE_DOWN,
	SLIPWAY_ROLE_VERIFY
} SlipwayScriptRole;

typedef enum SlipwayFileKind
{
	SLIPWAY_FILE_SCRIPT,
	SLIPWAY_FILE_LEFT_OVER,		/* of a script, by an editor or a merge tool */
	SLIPWAY_FILE_LOOKALIKE,		/* its author may believe that it is a script */
	SLIPWAY_FILE_MISSPELT,		/* a script, but its role has capitals */
	SLIPWAY_FILE_OTHER
} SlipwayFileKind;

/*
 * Tells the kind of a file. Of scripts it also sets the role and how many
 * bytes of the file's name are the migration's.
 */
SlipwayFileKind slipway_file_name_classify(const char *file, SlipwayScriptRole *role,
										   size_t *length);

#endif
