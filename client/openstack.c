/*
 * openstack.c
 *	  How to reach an OpenStack cloud.
 */
#include "openstack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clouds.h"
#include "http.h"
#include "memory.h"
#include "secret_buffer.h"

#define MAX_NAMES 3

/* Where a field is found: in variables, the first of which may count more than clouds.yaml, and there, in "auth" or beside it. */
static const struct
{
	const char *own;
	const char *variables[MAX_NAMES];
	const char *key;
}			fields[SLIPWAY_OPENSTACK_FIELDS] = {
	[SLIPWAY_OPENSTACK_AUTH_TYPE] = {NULL, {"OS_AUTH_TYPE"}, "auth_type"},
	[SLIPWAY_OPENSTACK_AUTH_URL] = {"KEYSTONE_ENDPOINT", {"OS_AUTH_URL"}, "auth_url"},
	[SLIPWAY_OPENSTACK_USER_ID] = {NULL, {"OS_USER_ID"}, "user_id"},
	[SLIPWAY_OPENSTACK_USERNAME] = {NULL, {"OS_USERNAME"}, "username"},
	[SLIPWAY_OPENSTACK_USER_DOMAIN_ID] = {NULL, {"OS_USER_DOMAIN_ID"}, "user_domain_id"},
	[SLIPWAY_OPENSTACK_USER_DOMAIN_NAME] = {NULL, {"OS_USER_DOMAIN_NAME"}, "user_domain_name"},
	[SLIPWAY_OPENSTACK_PASSWORD] = {NULL, {"OS_PASSWORD"}, "password"},
	[SLIPWAY_OPENSTACK_PROJECT_ID] = {"BARBICAN_PROJECT_ID", {"OS_PROJECT_ID", "OS_TENANT_ID"}, "project_id"},
	[SLIPWAY_OPENSTACK_PROJECT_NAME] = {NULL, {"OS_PROJECT_NAME", "OS_TENANT_NAME"}, "project_name"},
	[SLIPWAY_OPENSTACK_PROJECT_DOMAIN_ID] = {NULL, {"OS_PROJECT_DOMAIN_ID"}, "project_domain_id"},
	[SLIPWAY_OPENSTACK_PROJECT_DOMAIN_NAME] = {NULL, {"OS_PROJECT_DOMAIN_NAME"}, "project_domain_name"},
	[SLIPWAY_OPENSTACK_DEFAULT_DOMAIN] = {NULL, {"OS_DEFAULT_DOMAIN"}, "default_domain"},
	[SLIPWAY_OPENSTACK_CREDENTIAL_ID] = {NULL, {"OS_APPLICATION_CREDENTIAL_ID"}, "application_credential_id"},
	[SLIPWAY_OPENSTACK_CREDENTIAL_NAME] = {NULL, {"OS_APPLICATION_CREDENTIAL_NAME"}, "application_credential_name"},
	[SLIPWAY_OPENSTACK_CREDENTIAL_SECRET] = {NULL, {"OS_APPLICATION_CREDENTIAL_SECRET"}, "application_credential_secret"},
	[SLIPWAY_OPENSTACK_REGION] = {NULL, {"OS_REGION_NAME"}, "region_name"},
	[SLIPWAY_OPENSTACK_INTERFACE] = {NULL, {"OS_INTERFACE", "OS_ENDPOINT_TYPE"}, "interface"},
	[SLIPWAY_OPENSTACK_AUTHORITIES] = {NULL, {"OS_CACERT"}, "cacert"},
	[SLIPWAY_OPENSTACK_CERTIFICATE] = {NULL, {"OS_CERT"}, "cert"},
	[SLIPWAY_OPENSTACK_PRIVATE_KEY] = {NULL, {"OS_KEY"}, "key"},
	[SLIPWAY_OPENSTACK_KEY_MANAGER] = {"BARBICAN_ENDPOINT", {"OS_KEY_MANAGER_ENDPOINT_OVERRIDE"}, "key_manager_endpoint_override"},
};

#define VALUE(cloud, field) ((cloud)->values[SLIPWAY_OPENSTACK_##field])

