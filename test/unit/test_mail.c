/*
 * test_mail.c
 *	  Electronic mail, as it is written.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "mail.h"
#include "memory.h"

static void
knows_addresses(void **state)
{
	(void) state;
	assert_true(slipway_mail_is_address("a@b"));
	assert_true(slipway_mail_is_address("first.last+tag@mail.example.org"));
	assert_false(slipway_mail_is_address(""));
	assert_false(slipway_mail_is_address("a"));
	assert_false(slipway_mail_is_address("@b"));
	assert_false(slipway_mail_is_address("a@"));
	assert_false(slipway_mail_is_address("a b@c"));
	assert_false(slipway_mail_is_address("a@b\r\nBcc: c@d"));
	assert_false(slipway_mail_is_address("<a@b>"));
	assert_false(slipway_mail_is_address("a@b,c@d"));
	assert_false(slipway_mail_is_address("\xC3\xA4@b"));
}

static void
knows_urls(void **state)
{
	(void) state;
	assert_true(slipway_mail_is_url("smtp://host"));
	assert_true(slipway_mail_is_url("SMTPS://user:word@host:465"));
	assert_false(slipway_mail_is_url("smtp://"));
	assert_false(slipway_mail_is_url("smtp:///x"));
	assert_false(slipway_mail_is_url("http://host"));
	assert_false(slipway_mail_is_url("smtp://host x"));
}

/* The message, which the caller frees. */
static char *
write_mail(const char *subject, const char *text, const char *page)
{
	static const char *const to[] = {"a@b", "c@d"};

	return slipway_mail_write(&(SlipwayMail) {
		.from = "me@here", .to = to, .to_count = 2, .subject = subject, .text = text, .page = page, .page_name = "x.html"
	}, "DATE", "BOUNDARY", "ID");
}

static void
writes_parts(void **state)
{
	char	   *mail = write_mail("plain", "text", "<p>");

	(void) state;
	assert_string_equal(mail,
						"Date: DATE\r\nFrom: me@here\r\nTo: a@b,\r\n c@d\r\nMessage-ID: <ID@here>\r\nSubject: plain\r\n"
						"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"BOUNDARY\"\r\n\r\n"
						"--BOUNDARY\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\ndGV4dA==\r\n"
						"--BOUNDARY\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
						"Content-Disposition: attachment; filename=\"x.html\"\r\n\r\nPHA+\r\n--BOUNDARY--\r\n");
	free(mail);
}

static void
keeps_lines_short(void **state)
{
	char		text[4001];
	char	   *mail;

	(void) state;
	memset(text, '.', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mail = write_mail(text, text, text);
	for (const char *line = mail; *line != '\0'; line = strstr(line, "\r\n") + 2)
	{
		assert_true(strstr(line, "\r\n") - line <= 76);
		/* what begins with a dot would be the end, or lose it */
		assert_true(*line != '.');
	}
	free(mail);
}

static void
encodes_subjects(void **state)
{
	char	   *mail = write_mail("a\r\nBcc: x@y", "", NULL);
	char		umlauts[91] = "";

	(void) state;
	assert_non_null(strstr(mail, "\r\nSubject: =?UTF-8?B?YQ0KQmNjOiB4QHk=?=\r\n"));
	assert_null(strstr(mail, "\r\nBcc"));
	free(mail);
	/* 39 bytes end within a character */
	for (int i = 0; i < 45; i++)
		strcat(umlauts, "\xC3\xA4");
	mail = write_mail(umlauts, "", NULL);
	assert_non_null(strstr(mail, "Subject: =?UTF-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\r\n =?UTF-8?B?w6TDpM"));
	free(mail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_addresses), cmocka_unit_test(knows_urls), cmocka_unit_test(writes_parts),
		cmocka_unit_test(keeps_lines_short), cmocka_unit_test(encodes_subjects)
	};

	return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
