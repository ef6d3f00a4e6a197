/*
 * clouds.c
 *	  clouds.yaml.
 */
#include "clouds.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "memory.h"
#include "yaml_file.h"

/* The first file of such a name that is there, or NULL; the caller frees it. */
static char *
find_file(const char *variable, const char *name)
{
	static const char *const endings[] = {"yaml", "yml"};
	const char *given = getenv(variable);
	const char *home = getenv("HOME");
	const char *config = getenv("XDG_CONFIG_HOME");
	char	   *folders[3] = {slipway_memory_copy(".")};
	char	   *found = NULL;

	folders[1] = config != NULL && *config != '\0' ? slipway_memory_format("%s/openstack", config)
		: slipway_memory_format("%s/.config/openstack", home != NULL ? home : "");
	folders[2] = slipway_memory_copy("/etc/openstack");
	if (given != NULL && *given != '\0')
		found = slipway_memory_copy(given);
	for (int i = 0; i < 6 && found == NULL; i++)
	{
		found = slipway_memory_format("%s/%s.%s", folders[i / 2], name, endings[i % 2]);
		if (access(found, F_OK) != 0)
		{
			free(found);
			found = NULL;
		}
	}
	for (int i = 0; i < 3; i++)
		free(folders[i]);
	return found;
}

/* Puts what the second has into the first, at every depth. */
static void
merge(json_t *into, json_t *from)
{
	const char *key;
	json_t	   *value;

	json_object_foreach(from, key, value)
	{
		json_t	   *there = json_object_get(into, key);

		if (json_is_object(there) && json_is_object(value))
			merge(there, value);
		else
			(void) json_object_set(into, key, value);
	}
}

static SlipwaySecretFault *
read_file(const char *path, json_t **document)
{
	char	   *text = slipway_yaml_file_read(path, document);
	SlipwaySecretFault *fault = text == NULL ? NULL
		: slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "the clouds of OS_CLOUD: %s", text);

	free(text);
	return fault;
}

SlipwaySecretFault *
slipway_clouds_find(const char *name, json_t **cloud, char **path)
{
	char	   *secure = find_file("OS_CLIENT_SECURE_FILE", "secure");
	json_t	   *document = NULL;
	json_t	   *secret = NULL;
	SlipwaySecretFault *fault = NULL;

	*cloud = NULL;
	*path = find_file("OS_CLIENT_CONFIG_FILE", "clouds");
	if (*path == NULL)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE,
										 "It is looked for in ., ~/.config/openstack and /etc/openstack, or is what OS_CLIENT_CONFIG_FILE says.",
										 "OS_CLOUD is set, and there is no clouds.yaml");
	if (fault == NULL)
		fault = read_file(*path, &document);
	if (fault == NULL && secure != NULL)
		fault = read_file(secure, &secret);
	if (fault == NULL)
	{
		json_t	   *more = json_object_get(json_object_get(secret, "clouds"), name);

		/* values are shared where there are aliases */
		*cloud = json_deep_copy(json_object_get(json_object_get(document, "clouds"), name));
		if (!json_is_object(*cloud))
			fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "%s has no cloud \"%s\", which OS_CLOUD names",
											 *path, name);
		else if (json_is_object(more))
			merge(*cloud, more);
	}
	json_decref(document);
	json_decref(secret);
	free(secure);
	return fault;
}
