/*
 * test_openstack.c
 *	  How to reach an OpenStack cloud: variables and clouds.yaml.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "barbican.h"
#include "openstack.h"

static const char *const variables[] = {
	"OS_CLOUD", "OS_AUTH_URL", "OS_AUTH_TYPE", "OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME", "OS_PROJECT_ID", "OS_REGION_NAME",
	"OS_INTERFACE", "OS_ENDPOINT_TYPE", "OS_INSECURE", "OS_CACERT", "OS_APPLICATION_CREDENTIAL_ID",
	"OS_APPLICATION_CREDENTIAL_NAME", "OS_APPLICATION_CREDENTIAL_SECRET", "OS_USER_DOMAIN_NAME", "KEYSTONE_ENDPOINT",
	"BARBICAN_ENDPOINT", "BARBICAN_PROJECT_ID", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "XDG_CONFIG_HOME"
};

/* An empty variable counts as none. */
static void
forget_all(void)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		(void) setenv(variables[i], "", 1);
	(void) setenv("HOME", "/nonexistent", 1);
}

static void
set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static void
set_password_login(void)
{
	forget_all();
	set("OS_AUTH_URL", "http://k:5000");
	set("OS_USERNAME", "u");
	set("OS_PASSWORD", "p");
	set("OS_PROJECT_NAME", "shop");
}

static void
expect_fault(const char *text)
{
	SlipwayOpenStack cloud;
	SlipwaySecretFault *fault = slipway_openstack_find(&cloud);

	assert_non_null(fault);
	assert_int_equal(fault->kind, SLIPWAY_SECRET_FAULT_USAGE);
	assert_non_null(strstr(fault->text, text));
	slipway_secret_fault_free(fault);
}

static void
expect_field(SlipwayOpenStackField field, const char *expected)
{
	SlipwayOpenStack cloud;

	assert_null(slipway_openstack_find(&cloud));
	if (expected == NULL)
		assert_null(cloud.values[field]);
	else
	{
		assert_non_null(cloud.values[field]);
		assert_string_equal(cloud.values[field], expected);
	}
	slipway_openstack_release(&cloud);
}

static void
test_auth_url(void **state)
{
	static const char *const urls[][2] = {
		{"http://k:5000", "http://k:5000/v3"},
		{"http://k:5000/", "http://k:5000/v3"},
		{"http://k:5000/v3", "http://k:5000/v3"},
		{"http://k:5000/v3/", "http://k:5000/v3"},
		{"https://k/identity", "https://k/identity/v3"},
	};

	(void) state;
	set_password_login();
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		set("OS_AUTH_URL", urls[i][0]);
		expect_field(SLIPWAY_OPENSTACK_AUTH_URL, urls[i][1]);
	}
	set("OS_AUTH_URL", "http://k:5000/v2.0");
	expect_fault("that of version 2");
	set("OS_AUTH_URL", "k:5000");
	expect_fault("malformed");
	set("OS_AUTH_URL", "http://user:secret@k:5000");
	expect_fault("malformed");
	set("OS_AUTH_URL", "");
	expect_fault("no address of Keystone");
}

static void
test_own_variables_first(void **state)
{
	(void) state;
	set_password_login();
	set("KEYSTONE_ENDPOINT", "http://mine:5000/v3");
	set("BARBICAN_PROJECT_ID", "0123");
	expect_field(SLIPWAY_OPENSTACK_AUTH_URL, "http://mine:5000/v3");
	expect_field(SLIPWAY_OPENSTACK_PROJECT_ID, "0123");
	expect_field(SLIPWAY_OPENSTACK_PROJECT_NAME, NULL);
	set("BARBICAN_ENDPOINT", "barbican");
	expect_fault("address of Barbican");
}

static void
test_login(void **state)
{
	SlipwayOpenStack cloud;

	(void) state;
	set_password_login();
	set("OS_PASSWORD", "");
	expect_fault("no password");
	set("OS_USERNAME", "");
	expect_fault("no user");
	set_password_login();
	set("OS_PROJECT_NAME", "");
	expect_fault("no project");
	set_password_login();
	set("OS_AUTH_TYPE", "v3oidcpassword");
	expect_fault("unknown kind of login \"v3oidcpassword\"");
	set_password_login();
	set("OS_AUTH_TYPE", "v3applicationcredential");
	expect_fault("no secret of an application credential");
	set("OS_APPLICATION_CREDENTIAL_SECRET", "s");
	expect_fault("no application credential");
	set("OS_APPLICATION_CREDENTIAL_NAME", "n");
	assert_null(slipway_openstack_find(&cloud));
	assert_true(cloud.is_credential);
	slipway_openstack_release(&cloud);
	set("OS_USERNAME", "");
	expect_fault("no user of the application credential");
}

static void
test_tls_and_interface(void **state)
{
	(void) state;
	set_password_login();
	set("OS_INSECURE", "true");
	expect_fault("TLS is always verified");
	set("OS_INSECURE", "");
	set("OS_ENDPOINT_TYPE", "internalURL");
	expect_field(SLIPWAY_OPENSTACK_INTERFACE, "internal");
	set("OS_INTERFACE", "private");
	expect_fault("invalid interface \"private\"");
}

static const char clouds[] =
"# of all\n"
"common: &common\n"
"  region_name: one\n"
"  auth: &auth {auth_url: 'http://cloud:5000/v3', username: cloudy, project_name: sky}\n"
"clouds:\n"
"  a:\n"
"    <<: *common\n"
"    region_name: two\n"
"    cacert: \"/ca \\u00e4.pem\"\n"
"  b:\n"
"    auth: *auth\n"
"    verify: false\n"
"  c:\n"
"    auth_type: v3applicationcredential\n"
"    auth:\n"
"      <<: [*auth]\n"
"      application_credential_id: id\n"
"      application_credential_secret: >-\n"
"        of two\n"
"        lines\n";

