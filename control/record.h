/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines that the control protocol is made of: a kind, then `key=value` fields separated by single spaces, as in the
 * plan. Bytes up to 0x20, 0x7f and '%' are written as %XX in values:
 *
 *     service name=web state=ready pid=312 restarts=0
 *
 * Reading allocates nothing and works in place, for PID 1 reads requests by it. Both sides take the other for hostile.
 */
#ifndef CONTROL_RECORD_H
#define CONTROL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define RECORD_FIELDS_MAX 48
#define RECORD_LINE_MAX 32768		/* bytes of a line, with its end */

struct record_field {
	const char *key, *value;
};

/* Borrowed from the line. */
struct record {
	const char *kind;
	struct record_field fields[RECORD_FIELDS_MAX];
	size_t count;
};

/*
 * Cuts the line, which has no '\n', into a record. An error: an empty kind or key, a field without '=', a broken escape, a
 * NUL, too many fields.
 */
int record_parse(char *line, struct record *record, struct error *err);

/* The first value of the key, NULL where there is none. */
const char *record_get(const struct record *record, const char *key);

/* The value as a number; false where it is absent or not a decimal number of at most 18 digits, maybe with a '-'. */
bool record_number(const struct record *record, const char *key, int64_t *number);

/* Appending one: a kind, fields, the end of the line. */
void record_begin(struct buffer *out, const char *kind);
void record_add(struct buffer *out, const char *key, const char *value);
void record_add_bytes(struct buffer *out, const char *key, const char *value, size_t length);
void record_add_number(struct buffer *out, const char *key, int64_t value);
void record_end(struct buffer *out);

#endif
