/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader takes, the writer writes, and what was written reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "oci/config.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuffer struct buffer once = { 0 }, twice = { 0 };
	struct arena arena = { 0 };
	struct oci_config config;
	struct error err = { 0 };

	if (oci_config_parse((const char *)data, size, &arena, &config, &err) == 0) {
		MUST(oci_config_write(&config, &once, &err) == 0);
		MUST(oci_config_parse(once.data, once.length, &arena, &config, &err) == 0);
		MUST(oci_config_write(&config, &twice, &err) == 0);
		MUST(strcmp(once.data, twice.data) == 0);
	} else {
		MUST(*err.message && !strchr(err.message, '\n'));
	}
	arena_release(&arena);
	return 0;
}
