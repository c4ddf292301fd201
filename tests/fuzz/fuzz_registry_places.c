/* SPDX-License-Identifier: Apache-2.0 */
/* registries.conf: whatever it says, an image is in at least one place, or there is an error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mkimage/registry/places.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const images[] = { "redis", "a.io/x/y:v1", "localhost:5000/a" };
	struct arena arena = { 0 };
	const struct places *places;
	struct reference reference;
	struct error err = { 0 };
	struct place *found;
	size_t count;

	if (places_parse((const char *)data, size, &arena, &places, &err) < 0) {
		MUST(err.message[0]);
	} else {
		for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
			MUST(reference_parse(images[i], &arena, &reference, &err) == 0);
			if (places_find(places, &reference, NULL, 0, &arena, &found, &count, &err) == 0)
				MUST(count > 0 && !found[count - 1].mirror && *found[0].host && *found[0].repository);
		}
	}
	arena_release(&arena);
	return 0;
}
