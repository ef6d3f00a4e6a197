/*
 * keystone.c
 *	  OpenStack's identity service.
 */
#include "keystone.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"
#include "iso_time.h"
#include "memory.h"
#include "secret_counter.h"

#define VALUE(cloud, field) ((cloud)->values[SLIPWAY_OPENSTACK_##field])

/* A token that ends that soon is as good as none. */
#define SPARE_SECONDS 30

#define MAX_MESSAGE 300

bool
slipway_token_is_valid(const SlipwayToken *token)
{
	return token->header != NULL && (token->expires_at == 0 || token->expires_at > time(NULL) + SPARE_SECONDS);
}

void
slipway_token_release(SlipwayToken *token)
{
	slipway_secret_free(token->header);
	free(token->user);
	free(token->project);
	free(token->project_id);
	free(token->roles);
	free(token->endpoint);
	memset(token, 0, sizeof(*token));
}

/* {"id": ...} or {"name": ...} of a domain. */
static json_t *
make_domain(const SlipwayOpenStack *cloud, const char *id, const char *name)
{
	if (id != NULL)
		return json_pack("{s:s}", "id", id);
	if (name != NULL)
		return json_pack("{s:s}", "name", name);
	return json_pack("{s:s}", "id", VALUE(cloud, DEFAULT_DOMAIN) != NULL ? VALUE(cloud, DEFAULT_DOMAIN) : "default");
}

static json_t *
make_user(const SlipwayOpenStack *cloud)
{
	if (VALUE(cloud, USER_ID) != NULL)
		return json_pack("{s:s}", "id", VALUE(cloud, USER_ID));
	return json_pack("{s:s, s:o}", "name", VALUE(cloud, USERNAME),
					 "domain", make_domain(cloud, VALUE(cloud, USER_DOMAIN_ID), VALUE(cloud, USER_DOMAIN_NAME)));
}

static json_t *
make_project(const SlipwayOpenStack *cloud)
{
	if (VALUE(cloud, PROJECT_ID) != NULL)
		return json_pack("{s:s}", "id", VALUE(cloud, PROJECT_ID));
	return json_pack("{s:s, s:o}", "name", VALUE(cloud, PROJECT_NAME),
					 "domain", make_domain(cloud, VALUE(cloud, PROJECT_DOMAIN_ID), VALUE(cloud, PROJECT_DOMAIN_NAME)));
}

static json_t *
make_credential(const SlipwayOpenStack *cloud)
{
	json_t	   *secret = json_string(VALUE(cloud, CREDENTIAL_SECRET));

	if (VALUE(cloud, CREDENTIAL_ID) != NULL)
		return json_pack("{s:o, s:s}", "secret", secret, "id", VALUE(cloud, CREDENTIAL_ID));
	return json_pack("{s:o, s:s, s:o}", "secret", secret, "name", VALUE(cloud, CREDENTIAL_NAME), "user", make_user(cloud));
}

/* The body of the login. */
static char *
make_login(const SlipwayOpenStack *cloud)
{
	json_t	   *login;
	char	   *text;

	if (cloud->is_credential)
		/* it belongs to a project already, and Keystone takes none beside it */
		login = json_pack("{s:{s:{s:[s], s:o}}}", "auth", "identity", "methods", "application_credential",
						  "application_credential", make_credential(cloud));
	else
	{
		json_t	   *user = make_user(cloud);

		(void) json_object_set_new(user, "password", json_string(VALUE(cloud, PASSWORD)));
		login = json_pack("{s:{s:{s:[s], s:{s:o}}, s:{s:o}}}", "auth", "identity", "methods", "password",
						  "password", "user", user, "scope", "project", make_project(cloud));
	}
	text = login != NULL ? json_dumps(login, JSON_COMPACT) : NULL;
	json_decref(login);
	return text;
}

/* JSON would have it left out. What is behind those that log in are names of files and the like. */
static bool
is_utf8(const SlipwayOpenStack *cloud)
{
	for (int i = 0; i <= SLIPWAY_OPENSTACK_CREDENTIAL_SECRET; i++)
	{
		json_t	   *text = cloud->values[i] != NULL ? json_string(cloud->values[i]) : NULL;

		if (cloud->values[i] != NULL && text == NULL)
			return false;
		json_decref(text);
	}
	return true;
}

/* Of a text that was cut, the last character may be half. */
static void
cut_character(char *text)
{
	for (size_t length = strlen(text); length > 0; length--)
	{
		json_t	   *whole = json_stringn(text, length);

		text[length] = '\0';
		if (whole != NULL)
		{
			json_decref(whole);
			return;
		}
	}
}

