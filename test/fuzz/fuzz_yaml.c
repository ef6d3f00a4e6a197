/*
 * fuzz_yaml.c
 *	  clouds.yaml, as far as it is read as YAML.
 */
#include <jansson.h>
#include <stdlib.h>

#include "fuzz.h"
#include "yaml_file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t	   *document;
	char	   *fault = slipway_yaml_file_read(fuzz_file(data, size), &document);

	fuzz_check((fault == NULL) == (document != NULL));
	json_decref(document);
	free(fault);
	return 0;
}
