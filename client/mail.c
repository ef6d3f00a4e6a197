/*
 * mail.c
 *	  Electronic mail.
 *
 * Text and page are in base64, so no line of them is too long and none begins with a dot. RFC 5322, 2045 and 2047.
 */
#include "mail.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "buffer.h"
#include "curl_library.h"
#include "memory.h"

#define LINE_BYTES 57			/* are 76 letters of base64 */
#define WORD_BYTES 39			/* of a header: 52, with what is around them and "Subject: " at most 76 */

bool
slipway_mail_is_url(const char *url)
{
	size_t		scheme = strncasecmp(url, "smtps://", 8) == 0 ? 8 : strncasecmp(url, "smtp://", 7) == 0 ? 7 : 0;

	return scheme > 0 && url[scheme] != '\0' && url[scheme] != '/' && strpbrk(url, " \t\r\n") == NULL;
}

bool
slipway_mail_is_address(const char *address)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || at[1] == '\0')
		return false;
	for (const char *c = address; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("<>()\"\\;:,", *c) != NULL)
			return false;
	return true;
}

static void
add_base64(SlipwayBuffer *message, const char *bytes, size_t length)
{
	char		encoded[(LINE_BYTES + 2) / 3 * 4 + 1];

	(void) EVP_EncodeBlock((unsigned char *) encoded, (const unsigned char *) bytes, (int) length);
	slipway_buffer_add(message, encoded);
}

static void
add_part(SlipwayBuffer *message, const char *text)
{
	size_t		length = strlen(text);

	for (size_t i = 0; i < length; i += LINE_BYTES)
	{
		add_base64(message, text + i, length - i < LINE_BYTES ? length - i : LINE_BYTES);
		slipway_buffer_add(message, "\r\n");
	}
}

/* So many bytes that no character is cut. */
static size_t
measure_word(const char *text)
{
	size_t		length = strlen(text);

	if (length <= WORD_BYTES)
		return length;
	length = WORD_BYTES;
	while (length > 1 && ((unsigned char) text[length] & 0xC0) == 0x80)
		length--;
	return length;
}

/* A subject with anything but plain letters is in encoded words; a line feed in it can end nothing. */
static void
add_subject(SlipwayBuffer *message, const char *subject)
{
	bool		plain = strlen(subject) < 60;

	for (const char *c = subject; *c != '\0'; c++)
		plain = plain && *c >= ' ' && *c < 0x7f && *c != '=';
	slipway_buffer_add(message, "Subject: ");
	if (plain)
		slipway_buffer_add(message, subject);
	for (size_t length; !plain && *subject != '\0'; subject += length)
	{
		length = measure_word(subject);
		slipway_buffer_add(message, "=?UTF-8?B?");
		add_base64(message, subject, length);
		slipway_buffer_add(message, subject[length] != '\0' ? "?=\r\n " : "?=");
	}
	slipway_buffer_add(message, "\r\n");
}

char *
slipway_mail_write(const SlipwayMail *mail, const char *date, const char *boundary, const char *id)
{
	SlipwayBuffer message = {0};

	slipway_buffer_format(&message, "Date: %s\r\nFrom: %s\r\nTo: ", date, mail->from);
	for (size_t i = 0; i < mail->to_count; i++)
		slipway_buffer_format(&message, "%s%s", i > 0 ? ",\r\n " : "", mail->to[i]);
	slipway_buffer_format(&message, "\r\nMessage-ID: <%s@%s>\r\n", id, strrchr(mail->from, '@') + 1);
	add_subject(&message, mail->subject);
	slipway_buffer_format(&message, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
						  "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n"
						  "--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
						  boundary, boundary);
	add_part(&message, mail->text);
	if (mail->page != NULL)
	{
		slipway_buffer_format(&message, "--%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
							  "Content-Disposition: attachment; filename=\"%s\"\r\n\r\n", boundary, mail->page_name);
		add_part(&message, mail->page);
	}
	slipway_buffer_format(&message, "--%s--\r\n", boundary);
	return slipway_buffer_take(&message);
}

/* What is being sent. */
typedef struct Outgoing
{
	const char *at;
	size_t		left;
} Outgoing;

static size_t
give(char *data, size_t size, size_t count, void *context)
{
	Outgoing   *outgoing = context;
	size_t		length = size * count < outgoing->left ? size * count : outgoing->left;

	memcpy(data, outgoing->at, length);
	outgoing->at += length;
	outgoing->left -= length;
	return length;
}

/* Does the URL have credentials? Then they go nowhere without TLS. */
static long
choose_tls(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return (long) (memchr(host, '@', strcspn(host, "/")) != NULL ? CURLUSESSL_ALL : CURLUSESSL_TRY);
}

static void
set_options(CURL *handle, const SlipwayMail *mail, Outgoing *outgoing, long timeout)
{
	(void) slipway_curl.easy_setopt(handle, CURLOPT_URL, mail->url);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_USE_SSL, choose_tls(mail->url));
	(void) slipway_curl.easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_UPLOAD, 1L);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_READFUNCTION, give);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_READDATA, outgoing);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout);
	(void) slipway_curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
}

/* Sends what is written. */
static CURLcode
transmit(const SlipwayMail *mail, const char *message, long timeout, char error[CURL_ERROR_SIZE])
{
	Outgoing	outgoing = {.at = message, .left = strlen(message)};
	struct curl_slist *recipients = NULL;
	char	   *sender = slipway_memory_format("<%s>", mail->from);
	CURL	   *handle = slipway_curl.easy_init();
	CURLcode	code = CURLE_OUT_OF_MEMORY;

	for (size_t i = 0; i < mail->to_count; i++)
	{
		char	   *recipient = slipway_memory_format("<%s>", mail->to[i]);
		struct curl_slist *longer = slipway_curl.slist_append(recipients, recipient);

		free(recipient);
		if (longer != NULL)
			recipients = longer;
	}
	if (handle != NULL && recipients != NULL)
	{
		set_options(handle, mail, &outgoing, timeout);
		(void) slipway_curl.easy_setopt(handle, CURLOPT_MAIL_FROM, sender);
		(void) slipway_curl.easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
		(void) slipway_curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
		code = slipway_curl.easy_perform(handle);
	}
	if (handle != NULL)
		slipway_curl.easy_cleanup(handle);
	slipway_curl.slist_free_all(recipients);
	free(sender);
	return code;
}

static void
make_random(char *text, size_t digits)
{
	unsigned char bytes[16];

	if (RAND_bytes(bytes, (int) sizeof(bytes)) != 1)
		memset(bytes, 0, sizeof(bytes));
	for (size_t i = 0; i < digits; i++)
		text[i] = "0123456789abcdef"[bytes[i % sizeof(bytes)] >> (i < sizeof(bytes) ? 4 : 0) & 15];
	text[digits] = '\0';
}

char *
slipway_mail_send(const SlipwayMail *mail, long timeout)
{
	time_t		now = time(NULL);
	struct tm	utc;
	char		date[64] = "";
	char		boundary[33];
	char		id[33];
	char		error[CURL_ERROR_SIZE] = "";
	char	   *message;
	CURLcode	code;

	/* the locale is that of C: nobody sets another one */
	if (gmtime_r(&now, &utc) != NULL)
		(void) strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &utc);
	make_random(boundary, sizeof(boundary) - 1);
	make_random(id, sizeof(id) - 1);
	message = slipway_mail_write(mail, date, boundary, id);
	code = transmit(mail, message, timeout, error);
	free(message);
	if (code == CURLE_OK)
		return NULL;
	return slipway_memory_copy(error[0] != '\0' ? error : slipway_curl.easy_strerror(code));
}
