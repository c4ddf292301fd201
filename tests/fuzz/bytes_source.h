/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a fuzz driver as what readers of streams are given: `long read(context, data, length, err)`. */
#ifndef TESTS_FUZZ_BYTES_SOURCE_H
#define TESTS_FUZZ_BYTES_SOURCE_H

#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct bytes_source {
	const uint8_t *data;
	size_t left;
};

static inline long bytes_source_read(void *context, void *data, size_t length, struct error *err)
{
	struct bytes_source *s = context;
	size_t n = s->left < length ? s->left : length;

	(void)err;
	memcpy(data, s->data, n);
	s->data += n;
	s->left -= n;
	return (long)n;
}

#endif
