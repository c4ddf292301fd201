/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct writer {
	struct buffer *out;
	struct error *err;
	bool indented;
	bool first;			/* nothing stands in the open object or array yet */
	unsigned int depth;
};

static void new_line(struct writer *w)
{
	static const char spaces[] = "                                                                ";
	size_t n = (size_t)w->depth * 4;

	if (!w->indented)
		return;
	buffer_add(w->out, "\n", 1);
	buffer_add(w->out, spaces, n < sizeof(spaces) - 1 ? n : sizeof(spaces) - 1);
}

static void open_bracket(struct writer *w, const char *bracket)
{
	buffer_add(w->out, bracket, 1);
	w->depth++;
	w->first = true;
}

static void close_bracket(struct writer *w, const char *bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	buffer_add(w->out, bracket, 1);
	w->first = false;
}

/* What stands in front of each item of an array and each key of an object. */
static void begin_item(struct writer *w)
{
	if (!w->first)
		buffer_add(w->out, ",", 1);
	new_line(w);
	w->first = false;
}

/* The length of the UTF-8 character at `s`, 0 where it is none (RFC 3629, 4). */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char low, high;	/* of the first byte */
		unsigned char low2, high2;	/* of the second */
		unsigned char length;
	} rows[] = {
		{ 0x01, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (s[0] < rows[i].low || s[0] > rows[i].high)
			continue;
		if (s[1] < rows[i].low2 || s[1] > rows[i].high2)
			return 0;
		/* A NUL ends each of these comparisons before the end of the string is passed. */
		for (size_t k = 2; k < rows[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

const char *json_utf8(struct arena *arena, const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	struct buffer out = { 0 };
	const char *copy;

	for (const char *s = text; *s;) {
		size_t n = utf8_length((const unsigned char *)s);

		buffer_add(&out, n ? s : replacement, n ? n : strlen(replacement));
		s += n ? n : 1;
	}
	copy = arena_strdup(arena, buffer_string(&out));
	buffer_release(&out);
	return copy;
}

/* The escape of a byte that JSON does not take as it is; "" where it does. */
static const char *escape_of(unsigned char c, char code[8])
{
	static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *letter = strchr(letters, c);

	if (letter)
		(void)snprintf(code, 8, "\\%c", names[letter - letters]);
	else if (c < 0x20)
		(void)snprintf(code, 8, "\\u%04x", c);
	else
		code[0] = '\0';
	return code;
}

static int write_string(struct writer *w, const char *s, const struct json_place *place)
{
	const char *done = s;
	char code[8];

	buffer_add(w->out, "\"", 1);
	while (*s) {
		size_t n = utf8_length((const unsigned char *)s);

		if (n == 0)
			return json_error(place, NULL, w->err, "a string must be UTF-8 text");
		if (*escape_of((unsigned char)*s, code)) {
			buffer_add(w->out, done, (size_t)(s - done));
			buffer_add_string(w->out, code);
			done = s + n;
		}
		s += n;
	}
	buffer_add(w->out, done, (size_t)(s - done));
	buffer_add(w->out, "\"", 1);
	return 0;
}

static int write_key(struct writer *w, const char *key, const struct json_place *place)
{
	begin_item(w);
	if (write_string(w, key, place) < 0)
		return -1;
	buffer_add_string(w->out, w->indented ? ": " : ":");
	return 0;
}

static int write_scalar(struct writer *w, enum json_kind kind, const struct json_place *place, const void *at)
{
	switch (kind) {
	case JSON_KIND_BOOL:
		buffer_add_string(w->out, *(const bool *)at ? "true" : "false");
		return 0;
	case JSON_KIND_U16:
		buffer_printf(w->out, "%" PRIu16, *(const uint16_t *)at);
		return 0;
	case JSON_KIND_U32:
		buffer_printf(w->out, "%" PRIu32, *(const uint32_t *)at);
		return 0;
	case JSON_KIND_U64:
		buffer_printf(w->out, "%" PRIu64, *(const uint64_t *)at);
		return 0;
	case JSON_KIND_I32:
		buffer_printf(w->out, "%" PRId32, *(const int32_t *)at);
		return 0;
	case JSON_KIND_I64:
		buffer_printf(w->out, "%" PRId64, *(const int64_t *)at);
		return 0;
	case JSON_KIND_NUMBER:
		buffer_printf(w->out, "%" PRId64, ((const struct oci_number *)at)->value);
		return 0;
	case JSON_KIND_STRING:
		return write_string(w, *(const char *const *)at ? *(const char *const *)at : "", place);
	default:
		return write_string(w, ((const struct digest *)at)->text, place);
	}
}

static int write_strings(struct writer *w, const struct oci_strings *strings, const struct json_place *place)
{
	struct json_place item = { .parent = place };

	open_bracket(w, "[");
	for (; item.index < strings->count; item.index++) {
		begin_item(w);
		if (write_string(w, strings->items[item.index], &item) < 0)
			return -1;
	}
	close_bracket(w, "]");
	return 0;
}

static int write_keys(struct writer *w, const struct oci_strings *strings, const struct json_place *place)
{
	open_bracket(w, "{");
	for (size_t i = 0; i < strings->count; i++) {
		if (write_key(w, strings->items[i], place) < 0)
			return -1;
		buffer_add(w->out, "{}", 2);
	}
	close_bracket(w, "}");
	return 0;
}

static int write_pairs(struct writer *w, const struct oci_pairs *pairs, const struct json_place *place)
{
	open_bracket(w, "{");
	for (size_t i = 0; i < pairs->count; i++) {
		struct json_place at = { .parent = place, .key = pairs->items[i].key, .quoted = true };

		if (write_key(w, pairs->items[i].key, place) < 0 || write_string(w, pairs->items[i].value, &at) < 0)
			return -1;
	}
	close_bracket(w, "}");
	return 0;
}

static int write_field(struct writer *w, const struct json_field *field, const struct json_place *place,
		       const char *base);

static int write_object(struct writer *w, const struct json_type *type, const struct json_place *place,
			const void *base);

static int write_array(struct writer *w, const struct json_field *field, const struct json_place *place,
		       const char *base)
{
	const char *items = *(const char *const *)(const void *)(base + field->offset);
	size_t count = *(const size_t *)(const void *)(base + field->other);
	struct json_place item = { .parent = place };
	int r = 0;

	open_bracket(w, "[");
	for (; item.index < count && r == 0; item.index++, items += field->type->size) {
		begin_item(w);
		if (field->type->item == JSON_KIND_OBJECT)
			r = write_object(w, field->type, &item, items);
		else
			r = write_scalar(w, field->type->item, &item, items);
	}
	close_bracket(w, "]");
	return r;
}

static int write_map(struct writer *w, const struct json_field *field, const struct json_place *place,
		     const char *base)
{
	const char *items = *(const char *const *)(const void *)(base + field->offset);
	size_t count = *(const size_t *)(const void *)(base + field->other);

	open_bracket(w, "{");
	for (size_t i = 0; i < count; i++, items += field->type->size) {
		const char *key = *(const char *const *)(const void *)items;
		struct json_place at = { .parent = place, .key = key, .quoted = true };

		if (write_key(w, key, place) < 0 || write_object(w, field->type, &at, items) < 0)
			return -1;
	}
	close_bracket(w, "}");
	return 0;
}

static bool is_zero(const void *at, size_t size)
{
	const unsigned char *p = at;

	while (size > 0 && p[size - 1] == 0)
		size--;
	return size == 0;
}

/* True where the member says nothing: the writer leaves the key out. */
static bool is_absent(const struct json_field *field, const char *base)
{
	static const size_t sizes[] = {
		[JSON_KIND_BOOL] = sizeof(bool),    [JSON_KIND_U16] = sizeof(uint16_t),
		[JSON_KIND_U32] = sizeof(uint32_t), [JSON_KIND_U64] = sizeof(uint64_t),
		[JSON_KIND_I32] = sizeof(int32_t),  [JSON_KIND_I64] = sizeof(int64_t),
		[JSON_KIND_STRING] = sizeof(const char *),
		[JSON_KIND_DIGEST] = 1,		    [JSON_KIND_POINTER] = sizeof(void *),
	};
	const char *at = base + field->offset;

	if (field->flags & JSON_ALWAYS)
		return false;
	if (field->flags & JSON_HAS)
		return !*(const bool *)(base + field->other);
	switch (field->kind) {
	case JSON_KIND_NUMBER:
		return !((const struct oci_number *)(const void *)at)->set;
	case JSON_KIND_STRINGS:
	case JSON_KIND_KEYS:
		return ((const struct oci_strings *)(const void *)at)->count == 0;
	case JSON_KIND_PAIRS:
		return ((const struct oci_pairs *)(const void *)at)->count == 0;
	case JSON_KIND_ARRAY:
	case JSON_KIND_MAP:
		return *(const size_t *)(const void *)(base + field->other) == 0;
	case JSON_KIND_OBJECT:
		for (size_t i = 0; i < field->type->count; i++)
			if (!is_absent(&field->type->fields[i], at))
				return false;
		return true;
	case JSON_KIND_CONSTANT:
		return false;
	case JSON_KIND_REFUSED:
		return true;
	default:
		return is_zero(at, sizes[field->kind]);
	}
}

static int write_object(struct writer *w, const struct json_type *type, const struct json_place *place,
			const void *base)
{
	open_bracket(w, "{");
	for (size_t i = 0; i < type->count; i++) {
		const struct json_field *field = &type->fields[i];
		struct json_place at = { .parent = place, .key = field->key };

		if (is_absent(field, base)) {
			if (field->flags & JSON_REQUIRED)
				return json_error(&at, NULL, w->err, "is missing");
			continue;
		}
		if (write_key(w, field->key, &at) < 0 || write_field(w, field, &at, base) < 0)
			return -1;
	}
	close_bracket(w, "}");
	return 0;
}

static int write_field(struct writer *w, const struct json_field *field, const struct json_place *place,
		       const char *base)
{
	const void *at = base + field->offset;

	switch (field->kind) {
	case JSON_KIND_STRINGS:
		return write_strings(w, at, place);
	case JSON_KIND_KEYS:
		return write_keys(w, at, place);
	case JSON_KIND_PAIRS:
		return write_pairs(w, at, place);
	case JSON_KIND_OBJECT:
		return write_object(w, field->type, place, at);
	case JSON_KIND_POINTER:
		return write_object(w, field->type, place, *(const void *const *)at);
	case JSON_KIND_ARRAY:
		return write_array(w, field, place, base);
	case JSON_KIND_MAP:
		return write_map(w, field, place, base);
	case JSON_KIND_CONSTANT:
		if (field->words)
			return write_string(w, field->words[0], place);
		buffer_printf(w->out, "%zu", field->limit);
		return 0;
	case JSON_KIND_REFUSED:
		return 0;
	default:
		return write_scalar(w, field->kind, place, at);
	}
}

int json_write(const struct json_field *root, const void *value, bool indented, struct buffer *out,
	       struct error *err)
{
	struct writer w = { .out = out, .err = err, .indented = indented, .first = true };
	size_t before = out->length;

	if (write_field(&w, root, NULL, value) == 0)
		return 0;
	/* Nothing half-written. */
	out->length = before;
	if (out->data)
		out->data[before] = '\0';
	return -1;
}