static char *
write_clouds(const char *text, const char *secure)
{
	char	   *folder = harness_make_folder();

	forget_all();
	harness_write_file(folder, "clouds.yaml", text);
	if (secure != NULL)
		harness_write_file(folder, "secure.yaml", secure);
	assert_int_equal(chdir(folder), 0);
	return folder;
}

static void
leave(char *folder)
{
	assert_int_equal(chdir("/"), 0);
	harness_remove_folder(folder);
}

static void
test_clouds(void **state)
{
	char	   *folder = write_clouds(clouds, "clouds:\n  a:\n    auth:\n      password: 'of secure.yaml'\n");

	(void) state;
	set("OS_CLOUD", "a");
	/* what the cloud says counts, what it does not say may be said elsewhere */
	set("OS_USERNAME", "not this");
	set("OS_INTERFACE", "internal");
	expect_field(SLIPWAY_OPENSTACK_USERNAME, "cloudy");
	expect_field(SLIPWAY_OPENSTACK_PASSWORD, "of secure.yaml");
	expect_field(SLIPWAY_OPENSTACK_REGION, "two");
	expect_field(SLIPWAY_OPENSTACK_AUTHORITIES, "/ca \xc3\xa4.pem");
	expect_field(SLIPWAY_OPENSTACK_INTERFACE, "internal");
	set("OS_CLOUD", "b");
	set("OS_PASSWORD", "p");
	expect_fault("says verify: false");
	set("OS_CLOUD", "c");
	expect_field(SLIPWAY_OPENSTACK_CREDENTIAL_SECRET, "of two lines");
	set("OS_CLOUD", "d");
	expect_fault("./clouds.yaml has no cloud \"d\"");
	leave(folder);
}

static void
test_bad_clouds(void **state)
{
	static const char *const bad[][2] = {
		{"clouds:\n  a: {auth: s3cret", "clouds.yaml:3: malformed YAML"},
		{"clouds:\n  a: *s3cret\n", "clouds.yaml:2: what stands there makes no sense"},
		{"clouds:\n  [s3cret]: x\n", "clouds.yaml:2: a key that is no text"},
		{"", "has no cloud"},
		{"- s3cret\n", "has no cloud"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		char	   *folder = write_clouds(bad[i][0], NULL);
		SlipwayOpenStack cloud;
		SlipwaySecretFault *fault;

		set("OS_CLOUD", "a");
		fault = slipway_openstack_find(&cloud);
		assert_non_null(fault);
		if (strstr(fault->text, bad[i][1]) == NULL)
			fail_msg("%s", fault->text);
		assert_null(strstr(fault->text, "s3cret"));
		slipway_secret_fault_free(fault);
		leave(folder);
	}
	forget_all();
	set("OS_CLOUD", "a");
	set("OS_CLIENT_CONFIG_FILE", "/nonexistent/clouds.yaml");
	expect_fault("No such file or directory");
}

/* null is what is not set; in quotes, or as a key, it is a word. */
static void
test_null(void **state)
{
	char	   *folder = write_clouds("clouds:\n  null:\n    interface: ~\n    region_name: &none null\n    cacert: *none\n    auth:\n"
									  "      auth_url: http://cloud:5000\n      username: 'null'\n      password: \"~\"\n"
									  "      project_id: NULL\n      project_name: null_\n", NULL);

	(void) state;
	set("OS_CLOUD", "null");
	expect_field(SLIPWAY_OPENSTACK_INTERFACE, NULL);
	expect_field(SLIPWAY_OPENSTACK_REGION, NULL);
	expect_field(SLIPWAY_OPENSTACK_AUTHORITIES, NULL);
	expect_field(SLIPWAY_OPENSTACK_PROJECT_ID, NULL);
	expect_field(SLIPWAY_OPENSTACK_PROJECT_NAME, "null_");
	expect_field(SLIPWAY_OPENSTACK_USERNAME, "null");
	expect_field(SLIPWAY_OPENSTACK_PASSWORD, "~");
	leave(folder);
}

static void
test_references(void **state)
{
	static const char *const references[][2] = {
		{"http://b:9311/v1/secrets/0f-A1", "secrets/0f-A1"},
		{"https://b/v1/containers/12", "containers/12"},
		{"https://b/secrets/v1/secrets/12", "secrets/12"},
		{"https://b/containers/v1/secrets/12", "secrets/12"},
		{"/secrets/12", "secrets/12"},
		{"secrets/12", NULL},
		{"https://b/v1/secrets/", NULL},
		{"https://b/v1/secrets/12/payload", NULL},
		{"https://b/v1/secrets/12?x", NULL},
		{"https://b/v1/orders/12", NULL},
		{"https://b/v1/secrets/../12", NULL},
		{"", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
	{
		char	   *path = slipway_barbican_path(references[i][0]);

		if (references[i][1] == NULL)
			assert_null(path);
		else
		{
			assert_non_null(path);
			assert_string_equal(path, references[i][1]);
		}
		free(path);
	}
	assert_null(slipway_barbican_path(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth_url),
		cmocka_unit_test(test_own_variables_first),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_tls_and_interface),
		cmocka_unit_test(test_clouds),
		cmocka_unit_test(test_bad_clouds),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
