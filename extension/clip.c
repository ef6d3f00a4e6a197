/*
 * clip.c
 *	  Text that others have written, as long as a record of it is to be.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "clip.h"
#include "utf8_form.h"

#define CLIP_BYTES (256 * 1024)

char *
slipway_clip(char *text)
{
	size_t		length = text ? strlen(text) : 0;

	if (length <= CLIP_BYTES)
		return slipway_utf8_form(text);
	return slipway_utf8_form(psprintf("%.*s... (%zu bytes in all)", pg_mbcliplen(text, CLIP_BYTES + 1, CLIP_BYTES), text, length));
}
