/* SPDX-License-Identifier: Apache-2.0 */
#include "control/record.h"

#include <string.h>

#define DIGITS_MAX 18			/* what always fits 64 bits */

/* Takes the part up to the separator, and moves on behind it; NULL at the end. */
static char *cut(char **rest, char separator)
{
	char *part = *rest, *end = part ? strchr(part, separator) : NULL;

	*rest = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return part;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place: what is decoded is never longer. */
static int decode(char *text, struct error *err)
{
	char *out = text;

	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			*out++ = *text;
			continue;
		}
		high = hex(text[1]);
		low = high < 0 ? -1 : hex(text[2]);
		if (low < 0 || high * 16 + low == 0)
			return error_set(err, "expected two hex digits behind '%%', and not those of NUL");
		*out++ = (char)(high * 16 + low);
		text += 2;
	}
	*out = '\0';
	return 0;
}

int record_parse(char *line, struct record *record, struct error *err)
{
	char *rest = line, *text;

	record->kind = cut(&rest, ' ');
	record->count = 0;
	if (!*record->kind)
		return error_set(err, "an empty line");
	while ((text = cut(&rest, ' '))) {
		char *value = strchr(text, '=');

		if (!value || value == text)
			return error_set(err, "expected 'key=value', got '%.64s'", text);
		if (record->count == RECORD_FIELDS_MAX)
			return error_set(err, "more than %d fields", RECORD_FIELDS_MAX);
		*value++ = '\0';
		if (decode(value, err) < 0)
			return error_context(err, "field '%.64s'", text);
		record->fields[record->count++] = (struct record_field){ text, value };
	}
	return 0;
}

const char *record_get(const struct record *record, const char *key)
{
	for (size_t i = 0; i < record->count; i++)
		if (strcmp(record->fields[i].key, key) == 0)
			return record->fields[i].value;
	return NULL;
}

bool record_number(const struct record *record, const char *key, int64_t *number)
{
	const char *text = record_get(record, key), *digits = text && *text == '-' ? text + 1 : text;
	int64_t n = 0;

	if (!text || !*digits || strlen(digits) > DIGITS_MAX || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	for (const char *c = digits; *c; c++)
		n = n * 10 + (*c - '0');
	*number = digits > text ? -n : n;
	return true;
}

void record_begin(struct buffer *out, const char *kind)
{
	buffer_add_string(out, kind);
}

void record_add_bytes(struct buffer *out, const char *key, const char *value, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";

	buffer_add_string(out, " ");
	buffer_add_string(out, key);
	buffer_add_string(out, "=");
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];
		const char escaped[3] = { '%', digits[c >> 4], digits[c & 15] };

		/* A NUL has no place in text: it comes as the sign for what cannot be shown. */
		if (c == '\0')
			buffer_add_string(out, "\xef\xbf\xbd");
		else if (c <= 0x20 || c == 0x7f || c == '%')
			buffer_add(out, escaped, sizeof(escaped));
		else
			buffer_add(out, value + i, 1);
	}
}

void record_add(struct buffer *out, const char *key, const char *value)
{
	record_add_bytes(out, key, value, strlen(value));
}

void record_add_number(struct buffer *out, const char *key, int64_t value)
{
	buffer_printf(out, " %s=%lld", key, (long long)value);
}

void record_end(struct buffer *out)
{
	buffer_add_string(out, "\n");
}
