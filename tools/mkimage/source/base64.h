/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, 4) through libcrypto. */
#ifndef MKIMAGE_SOURCE_BASE64_H
#define MKIMAGE_SOURCE_BASE64_H

#include <stddef.h>

#include "base/arena.h"

const char *base64_encode(const void *data, size_t length, struct arena *arena);

/* Gives the bytes, followed by a NUL, and their number. -1: the text is not whole base64, or longer than 16 MiB. */
int base64_decode(const char *text, struct arena *arena, char **data, size_t *length);

#endif
