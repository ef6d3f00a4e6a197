/*
 * batch_notice.c
 *	  Sends reports on batches to those who want them.
 */
#include "batch_notice.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "curl_library.h"
#include "die.h"
#include "http.h"
#include "mail.h"
#include "memory.h"
#include "output.h"
#include "webhook.h"

#define TIMEOUT_MS 20000L

/* Addresses, each of them a string of its own. */
typedef struct Addresses
{
	char	  **texts;
	size_t		count;
} Addresses;

static void
add_addresses(Addresses *addresses, const char *text)
{
	while (*text != '\0')
	{
		size_t		length = strcspn(text, ", ");

		if (length > 0)
		{
			addresses->texts = slipway_memory_resize(addresses->texts, addresses->count + 1, sizeof(char *));
			addresses->texts[addresses->count++] = slipway_memory_copy_bytes(text, length);
		}
		text += length;
		text += strspn(text, ", ");
	}
}

static Addresses
read_addresses(const SlipwayArguments *arguments, const char *more)
{
	const SlipwayOptionList *list = &arguments->lists[SLIPWAY_OPTION_EMAIL];
	const char *only = slipway_option_text(arguments, SLIPWAY_OPTION_EMAIL);
	Addresses	addresses = {.texts = NULL};

	for (size_t i = 0; i < list->count; i++)
		add_addresses(&addresses, list->values[i]);
	/* of a variable there is one value, and no list */
	if (list->count == 0 && only != NULL)
		add_addresses(&addresses, only);
	if (more != NULL)
		add_addresses(&addresses, more);
	return addresses;
}

static void
free_addresses(Addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++)
		free(addresses->texts[i]);
	free(addresses->texts);
}

static void
check_mail(const SlipwayArguments *arguments, const Addresses *addresses)
{
	const char *url = slipway_option_text(arguments, SLIPWAY_OPTION_SMTP_URL);
	const char *from = slipway_option_text(arguments, SLIPWAY_OPTION_EMAIL_FROM);

	if (addresses->count == 0)
		return;
	for (size_t i = 0; i < addresses->count; i++)
		if (!slipway_mail_is_address(addresses->texts[i]))
			slipway_die(SLIPWAY_EXIT_USAGE, "It looks like name@example.org.", "\"%s\" is no address of electronic mail", addresses->texts[i]);
	if (from != NULL && !slipway_mail_is_address(from))
		slipway_die(SLIPWAY_EXIT_USAGE, "It looks like name@example.org.", "\"%s\" is no address of electronic mail", from);
	if (url == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Set SLIPWAY_SMTP_URL, as smtp://mail.example.org:25.", "nothing says which server is to send the report");
	/* it may have a password in it */
	if (!slipway_mail_is_url(url))
		slipway_die(SLIPWAY_EXIT_USAGE, "It looks like smtp://mail.example.org:25.", "the URL of the mail server is malformed");
}

void
slipway_batch_notice_check(const SlipwayArguments *arguments, const char *more)
{
	Addresses	addresses = read_addresses(arguments, more);
	const char *fault;

	check_mail(arguments, &addresses);
	slipway_webhook_check(arguments);
	if (addresses.count > 0 || slipway_option_text(arguments, SLIPWAY_OPTION_WEBHOOK) != NULL)
	{
		fault = slipway_curl_load();
		if (fault != NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, "Install it, or leave --email and --webhook out.", "sending a report needs libcurl: %s", fault);
	}
	free_addresses(&addresses);
}

static char *
choose_sender(const SlipwayArguments *arguments)
{
	const char *from = slipway_option_text(arguments, SLIPWAY_OPTION_EMAIL_FROM);
	char		host[256] = "";

	if (from != NULL)
		return slipway_memory_copy(from);
	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		(void) snprintf(host, sizeof(host), "localhost");
	return slipway_memory_format("slipway@%s", host);
}

/* As it is printed; the caller frees it. */
static char *
write_text(const SlipwayBatchReport *report)
{
	char	   *text = NULL;
	size_t		length;
	FILE	   *stream = open_memstream(&text, &length);

	if (stream == NULL)
		return slipway_batch_report_line(report);
	slipway_batch_report_print(report, stream);
	(void) fclose(stream);
	return text;
}

static void
send_mail(const SlipwayArguments *arguments, const Addresses *addresses, const SlipwayBatchReport *report)
{
	SlipwayBuffer page = {0};
	char	   *sender = choose_sender(arguments);
	char	   *line = slipway_batch_report_line(report);
	char	   *subject = slipway_memory_format("slipway: %s", line);
	char	   *text = write_text(report);
	char	   *fault;

	slipway_batch_report_html(report, &page);
	fault = slipway_mail_send(&(SlipwayMail) {
		.url = slipway_option_text(arguments, SLIPWAY_OPTION_SMTP_URL), .from = sender, .to = (const char *const *) addresses->texts,
		.to_count = addresses->count, .subject = subject, .text = text, .page = page.data, .page_name = "report.html"
	}, TIMEOUT_MS);
	if (fault != NULL)
		slipway_output_warn(NULL, "the report could not be sent by mail: %s", fault);
	else
		slipway_output_detail("the report was sent to %zu address%s", addresses->count, addresses->count == 1 ? "" : "es");
	free(fault);
	free(page.data);
	free(text);
	free(subject);
	free(line);
	free(sender);
}

static void
post(const SlipwayArguments *arguments, const char *event, const SlipwayBatchReport *report)
{
	json_t	   *object = slipway_batch_report_json(report, false);
	char	   *line = slipway_batch_report_line(report);
	char	   *text = slipway_memory_format("slipway: %s", line);
	char	   *body;
	char	   *fault;

	(void) json_object_set_new(object, "event", json_string(event));
	(void) json_object_set_new(object, "text", slipway_output_json_text(text));
	body = json_dumps(object, JSON_COMPACT);
	fault = slipway_http_post_json(slipway_option_text(arguments, SLIPWAY_OPTION_WEBHOOK), body, TIMEOUT_MS);
	if (fault != NULL)
		slipway_output_warn(NULL, "the webhook could not be told: %s", fault);
	free(fault);
	free(body);
	free(text);
	free(line);
	json_decref(object);
}

void
slipway_batch_notice_send(const SlipwayArguments *arguments, const char *more, const char *event, const SlipwayBatchReport *report)
{
	Addresses	addresses = read_addresses(arguments, more);

	if (addresses.count > 0)
		send_mail(arguments, &addresses, report);
	if (slipway_option_text(arguments, SLIPWAY_OPTION_WEBHOOK) != NULL)
		post(arguments, event, report);
	free_addresses(&addresses);
}
