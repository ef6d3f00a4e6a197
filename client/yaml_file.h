/*
 * yaml_file.h
 *	  A YAML file as JSON, by libyaml, which is loaded when it is first needed.
 */
#ifndef SLIPWAY_YAML_FILE_H
#define SLIPWAY_YAML_FILE_H

#include <jansson.h>

/*
 * Reads its first document, of which all scalars but null become texts; anchors, aliases and merge keys (<<) are resolved. Returns why that does
 * not work, which the caller frees, else NULL. No text of the file is in that.
 */
char	   *slipway_yaml_file_read(const char *path, json_t **document);

#endif
