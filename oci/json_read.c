/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 64			/* bytes of the author's text in a message */

const struct json_type json_type_u32 = { .size = sizeof(uint32_t), .item = JSON_KIND_U32 };
const struct json_type json_type_digest = { .size = sizeof(struct digest), .item = JSON_KIND_DIGEST };

/* --- messages ---------------------------------------------------------------------------------- */

/* The author's text, in quotes, cut where it is long and masked where a terminal would mind. */
static const char *shown(const char *text, size_t length, char out[SHOWN_MAX + 8])
{
	size_t n = 0;

	out[n++] = '"';
	for (size_t i = 0; i < length && i < SHOWN_MAX; i++)
		out[n++] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	/* Not in the middle of a character. */
	if (length > SHOWN_MAX) {
		while (n > 1 && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
			n--;
		if ((unsigned char)out[n - 1] >= 0xc0)
			n--;
		out[n++] = '.', out[n++] = '.', out[n++] = '.';
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

static size_t place_print(const struct json_place *place, const char *key, char *out, size_t size)
{
	char quoted[SHOWN_MAX + 8];
	size_t used = 0;
	int n = 0;

	if (place && place->parent)
		used = place_print(place->parent, NULL, out, size);
	if (place && place->quoted)
		n = snprintf(out + used, size - used, "[%s]", shown(place->key, strlen(place->key), quoted));
	else if (place && place->key)
		n = snprintf(out + used, size - used, "%s%s", used ? "." : "", place->key);
	else if (place)
		n = snprintf(out + used, size - used, "[%zu]", place->index);
	used += n > 0 ? (size_t)n : 0;
	if (used >= size)
		return size - 1;
	if (key)
		(void)snprintf(out + used, size - used, "%s%s", used ? "." : "", key);
	return used;
}

int json_error(const struct json_place *place, const char *key, struct error *err, const char *format, ...)
{
	char where[ERROR_MESSAGE_MAX / 2] = "";
	va_list ap;

	if (!err)
		return -1;
	(void)place_print(place, key, where, sizeof(where));
	err->number = 0;
	va_start(ap, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, ap);
	va_end(ap);
	return *where ? error_context(err, "%s", where) : -1;
}

/* An integer that json_load kept as a string: see widen() there. */
static bool is_wide(const json_t *json)
{
	return json_is_string(json) && json_string_length(json) > 1 && json_string_value(json)[0] == '\0';
}

static int expected(const struct json_place *place, const json_t *json, struct error *err, const char *what)
{
	char got[SHOWN_MAX + 8];

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return json_error(place, NULL, err, "expected %s, got an object", what);
	case JSON_ARRAY:
		return json_error(place, NULL, err, "expected %s, got an array", what);
	case JSON_STRING:
		if (is_wide(json))
			return json_error(place, NULL, err, "expected %s, got %.20s", what, json_string_value(json) + 1);
		return json_error(place, NULL, err, "expected %s, got %s", what,
				  shown(json_string_value(json), json_string_length(json), got));
	case JSON_INTEGER:
		return json_error(place, NULL, err, "expected %s, got %" JSON_INTEGER_FORMAT, what,
				  json_integer_value(json));
	case JSON_REAL:
		return json_error(place, NULL, err, "expected %s, got %g", what, json_real_value(json));
	case JSON_TRUE:
		return json_error(place, NULL, err, "expected %s, got true", what);
	case JSON_FALSE:
		return json_error(place, NULL, err, "expected %s, got false", what);
	case JSON_NULL:
		break;
	}
	return json_error(place, NULL, err, "expected %s, got null", what);
}

/* --- values ------------------------------------------------------------------------------------ */

struct reader {
	struct arena *arena;
	struct error *err;
};

static int read_string(struct reader *r, const json_t *json, const struct json_place *place, const char **out)
{
	const char *s = json_string_value(json);

	if (!s)
		return expected(place, json, r->err, "a string");
	if (strlen(s) != json_string_length(json)) {
		if (is_wide(json))
			return expected(place, json, r->err, "a string");
		return json_error(place, NULL, r->err, "a string must not hold a NUL byte");
	}
	*out = s;
	return 0;
}

static int read_word(struct reader *r, const json_t *json, const struct json_field *field,
		     const struct json_place *place, const char **out)
{
	const char *s;
	char list[256];
	size_t used = 0;

	if (read_string(r, json, place, &s) < 0)
		return -1;
	if (*s == '\0') {
		if (field->flags & JSON_REQUIRED)
			return json_error(place, NULL, r->err, "must not be empty");
		*out = NULL;
		return 0;
	}
	if ((field->flags & JSON_ABSOLUTE) && *s != '/')
		return expected(place, json, r->err, "an absolute path");
	*out = s;
	if (!field->words)
		return 0;
	for (const char *const *word = field->words; *word; word++)
		if (strcmp(*word, s) == 0)
			return 0;
	for (const char *const *word = field->words; *word && used < sizeof(list); word++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s'%s'",
					 word == field->words ? "" : word[1] ? ", " : " or ", *word);
	return expected(place, json, r->err, list);
}

static int read_integer(struct reader *r, const json_t *json, const struct json_place *place, int64_t min,
			int64_t max, int64_t *out)
{
	char range[96];

	if (json_is_integer(json) && json_integer_value(json) >= min && json_integer_value(json) <= max) {
		*out = json_integer_value(json);
		return 0;
	}
	if (!json_is_integer(json) && !is_wide(json))
		return expected(place, json, r->err, "an integer");
	(void)snprintf(range, sizeof(range), "an integer from %" PRId64 " to %" PRId64, min, max);
	return expected(place, json, r->err, range);
}

static int read_unsigned(struct reader *r, const json_t *json, const struct json_place *place, uint64_t *out)
{
	int64_t value;

	if (is_wide(json)) {
		*out = strtoull(json_string_value(json) + 1, NULL, 10);
		return 0;
	}
	if (read_integer(r, json, place, 0, INT64_MAX, &value) < 0)
		return -1;
	*out = (uint64_t)value;
	return 0;
}

static int read_digest(struct reader *r, const json_t *json, const struct json_place *place, struct digest *out)
{
	struct error reason = { 0 };
	const char *s;

	if (read_string(r, json, place, &s) < 0)
		return -1;
	if (digest_parse(s, out, &reason) < 0)
		return json_error(place, NULL, r->err, "%s", reason.message);
	return 0;
}

/* A value that is no object and no array. `at` is the member. */
static int read_scalar(struct reader *r, const json_t *json, const struct json_field *field, enum json_kind kind,
		       const struct json_place *place, void *at)
{
	struct oci_number *number = at;
	int64_t n;

	switch (kind) {
	case JSON_KIND_BOOL:
		if (!json_is_boolean(json))
			return expected(place, json, r->err, "true or false");
		*(bool *)at = json_is_true(json);
		return 0;
	case JSON_KIND_U16:
		if (read_integer(r, json, place, 0, UINT16_MAX, &n) < 0)
			return -1;
		*(uint16_t *)at = (uint16_t)n;
		return 0;
	case JSON_KIND_U32:
		if (read_integer(r, json, place, 0, UINT32_MAX, &n) < 0)
			return -1;
		*(uint32_t *)at = (uint32_t)n;
		return 0;
	case JSON_KIND_I32:
		if (read_integer(r, json, place, INT32_MIN, INT32_MAX, &n) < 0)
			return -1;
		*(int32_t *)at = (int32_t)n;
		return 0;
	case JSON_KIND_U64:
		return read_unsigned(r, json, place, at);
	case JSON_KIND_I64:
		return read_integer(r, json, place, INT64_MIN, INT64_MAX, at);
	case JSON_KIND_NUMBER:
		number->set = true;
		return read_integer(r, json, place, field->flags & JSON_UNSIGNED ? 0 : INT64_MIN, INT64_MAX,
				    &number->value);
	case JSON_KIND_STRING:
		return read_word(r, json, field, place, at);
	default:
		return read_digest(r, json, place, at);
	}
}

/* A power of two, as arena_push() counts on: what was read may be added to. */
static void *new_items(struct reader *r, size_t count, size_t size)
{
	size_t capacity = 1;

	while (capacity < count)
		capacity *= 2;
	return arena_array(r->arena, capacity, size);
}

static int check_count(struct reader *r, const struct json_field *field, size_t count,
		       const struct json_place *place)
{
	size_t limit = field->limit ? field->limit : JSON_ITEMS_MAX;

	if (count > limit)
		return json_error(place, NULL, r->err, "%zu items are more than the %zu allowed", count, limit);
	return 0;
}

static int read_strings(struct reader *r, const json_t *json, const struct json_field *field,
			const struct json_place *place, struct oci_strings *out)
{
	struct json_place item = { .parent = place };
	size_t count = json_array_size(json);

	if (!json_is_array(json))
		return expected(place, json, r->err, "an array of strings");
	if (count == 0 && (field->flags & JSON_REQUIRED))
		return json_error(place, NULL, r->err, "must not be empty");
	if (check_count(r, field, count, place) < 0)
		return -1;
	/* Also for none: an empty list and one that is not there are told apart by it. */
	out->items = new_items(r, count, sizeof(*out->items));
	for (; item.index < count; item.index++) {
		const json_t *one = json_array_get(json, item.index);

		if (read_string(r, one, &item, &out->items[item.index]) < 0)
			return -1;
		if ((field->flags & JSON_ABSOLUTE) && *out->items[item.index] != '/')
			return expected(&item, one, r->err, "an absolute path");
	}
	out->count = count;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An object whose keys are what it says: {"80/tcp": {}}. Sorted, as a set has no order. */
static int read_keys(struct reader *r, json_t *json, const struct json_field *field,
		     const struct json_place *place, struct oci_strings *out)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return expected(place, json, r->err, "an object");
	if (json_object_size(json) == 0)
		return 0;
	if (check_count(r, field, json_object_size(json), place) < 0)
		return -1;
	out->items = new_items(r, json_object_size(json), sizeof(*out->items));
	json_object_foreach(json, key, value) {
		struct json_place at = { .parent = place, .key = key, .quoted = true };

		if (!json_is_object(value) && !json_is_null(value))
			return expected(&at, value, r->err, "an empty object");
		out->items[out->count++] = key;
	}
	qsort(out->items, out->count, sizeof(*out->items), compare_keys);
	return 0;
}

static int read_pairs(struct reader *r, json_t *json, const struct json_field *field,
		      const struct json_place *place, struct oci_pairs *out)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return expected(place, json, r->err, "an object of strings");
	if (json_object_size(json) == 0)
		return 0;
	if (check_count(r, field, json_object_size(json), place) < 0)
		return -1;
	out->items = new_items(r, json_object_size(json), sizeof(*out->items));
	json_object_foreach(json, key, value) {
		struct json_place at = { .parent = place, .key = key, .quoted = true };

		if (read_string(r, value, &at, &out->items[out->count].value) < 0)
			return -1;
		out->items[out->count++].key = key;
	}
	return 0;
}

/* --- structs ----------------------------------------------------------------------------------- */

static int read_field(struct reader *r, json_t *json, const struct json_field *field,
		      const struct json_place *place, char *base);

static int read_object(struct reader *r, json_t *json, const struct json_type *type,
		       const struct json_place *place, void *base)
{
	if (!json_is_object(json))
		return expected(place, json, r->err, "an object");
	for (size_t i = 0; i < type->count; i++) {
		const struct json_field *field = &type->fields[i];
		struct json_place at = { .parent = place, .key = field->key };
		json_t *value = json_object_get(json, field->key);

		if (!value || json_is_null(value)) {
			if (field->flags & JSON_REQUIRED)
				return json_error(&at, NULL, r->err, "is missing");
			continue;
		}
		if (read_field(r, value, field, &at, base) < 0)
			return -1;
	}
	return type->check ? type->check(base, place, r->err) : 0;
}

static int read_item(struct reader *r, json_t *json, const struct json_field *field,
		     const struct json_place *place, void *at)
{
	if (field->type->item == JSON_KIND_OBJECT)
		return read_object(r, json, field->type, place, at);
	return read_scalar(r, json, field, field->type->item, place, at);
}

static int read_array(struct reader *r, const json_t *json, const struct json_field *field,
		      const struct json_place *place, char *base)
{
	struct json_place item = { .parent = place };
	size_t count = json_array_size(json);
	char *items;

	if (!json_is_array(json))
		return expected(place, json, r->err, "an array");
	if (count == 0)
		return 0;
	if (check_count(r, field, count, place) < 0)
		return -1;
	items = new_items(r, count, field->type->size);
	for (; item.index < count; item.index++)
		if (read_item(r, json_array_get(json, item.index), field, &item,
			      items + item.index * field->type->size) < 0)
			return -1;
	*(void **)(void *)(base + field->offset) = items;
	*(size_t *)(void *)(base + field->other) = count;
	return 0;
}

static int read_map(struct reader *r, json_t *json, const struct json_field *field,
		    const struct json_place *place, char *base)
{
	size_t count = 0;
	const char *key;
	json_t *value;
	char *items;

	if (!json_is_object(json))
		return expected(place, json, r->err, "an object");
	if (json_object_size(json) == 0)
		return 0;
	if (check_count(r, field, json_object_size(json), place) < 0)
		return -1;
	items = new_items(r, json_object_size(json), field->type->size);
	json_object_foreach(json, key, value) {
		struct json_place at = { .parent = place, .key = key, .quoted = true };
		char *item = items + count++ * field->type->size;

		*(const char **)(void *)item = key;
		if (read_object(r, value, field->type, &at, item) < 0)
			return -1;
	}
	*(void **)(void *)(base + field->offset) = items;
	*(size_t *)(void *)(base + field->other) = count;
	return 0;
}

static int read_pointer(struct reader *r, json_t *json, const struct json_field *field,
			const struct json_place *place, void *at)
{
	void *object = arena_alloc(r->arena, field->type->size);

	if (read_object(r, json, field->type, place, object) < 0)
		return -1;
	*(void **)at = object;
	return 0;
}

static int check_constant(struct reader *r, const json_t *json, const struct json_field *field,
			  const struct json_place *place)
{
	const char *ignored;
	char number[24];

	if (field->words)
		return read_word(r, json, field, place, &ignored);
	if (json_is_integer(json) && json_integer_value(json) == (json_int_t)field->limit)
		return 0;
	(void)snprintf(number, sizeof(number), "%zu", field->limit);
	return expected(place, json, r->err, number);
}

static int read_field(struct reader *r, json_t *json, const struct json_field *field,
		      const struct json_place *place, char *base)
{
	void *at = base + field->offset;

	if (field->flags & JSON_HAS)
		*(bool *)(base + field->other) = true;
	switch (field->kind) {
	case JSON_KIND_STRINGS:
		return read_strings(r, json, field, place, at);
	case JSON_KIND_KEYS:
		return read_keys(r, json, field, place, at);
	case JSON_KIND_PAIRS:
		return read_pairs(r, json, field, place, at);
	case JSON_KIND_OBJECT:
		return read_object(r, json, field->type, place, at);
	case JSON_KIND_POINTER:
		return read_pointer(r, json, field, place, at);
	case JSON_KIND_ARRAY:
		return read_array(r, json, field, place, base);
	case JSON_KIND_MAP:
		return read_map(r, json, field, place, base);
	case JSON_KIND_CONSTANT:
		return check_constant(r, json, field, place);
	case JSON_KIND_REFUSED:
		return json_error(place, NULL, r->err, "%s", field->words[0]);
	default:
		return read_scalar(r, json, field, field->kind, place, at);
	}
}

int json_read(const char *json, size_t length, size_t max, const struct json_field *root, struct arena *arena,
	      void *value, struct error *err)
{
	struct reader r = { arena, err };
	json_t *tree;

	if (length > max)
		return error_set(err, "%zu bytes are more than the %zu allowed", length, max);
	tree = json_load(json, length, arena, err);
	if (!tree)
		return -1;
	return read_field(&r, tree, root, NULL, value);
}
