/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

char *buffer_reserve(struct buffer *buffer, size_t length)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 64;
	char *data;

	if (length >= SIZE_MAX / 4 - buffer->length)
		arena_out_of_memory();
	if (buffer->length + length + 1 > buffer->capacity) {
		while (capacity < buffer->length + length + 1)
			capacity *= 2;
		data = realloc(buffer->data, capacity);
		if (!data)
			arena_out_of_memory();
		buffer->data = data;
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->length;
}

void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
	char *end = buffer_reserve(buffer, length);

	if (length)
		memcpy(end, data, length);
	end[length] = '\0';
	buffer->length += length;
}

void buffer_add_string(struct buffer *buffer, const char *s)
{
	buffer_add(buffer, s, strlen(s));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		arena_out_of_memory();
	va_start(ap, format);
	(void)vsnprintf(buffer_reserve(buffer, (size_t)n), (size_t)n + 1, format, ap);
	va_end(ap);
	buffer->length += (size_t)n;
}

const char *buffer_string(const struct buffer *buffer)
{
	return buffer->length ? buffer->data : "";
}

char *buffer_take(struct buffer *buffer)
{
	char *data;

	buffer_add(buffer, "", 0);
	data = buffer->data;
	*buffer = (struct buffer){ 0 };
	return data;
}

void buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}
