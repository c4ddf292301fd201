/* SPDX-License-Identifier: Apache-2.0 */
/* The whole name of a reference is a reference, and its own whole name. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/reference.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct reference once, twice;
	struct error err = { 0 };
	const char *text = arena_strndup(&arena, (const char *)data, size);

	if (reference_parse(text, &arena, &once, &err) == 0) {
		MUST(reference_parse(once.name, &arena, &twice, &err) == 0);
		MUST(strcmp(once.name, twice.name) == 0);
		MUST(strcmp(once.registry, twice.registry) == 0);
		MUST(strcmp(once.repository, twice.repository) == 0);
	}
	arena_release(&arena);
	return 0;
}
