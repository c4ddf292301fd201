/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that grow. The data is always followed by a NUL, so that text can be
 * used as a string. An all-zero buffer is the empty one. Like the arena, it
 * ends the process through arena_out_of_memory when memory is out.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>

struct buffer {
	char *data;			/* owned; NULL while nothing was added */
	size_t length;			/* bytes, without the NUL */
	size_t capacity;
};

void buffer_add(struct buffer *buffer, const void *data, size_t length);
void buffer_add_string(struct buffer *buffer, const char *s);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The contents as a string, "" when empty; borrowed until the next call. */
const char *buffer_string(const struct buffer *buffer);

/* Room for `length` more bytes behind the contents; add to `length` what was written. */
char *buffer_reserve(struct buffer *buffer, size_t length);

/* The contents become the caller's, to free(); the buffer is empty. Never NULL. */
char *buffer_take(struct buffer *buffer);

void buffer_release(struct buffer *buffer);

#define autobuffer __attribute__((cleanup(buffer_release)))

#endif
