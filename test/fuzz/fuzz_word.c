/*
 * fuzz_word.c
 *	  Values of options and variables: sizes, times, addresses, patterns, and what is said in their place where they are none.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "die.h"
#include "fuzz.h"
#include "http.h"
#include "ignore_list.h"
#include "iso_time.h"
#include "label.h"
#include "mail.h"
#include "option.h"
#include "option_value.h"

static void
check_value(void *argument)
{
	const char *text = argument;
	double		milliseconds = -1;
	bool		is_duration = slipway_option_value_duration(text, &milliseconds);

	fuzz_check(!is_duration || milliseconds >= 0);
	for (int i = 0; i < SLIPWAY_OPTION_COUNT; i++)
	{
		const SlipwayOption *option = &slipway_option_table[i];
		const char *fault = slipway_option_value_fault(option, text);

		fuzz_check(fault == NULL || fault[0] != '\0');
		if (option->kind == SLIPWAY_OPTION_KIND_DURATION)
			fuzz_check((fault == NULL) == (is_duration && milliseconds <= 2147483647.0));
		if (option->kind == SLIPWAY_OPTION_KIND_INTEGER && fault == NULL)
			fuzz_check(strspn(text, "0123456789") == strlen(text) && atoll(text) <= 2147483647);
		/* It goes into settings of the server, and into SQL of scripts that others make. */
		if (option->kind == SLIPWAY_OPTION_KIND_SIZE && fault == NULL)
			fuzz_check(strspn(text, "0123456789 BkMGT") == strlen(text));
	}
	/* What is said of a bad value is not freed, as the program ends with it. */
	slipway_die_exit(SLIPWAY_EXIT_DONE);
}

/* Reads one element of an array as the server does; returns what is behind it. */
static const char *
skip_element(const char *at)
{
	fuzz_check(*at++ == '"');
	for (; *at != '"'; at++)
	{
		if (*at == '\\')
			at++;
		fuzz_check(*at != '\0');
	}
	return at + 1;
}

static void
check_patterns(const char *text)
{
	char	   *array = slipway_ignore_list_split(text);
	const char *at = array;

	fuzz_check(*at++ == '{');
	while (*at != '}')
	{
		at = skip_element(at);
		fuzz_check(*at == '}' || *at++ == ',');
	}
	fuzz_check(at[1] == '\0');
	free(array);
}

static void
check_time(const char *text)
{
	time_t		time = slipway_iso_time_read(text);
	char	   *again = slipway_iso_time_write(time);

	fuzz_check(time >= 0 && slipway_iso_time_read(again) == time);
	free(again);
}

/* No text of others makes a header of its own, nor ends them. */
static void
check_mail(const char *text)
{
	const char *const to[] = {"b@example.org", slipway_mail_is_address(text) ? text : "c@example.org"};
	SlipwayMail mail = {.from = to[1],.to = to,.to_count = 2,.subject = text,.text = text,.page = text,.page_name = "report.html"};
	char	   *message = slipway_mail_write(&mail, "today", "=_boundary", "id");
	char	   *end = strstr(message, "\r\n\r\n");
	int			headers = 0;

	fuzz_check(end != NULL);
	end[2] = '\0';
	for (const char *line = message; *line != '\0'; line = strstr(line, "\r\n") + 2)
	{
		fuzz_check(strcspn(line, "\r\n") < 998);
		headers += *line != ' ';
	}
	for (const char *c = message; *c != '\0'; c++)
		fuzz_check((*c >= ' ' && *c < 0x7f) || (c[0] == '\r' && c[1] == '\n') || (c[0] == '\n' && c[-1] == '\r'));
	/* Date, From, To, Message-ID, Subject, Auto-Submitted, MIME-Version, Content-Type */
	fuzz_check(headers == 8);
	free(message);
}

static void
check_url(const char *text)
{
	if (slipway_mail_is_url(text))
		fuzz_check(strncasecmp(text, "smtp", 4) == 0 && strpbrk(text, "\r\n ") == NULL);
	if (slipway_http_is_url(text))
	{
		char	   *shown = slipway_http_hide_path(text);

		fuzz_check(strncasecmp(text, "http", 4) == 0 && strpbrk(text, "\r\n ") == NULL);
		fuzz_check(shown != NULL && strlen(shown) <= strlen(text) + 8);
		free(shown);
	}
}

static void
read_label(void *argument)
{
	const char *values[2] = {argument, "a=b"};
	SlipwayArguments arguments = {.word_count = 0};
	json_t	   *labels;

	arguments.values[SLIPWAY_OPTION_LABEL] = argument;
	arguments.lists[SLIPWAY_OPTION_LABEL] = (SlipwayOptionList) {.values = values,.count = 2};
	labels = slipway_label_json(&arguments);
	fuzz_check(json_object_size(labels) == 2);
	json_decref(labels);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = fuzz_text(data, size);

	(void) fuzz_try(check_value, text);
	check_patterns(text);
	check_time(text);
	check_mail(text);
	check_url(text);
	(void) fuzz_try(read_label, text);
	free(text);
	return 0;
}
