/*
 * clouds.h
 *	  clouds.yaml: the clouds that OpenStack's tools know.
 */
#ifndef SLIPWAY_CLOUDS_H
#define SLIPWAY_CLOUDS_H

#include <jansson.h>

#include "secret_fault.h"

/*
 * The cloud of that name in the first clouds.yaml of OS_CLIENT_CONFIG_FILE, this folder, ~/.config/openstack and /etc/openstack,
 * with what secure.yaml, which is looked for likewise, has of it. *path is the file's, which the caller frees.
 */
SlipwaySecretFault *slipway_clouds_find(const char *name, json_t **cloud, char **path);

#endif
