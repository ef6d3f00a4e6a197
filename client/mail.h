/*
 * mail.h
 *	  Electronic mail, by libcurl's SMTP.
 *
 * A server that offers TLS is verified; credentials are never sent without it.
 */
#ifndef SLIPWAY_MAIL_H
#define SLIPWAY_MAIL_H

#include <stdbool.h>
#include <stddef.h>

/* All of it is borrowed. */
typedef struct SlipwayMail
{
	const char *url;			/* smtp://HOST:PORT, smtps://, perhaps with USER:PASSWORD@ */
	const char *from;
	const char *const *to;
	size_t		to_count;
	const char *subject;
	const char *text;
	const char *page;			/* HTML, which is attached; or NULL */
	const char *page_name;		/* of the file that it is then */
} SlipwayMail;

bool		slipway_mail_is_url(const char *url);

/* One address, of ASCII, as name@host. */
bool		slipway_mail_is_address(const char *address);

/* The message as it is sent, with CRLF; boundary is in no part of it, and id is unique. The caller frees it. */
char	   *slipway_mail_write(const SlipwayMail *mail, const char *date, const char *boundary, const char *id);

/* Sends it within timeout ms; needs slipway_curl_load(). Returns NULL, or what went wrong, which the caller frees. */
char	   *slipway_mail_send(const SlipwayMail *mail, long timeout);

#endif
