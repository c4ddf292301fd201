/* SPDX-License-Identifier: Apache-2.0 */
/* Each reader of an image document sees each input; what one takes is written, and reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "oci/image.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUND_TRIP(document) \
	static void document##_round_trip(const char *json, size_t length) \
	{ \
		autobuffer struct buffer once = { 0 }, twice = { 0 }; \
		struct oci_##document d; \
		struct arena arena = { 0 }; \
		struct error err = { 0 }; \
\
		if (oci_##document##_parse(json, length, &arena, &d, &err) == 0) { \
			MUST(oci_##document##_write(&d, &once, &err) == 0); \
			MUST(oci_##document##_parse(once.data, once.length, &arena, &d, &err) == 0); \
			MUST(oci_##document##_write(&d, &twice, &err) == 0); \
			MUST(strcmp(once.data, twice.data) == 0); \
		} \
		arena_release(&arena); \
	}

ROUND_TRIP(index)
ROUND_TRIP(manifest)
ROUND_TRIP(image_config)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *json = (const char *)data;
	struct docker_archive archive;
	struct arena arena = { 0 };
	struct error err = { 0 };

	index_round_trip(json, size);
	manifest_round_trip(json, size);
	image_config_round_trip(json, size);
	(void)docker_archive_parse(json, size, &arena, &archive, &err);
	arena_release(&arena);
	return 0;
}
