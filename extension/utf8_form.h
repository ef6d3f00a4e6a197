/*
 * utf8_form.h
 *	  Text that has a form in UTF-8, as records have it.
 */
#ifndef SLIPWAY_UTF8_FORM_H
#define SLIPWAY_UTF8_FORM_H

/*
 * Text that comes from outside, such as a message or a role's name, need not have a form in UTF-8, over which the history is
 * hashed: a server without encodings takes any bytes, some encodings hold more than Unicode, and the name of a role has the
 * encoding of the database that it was made in. What has none becomes a question mark. It would not be
 * sound text of a database in UTF-8, either: a dump with it could not be restored. The text itself where all is well; NULL for NULL.
 */
extern char *slipway_utf8_form(char *text);

#endif							/* SLIPWAY_UTF8_FORM_H */