static const char *
read_variable(const char *name)
{
	const char *value = name != NULL ? getenv(name) : NULL;

	return value != NULL && *value != '\0' ? value : NULL;
}

static const char *
find_in_cloud(const json_t *settings, const char *key)
{
	const char *value = json_string_value(json_object_get(json_object_get(settings, "auth"), key));

	if (value == NULL)
		value = json_string_value(json_object_get(settings, key));
	return value != NULL && *value != '\0' ? value : NULL;
}

static const char *
find_value(const json_t *settings, SlipwayOpenStackField field)
{
	const char *value = read_variable(fields[field].own);

	if (value == NULL && settings != NULL)
		value = find_in_cloud(settings, fields[field].key);
	for (int i = 0; i < MAX_NAMES && value == NULL; i++)
		value = read_variable(fields[field].variables[i]);
	return value;
}

/* The project of a variable of our own is not one of that name elsewhere. */
static void
settle_project(SlipwayOpenStack *cloud)
{
	if (read_variable("BARBICAN_PROJECT_ID") == NULL || VALUE(cloud, PROJECT_NAME) == NULL)
		return;
	slipway_secret_free(VALUE(cloud, PROJECT_NAME));
	VALUE(cloud, PROJECT_NAME) = NULL;
}

/* TLS without verification is what a password must not be sent through. */
static SlipwaySecretFault *
check_verification(const json_t *settings, const char *path)
{
	const char *verify = find_in_cloud(settings, "verify");
	const char *insecure = settings != NULL ? NULL : read_variable("OS_INSECURE");

	if (verify != NULL && (strcasecmp(verify, "false") == 0 || strcasecmp(verify, "no") == 0 || strcasecmp(verify, "off") == 0))
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Name the authority's certificate with \"cacert\".",
										"%s says verify: false, and TLS is always verified", path);
	if (insecure != NULL && (strcmp(insecure, "1") == 0 || strcasecmp(insecure, "true") == 0))
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Name the authority's certificate with OS_CACERT.",
										"OS_INSECURE is set, and TLS is always verified");
	return NULL;
}

/* http://host:5000, the same with a slash, with /v3, with /identity: what is wanted has /v3. */
static SlipwaySecretFault *
settle_url(SlipwayOpenStack *cloud)
{
	char	   *url = VALUE(cloud, AUTH_URL);
	size_t		length;

	if (url == NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE,
										"Set OS_AUTH_URL, or OS_CLOUD to a cloud of clouds.yaml.",
										"there is no address of Keystone");
	if (!slipway_http_is_url(url) || strchr(url, '@') != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It looks like https://host:5000/v3.",
										"the address of Keystone is malformed");
	for (length = strlen(url); length > 0 && url[length - 1] == '/';)
		url[--length] = '\0';
	if (length > 5 && strcmp(url + length - 5, "/v2.0") == 0)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It looks like https://host:5000/v3.",
										"Keystone is wanted by its version 3, and the address is that of version 2");
	if (length < 3 || strcmp(url + length - 3, "/v3") != 0)
	{
		SlipwaySecretBuffer longer = {0};

		slipway_secret_buffer_add(&longer, url);
		slipway_secret_buffer_add(&longer, "/v3");
		slipway_secret_free(url);
		VALUE(cloud, AUTH_URL) = longer.data;
	}
	return NULL;
}

/* The catalog knows publicURL as public. */
static SlipwaySecretFault *
settle_interface(SlipwayOpenStack *cloud)
{
	char	   *interface = VALUE(cloud, INTERFACE);
	size_t		length = interface != NULL ? strlen(interface) : 0;

	if (length > 3 && strcmp(interface + length - 3, "URL") == 0)
		interface[length - 3] = '\0';
	if (interface == NULL || strcmp(interface, "public") == 0 || strcmp(interface, "internal") == 0 ||
		strcmp(interface, "admin") == 0)
		return NULL;
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It is public, internal or admin.",
									"invalid interface \"%s\" in OS_INTERFACE or clouds.yaml", interface);
}

static SlipwaySecretFault *
check_endpoint(const SlipwayOpenStack *cloud)
{
	const char *endpoint = VALUE(cloud, KEY_MANAGER);

	if (endpoint == NULL || (slipway_http_is_url(endpoint) && strchr(endpoint, '@') == NULL))
		return NULL;
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It looks like https://host:9311.",
									"the address of Barbican is malformed");
}

