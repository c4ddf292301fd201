/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/header.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits, and then `end`. */
static bool take_number(const char **at, char end, uint64_t *number)
{
	size_t digits = strspn(*at, "0123456789");

	if (digits == 0 || digits > 19 || (*at)[digits] != end)
		return false;
	*number = strtoull(*at, NULL, 10);
	*at += digits + (end != '\0');
	return true;
}

int header_check_range(const char *value, uint64_t first, uint64_t size, struct error *err)
{
	uint64_t from, to, total = size;
	const char *at = value;

	if (!value || strncasecmp(value, "bytes ", 6) != 0)
		return error_set(err, "a part of the blob came without 'Content-Range: bytes'");
	at += 6;
	if (!take_number(&at, '-', &from) || !take_number(&at, '/', &to) ||
	    (strcmp(at, "*") != 0 && !take_number(&at, '\0', &total)))
		return error_set(err, "Content-Range '%.80s' cannot be read", value);
	if (first == 0)
		return error_set(err, "a part of the blob came, '%.80s', where all of it was asked for", value);
	if (from != first || to + 1 != size || total != size)
		return error_set(err,
				 "Content-Range '%.80s' is not the part that was asked for, %" PRIu64 "-%" PRIu64 "/%" PRIu64,
				 value, first, size - 1, size);
	return 0;
}

int64_t header_uploaded(const char *value)
{
	uint64_t from, to;

	if (value && strncasecmp(value, "bytes=", 6) == 0)
		value += 6;
	/* "0-0" is said of one byte, and of none. */
	if (!value || !take_number(&value, '-', &from) || !take_number(&value, '\0', &to) || from != 0 || to == 0 || to >= INT64_MAX)
		return -1;
	return (int64_t)to + 1;
}

const char *header_next_link(const char *value, struct arena *arena)
{
	while (value && (value = strchr(value, '<'))) {
		size_t length = strcspn(++value, ">");
		const char *target = value, *end;

		if (value[length] != '>')
			return NULL;
		value += length + 1;
		end = value + strcspn(value, "<");
		for (const char *p = value; p && p < end; p = strchr(p + 1, ';')) {
			const char *parameter = p + strspn(p, "; \t");

			if (strncasecmp(parameter, "rel=", 4) == 0 &&
			    (strncmp(parameter + 4, "\"next\"", 6) == 0 || strncmp(parameter + 4, "next", 4) == 0))
				return arena_strndup(arena, target, length);
		}
	}
	return NULL;
}