/* What the service says of an error, cut to a line; NULL: nothing. */
static char *
find_message(const SlipwayHttpCall *call)
{
	json_t	   *answer = json_loadb(call->answer.data != NULL ? call->answer.data : "", call->answer.length, 0, NULL);
	const char *text = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	char	   *message = NULL;

	if (text == NULL)
		text = json_string_value(json_object_get(answer, "description"));
	if (text != NULL)
	{
		message = slipway_memory_copy_bytes(text, strnlen(text, MAX_MESSAGE));
		for (char *p = message; *p != '\0'; p++)
			if (iscntrl((unsigned char) *p))
				*p = ' ';
		cut_character(message);
	}
	json_decref(answer);
	return message;
}

static SlipwaySecretFaultKind
choose_kind(long status)
{
	switch (status)
	{
		case 401:
			return SLIPWAY_SECRET_FAULT_LOGIN;
		case 403:
			return SLIPWAY_SECRET_FAULT_FORBIDDEN;
		case 404:
		case 410:
			return SLIPWAY_SECRET_FAULT_MISSING;
		case 409:
			return SLIPWAY_SECRET_FAULT_CONFLICT;
		default:
			return status == 429 || status >= 500 ? SLIPWAY_SECRET_FAULT_UNREACHABLE : SLIPWAY_SECRET_FAULT_MALFORMED;
	}
}

SlipwaySecretFault *
slipway_openstack_fault(const char *what, const SlipwayHttpCall *call, bool show)
{
	char	   *place = slipway_http_is_url(call->url) ? slipway_http_hide_path(call->url) : slipway_memory_copy("***");
	SlipwaySecretFault *fault;

	place[strlen(place) > 4 ? strlen(place) - 4 : 0] = '\0';
	if (call->fault != NULL)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_UNREACHABLE,
										 strstr(call->fault, "certificate") != NULL
										 ? "OS_CACERT names the file with the certificate of the authority." : NULL,
										 "%s at %s does not answer: %s", what, place, call->fault);
	else
	{
		char	   *message = show ? find_message(call) : NULL;

		fault = slipway_secret_fault_new(choose_kind(call->status), NULL, "%s at %s answered with HTTP status %ld%s%s", what,
										 place, call->status, message != NULL ? ": " : "", message != NULL ? message : "");
		free(message);
	}
	free(place);
	return fault;
}

static SlipwaySecretFault *
explain_refusal(const SlipwayOpenStack *cloud, const SlipwayHttpCall *call)
{
	const char *user = VALUE(cloud, USERNAME) != NULL ? VALUE(cloud, USERNAME) : VALUE(cloud, USER_ID);
	const char *project = VALUE(cloud, PROJECT_NAME) != NULL ? VALUE(cloud, PROJECT_NAME) : VALUE(cloud, PROJECT_ID);

	if (call->fault == NULL && call->status == 401 && cloud->is_credential)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_LOGIN, "It may be wrong, have expired, or be deleted.",
										"Keystone refuses the application credential of %s", cloud->source);
	if (call->fault == NULL && call->status == 401)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_LOGIN,
										"User, password, domain or project are wrong, or the user does not belong to the project.",
										"Keystone refuses user \"%s\" of %s for project \"%s\"", user, cloud->source, project);
	if (call->fault == NULL && (call->status == 404 || (call->status >= 300 && call->status < 400)))
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It looks like https://host:5000/v3.",
										"there is no Keystone at the address of it: HTTP status %ld", call->status);
	return slipway_openstack_fault("Keystone", call, false);
}

/* https://host:9311, with or without a slash or /v1; the result has /v1. */
static char *
settle_endpoint(const char *url)
{
	size_t		length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	if (length > 3 && strncmp(url + length - 3, "/v1", 3) == 0)
		length -= 3;
	return slipway_memory_format("%.*s/v1", (int) length, url);
}

static bool
is_text(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && strcmp(value, text) == 0;
}

static const char *
find_in_catalog(const SlipwayOpenStack *cloud, const json_t *catalog)
{
	const char *interface = VALUE(cloud, INTERFACE) != NULL ? VALUE(cloud, INTERFACE) : "public";
	const char *region = VALUE(cloud, REGION);
	size_t		i;
	size_t		j;
	const json_t *service;
	const json_t *endpoint;

	json_array_foreach(catalog, i, service)
		if (is_text(service, "type", "key-manager"))
			json_array_foreach(json_object_get(service, "endpoints"), j, endpoint)
				if (is_text(endpoint, "interface", interface) &&
					(region == NULL || is_text(endpoint, "region_id", region) || is_text(endpoint, "region", region)))
					return json_string_value(json_object_get(endpoint, "url"));
	return NULL;
}

/* The token opens every secret: where the login went over TLS, a catalog does not have it go elsewhere without. */
static bool
is_in_clear(const SlipwayOpenStack *cloud, const char *endpoint)
{
	static const char tls[] = "https://";

	return VALUE(cloud, KEY_MANAGER) == NULL && strncasecmp(VALUE(cloud, AUTH_URL), tls, strlen(tls)) == 0 &&
		strncasecmp(endpoint, tls, strlen(tls)) != 0;
}