static SlipwaySecretFault *
make_missing(const char *what, const char *hint)
{
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, hint, "there is no %s to log in to Keystone with", what);
}

static SlipwaySecretFault *
check_login(SlipwayOpenStack *cloud)
{
	const char *type = VALUE(cloud, AUTH_TYPE);

	if (type != NULL && strcmp(type, "password") != 0 && strcmp(type, "v3password") != 0 &&
		strcmp(type, "v3applicationcredential") != 0)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It is password or v3applicationcredential.",
										"unknown kind of login \"%s\" in OS_AUTH_TYPE or auth_type", type);
	cloud->is_credential = type != NULL ? strcmp(type, "v3applicationcredential") == 0
		: VALUE(cloud, CREDENTIAL_SECRET) != NULL && VALUE(cloud, PASSWORD) == NULL;
	if (cloud->is_credential)
	{
		if (VALUE(cloud, CREDENTIAL_SECRET) == NULL)
			return make_missing("secret of an application credential", "Set OS_APPLICATION_CREDENTIAL_SECRET.");
		if (VALUE(cloud, CREDENTIAL_ID) != NULL)
			return NULL;
		if (VALUE(cloud, CREDENTIAL_NAME) == NULL)
			return make_missing("application credential", "Set OS_APPLICATION_CREDENTIAL_ID.");
		if (VALUE(cloud, USER_ID) == NULL && VALUE(cloud, USERNAME) == NULL)
			return make_missing("user of the application credential", "Set OS_APPLICATION_CREDENTIAL_ID, or OS_USERNAME.");
		return NULL;
	}
	if (VALUE(cloud, USER_ID) == NULL && VALUE(cloud, USERNAME) == NULL)
		return make_missing("user", "Set OS_USERNAME and OS_PASSWORD, or OS_APPLICATION_CREDENTIAL_ID and OS_APPLICATION_CREDENTIAL_SECRET.");
	if (VALUE(cloud, PASSWORD) == NULL)
		return make_missing("password", "Set OS_PASSWORD.");
	if (VALUE(cloud, PROJECT_ID) == NULL && VALUE(cloud, PROJECT_NAME) == NULL)
		return make_missing("project", "Set OS_PROJECT_NAME or OS_PROJECT_ID, or BARBICAN_PROJECT_ID.");
	return NULL;
}

SlipwaySecretFault *
slipway_openstack_find(SlipwayOpenStack *cloud)
{
	const char *name = read_variable("OS_CLOUD");
	json_t	   *settings = NULL;
	char	   *path = NULL;
	SlipwaySecretFault *fault = NULL;

	*cloud = (SlipwayOpenStack) {0};
	if (name != NULL)
		fault = slipway_clouds_find(name, &settings, &path);
	if (fault == NULL)
		fault = check_verification(settings, path);
	for (int i = 0; i < SLIPWAY_OPENSTACK_FIELDS && fault == NULL; i++)
	{
		const char *value = find_value(settings, (SlipwayOpenStackField) i);

		cloud->values[i] = value != NULL ? slipway_secret_copy(value) : NULL;
	}
	cloud->source = name != NULL ? slipway_memory_format("cloud \"%s\" of %s", name, path != NULL ? path : "clouds.yaml")
		: slipway_memory_copy("variables OS_...");
	json_decref(settings);
	free(path);
	if (fault == NULL)
		settle_project(cloud);
	if (fault == NULL)
		fault = settle_url(cloud);
	if (fault == NULL)
		fault = settle_interface(cloud);
	if (fault == NULL)
		fault = check_endpoint(cloud);
	if (fault == NULL)
		fault = check_login(cloud);
	if (fault != NULL)
		slipway_openstack_release(cloud);
	return fault;
}

void
slipway_openstack_release(SlipwayOpenStack *cloud)
{
	for (int i = 0; i < SLIPWAY_OPENSTACK_FIELDS; i++)
		slipway_secret_free(cloud->values[i]);
	free(cloud->source);
	*cloud = (SlipwayOpenStack) {0};
}
