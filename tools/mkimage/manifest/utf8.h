/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a manifest before YAML sees them: UTF-8 without control characters. */
#ifndef MKIMAGE_MANIFEST_UTF8_H
#define MKIMAGE_MANIFEST_UTF8_H

#include <stddef.h>

/*
 * The first byte that cannot stand in a YAML 1.2 stream (chapter 5.1, "Character
 * Set"), with what is wrong and what to do in `*problem`; or `length`. Overlong forms, surrogates
 * and a byte order mark behind the start are refused.
 */
size_t utf8_check(const char *text, size_t length, const char **problem);

/* Bytes of the byte order mark at the start: 0 or 3. */
size_t utf8_mark(const char *text, size_t length);

/* Line and column (both from 1, columns in characters) of the byte at `offset`. Breaks are LF, CR and CR LF. */
void utf8_position(const char *text, size_t offset, unsigned int *line, unsigned int *column);

#endif