static char *
copy_name(const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "name"));

	return name != NULL ? slipway_memory_copy(name) : NULL;
}

static char *
join_roles(const json_t *roles)
{
	SlipwayBuffer text = {0};
	size_t		i;
	const json_t *role;

	json_array_foreach(roles, i, role)
	{
		const char *name = json_string_value(json_object_get(role, "name"));

		slipway_buffer_add(&text, text.length > 0 ? ", " : "");
		slipway_buffer_add(&text, name != NULL ? name : "?");
	}
	return slipway_buffer_take(&text);
}

/* Takes what Keystone says apart. */
static SlipwaySecretFault *
read_token(const SlipwayOpenStack *cloud, const SlipwayHttpCall *call, SlipwayToken *token)
{
	json_t	   *answer = json_loadb(call->answer.data != NULL ? call->answer.data : "", call->answer.length, 0, NULL);
	const json_t *body = json_object_get(answer, "token");
	const char *project = json_string_value(json_object_get(json_object_get(body, "project"), "id"));
	const char *endpoint = VALUE(cloud, KEY_MANAGER);
	SlipwaySecretBuffer header = {0};
	SlipwaySecretFault *fault = NULL;

	if (endpoint == NULL)
		endpoint = find_in_catalog(cloud, json_object_get(body, "catalog"));
	slipway_secret_buffer_add(&header, "X-Auth-Token: ");
	slipway_secret_buffer_add(&header, call->header != NULL ? call->header : "");
	token->header = header.data;
	token->expires_at = slipway_iso_time_read(json_string_value(json_object_get(body, "expires_at")));
	token->user = copy_name(json_object_get(body, "user"));
	token->project = copy_name(json_object_get(body, "project"));
	token->project_id = project != NULL ? slipway_memory_copy(project) : NULL;
	token->roles = join_roles(json_object_get(body, "roles"));
	if (call->header == NULL || !json_is_object(body))
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "Is it the address of Keystone?",
										 "Keystone has answered with something else than a token");
	else if (cloud->is_credential && VALUE(cloud, PROJECT_ID) != NULL && (project == NULL || strcmp(project, VALUE(cloud, PROJECT_ID)) != 0))
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "An application credential is for one project.",
										 "the application credential belongs to another project than \"%s\"", VALUE(cloud, PROJECT_ID));
	else if (endpoint == NULL)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Set BARBICAN_ENDPOINT, or look at OS_REGION_NAME and OS_INTERFACE.",
										 "the catalog has no key manager%s%s%s", VALUE(cloud, REGION) != NULL ? " in region \"" : "",
										 VALUE(cloud, REGION) != NULL ? VALUE(cloud, REGION) : "",
										 VALUE(cloud, REGION) != NULL ? "\"" : "");
	else if (!slipway_http_is_url(endpoint))
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "Set BARBICAN_ENDPOINT.",
										 "the catalog has no good address of the key manager");
	else if (is_in_clear(cloud, endpoint))
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE,
										 "Set BARBICAN_ENDPOINT to its address with https://, or to this one if nobody can listen on the way there.",
										 "Keystone is reached over TLS, but its catalog has the key manager at %s, without", endpoint);
	else
		token->endpoint = settle_endpoint(endpoint);
	if (fault != NULL)
		slipway_token_release(token);
	json_decref(answer);
	return fault;
}

SlipwaySecretFault *
slipway_keystone_log_in(const SlipwayOpenStack *cloud, SlipwayHttpClient *client, SlipwayToken *token)
{
	static const char *const headers[] = {"Content-Type: application/json", "Accept: application/json", NULL};
	char	   *url = slipway_memory_format("%s/auth/tokens", VALUE(cloud, AUTH_URL));
	char	   *login = is_utf8(cloud) ? make_login(cloud) : NULL;
	SlipwayHttpCall call = {
		.method = "POST", .url = url, .headers = headers, .body = login, .length = login != NULL ? strlen(login) : 0,
		.wanted_header = "X-Subject-Token"
	};
	SlipwaySecretFault *fault;

	slipway_token_release(token);
	if (login == NULL)
	{
		free(url);
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "what %s has for the login is not UTF-8", cloud->source);
	}
	slipway_secret_counter_retries(slipway_http_perform_patiently(client, &call, 1));
	slipway_secret_counter_request("keystone", &call);
	fault = call.status >= 200 && call.status < 300 ? read_token(cloud, &call, token) : explain_refusal(cloud, &call);
	slipway_http_release(&call);
	explicit_bzero(login, strlen(login));
	free(login);
	free(url);
	return fault;
}
