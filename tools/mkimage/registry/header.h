/* SPDX-License-Identifier: Apache-2.0 */
/* Values of header fields, from text. */
#ifndef MKIMAGE_REGISTRY_HEADER_H
#define MKIMAGE_REGISTRY_HEADER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Content-Range (RFC 9110, 14.4) of a part that was asked for, from `first` to the end of `size` bytes: anything else would
 * be put together wrongly. `first` 0 is a part that nobody asked for. NULL: there is no such field.
 */
int header_check_range(const char *value, uint64_t first, uint64_t size, struct error *err);

/* Range of an upload (distribution-spec, "Pushing a blob in chunks"): how many bytes are there. -1 where it cannot be told. */
int64_t header_uploaded(const char *value);

/* The target of Link (RFC 8288) with rel="next"; NULL where there is none. */
const char *header_next_link(const char *value, struct arena *arena);

#endif
