/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes into structs, by the tables of schema.c. */
#include "tools/mkimage/manifest/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/option.h"

#define KEYS_MAX       128 /* keys of the largest table */
#define KEYS_SHOWN_MAX 12 /* more are not listed in a message */
#define STRUCTS_MAX    4096u /* elements of one list of mappings */

struct reader {
	struct arena *arena;
	struct error *err;
	enum schema_unknown unknown;
};

/* The way to a node in the user's words, "services[0].binds": on the stack, made into text for a message. */
struct trail {
	const struct trail *up; /* NULL above the top */
	const char *key; /* NULL for an element of a list */
	size_t index;
};

static const char *trail_text(const struct trail *trail, struct arena *arena)
{
	const char *up;

	if (!trail)
		return "";
	up = trail_text(trail->up, arena);
	if (!trail->key)
		return arena_printf(arena, "%s[%zu]", up, trail->index);
	return arena_printf(arena, "%s%s%s", up, *up ? "." : "", text_shown(trail->key, arena));
}

/* "FILE:LINE:COLUMN: services[0].binds: message". */
static int __attribute__((format(printf, 4, 5)))
fail(struct reader *reader, const struct trail *trail, const struct node *node, const char *format, ...)
{
	const char *where = trail_text(trail, reader->arena);
	char message[ERROR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	return place_error(&node->at, reader->err, "%s%s%s", where, *where ? ": " : "", message);
}

static int type_error(struct reader *reader, const struct trail *trail, const struct node *node,
		      const char *expected)
{
	const char *advice = "";

	if (node->kind == NODE_NULL)
		advice = "; give a value or remove the key";
	else if (node->kind == NODE_BOOL && strstr(expected, "string"))
		advice = "; quote it if it is meant as text";
	return fail(reader, trail, node, "expected %s, got %s%s", expected,
		    node_describe(node, reader->arena), advice);
}

static bool is_text(const struct node *node)
{
	return node->kind == NODE_STRING || node->kind == NODE_INT;
}

static int check_text(struct reader *reader, const struct trail *trail, const struct node *node,
		      value_check *check)
{
	const char *problem = check ? check(node->value, reader->arena) : NULL;

	return problem ? fail(reader, trail, node, "%s", problem) : 0;
}

static bool is_absent(const struct node *node, const struct field *field)
{
	return field->empty_is_absent && *node->value == '\0';
}

static int read_string(struct reader *reader, const struct trail *trail, const struct node *node,
		       const struct field *field, void *target)
{
	struct manifest_string *string = target;

	if (!is_text(node))
		return type_error(reader, trail, node, "a string");
	if (is_absent(node, field))
		return 0;
	string->value = node->value;
	string->at = node->at;
	return check_text(reader, trail, node, field->check);
}

static int read_text(struct reader *reader, const struct trail *trail, const struct node *node,
		     const struct field *field, void *target)
{
	if (!is_text(node))
		return type_error(reader, trail, node, "a string");
	if (is_absent(node, field))
		return 0;
	*(const char **)target = node->value;
	return check_text(reader, trail, node, field->check);
}

static int read_flag(struct reader *reader, const struct trail *trail, const struct node *node,
		     const struct field *field, void *target)
{
	(void)field;
	if (node->kind != NODE_BOOL)
		return type_error(reader, trail, node, "true or false");
	*(bool *)target = node->value[0] == 't' || node->value[0] == 'T';
	return 0;
}

static int read_bool(struct reader *reader, const struct trail *trail, const struct node *node,
		     const struct field *field, void *target)
{
	struct manifest_bool *flag = target;

	if (read_flag(reader, trail, node, field, &flag->value) < 0)
		return -1;
	flag->set = true;
	flag->at = node->at;
	return 0;
}

/* Decimal or 0x; a leading zero is refused, because YAML 1.1 and 1.2 differ about it. */
static int parse_int(struct reader *reader, const struct trail *trail, const struct node *node,
		     int64_t *value)
{
	const char *digits = node->value + strspn(node->value, "+-");

	if (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
		return fail(reader, trail, node, "'%s' has a leading zero; write it without, or as 0x...",
			    text_shown(node->value, reader->arena));
	errno = 0;
	*value = strtoll(node->value, NULL, 0);
	if (errno == ERANGE)
		return fail(reader, trail, node, "'%s' is too large; at most %lld",
			    text_shown(node->value, reader->arena), (long long)INT64_MAX);
	return 0;
}

static int read_int(struct reader *reader, const struct trail *trail, const struct node *node,
		    const struct field *field, void *target)
{
	struct manifest_int *number = target;

	if (node->kind != NODE_INT)
		return type_error(reader, trail, node, "a whole number");
	if (parse_int(reader, trail, node, &number->value) < 0)
		return -1;
	if (field->most > field->least && (number->value < field->least || number->value > field->most))
		return fail(reader, trail, node, "expected a number from %lld to %lld, got %lld",
			    (long long)field->least, (long long)field->most, (long long)number->value);
	number->set = true;
	number->at = node->at;
	return 0;
}

static int read_id(struct reader *reader, const struct trail *trail, const struct node *node,
		   const struct field *field, void *target)
{
	struct manifest_id *id = target;
	int64_t value;

	(void)field;
	if (!is_text(node))
		return type_error(reader, trail, node, "a number or the name of a container");
	id->set = true;
	id->at = node->at;
	if (node->kind == NODE_STRING) {
		id->name = node->value;
		return 0;
	}
	if (parse_int(reader, trail, node, &value) < 0)
		return -1;
	/* (uid_t)-1 means "leave it" to chown(2) and setresuid(2). */
	if (value < 0 || value >= UINT32_MAX)
		return fail(reader, trail, node, "expected an id from 0 to 4294967294, got '%s'",
			    text_shown(node->value, reader->arena));
	id->is_number = true;
	id->number = (uint32_t)value;
	return 0;
}

static int read_strings(struct reader *reader, const struct trail *trail, const struct node *node,
			const struct field *field, void *target)
{
	struct manifest_strings *strings = target;

	if (node->kind != NODE_LIST)
		return type_error(reader, trail, node, "a list of strings");
	strings->set = true;
	strings->at = node->at;
	strings->items = arena_array(reader->arena, node->count, sizeof(*strings->items));
	strings->count = node->count;
	for (size_t i = 0; i < node->count; i++) {
		struct trail item = { .up = trail, .index = i };

		if (read_string(reader, &item, node->items[i], field, &strings->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int unknown_key(struct reader *reader, const struct trail *trail, const struct node *key,
		       const char *const *known)
{
	const char *shown = text_shown(key->value, reader->arena),
		   *nearest = option_nearest(key->value, known);
	autobuffer struct buffer all = { 0 };
	size_t count = 0;

	if (nearest)
		return fail(reader, trail, key, "unknown key '%s'; did you mean '%s'?", shown, nearest);
	for (; known[count]; count++)
		buffer_printf(&all, "%s%s", count ? ", " : "", known[count]);
	if (count > KEYS_SHOWN_MAX)
		return fail(reader, trail, key,
			    "unknown key '%s'; see slipway-manifest(5) for those that are known", shown);
	return fail(reader, trail, key, "unknown key '%s'; known are %s", shown, buffer_string(&all));
}

static bool is_known(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

static int read_pairs(struct reader *reader, const struct trail *trail, const struct node *node,
		      const struct field *field, void *target)
{
	struct manifest_pairs *pairs = target;

	if (node->kind != NODE_MAP)
		return type_error(reader, trail, node, "a mapping of strings");
	pairs->set = true;
	pairs->items = arena_array(reader->arena, node->count, sizeof(*pairs->items));
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key, *value = node->pairs[i].value;
		struct trail item = { .up = trail, .key = key->value };
		struct manifest_pair *pair = &pairs->items[pairs->count++];

		if (field->keys && !is_known(key->value, field->keys))
			return unknown_key(reader, trail, key, field->keys);
		if (check_text(reader, trail, key, field->check) < 0)
			return -1;
		if (!is_text(value))
			return type_error(reader, &item, value, "a string");
		if (check_text(reader, &item, value, field->check_value) < 0)
			return -1;
		*pair = (struct manifest_pair){ .key = key->value, .value = value->value, .at = key->at };
	}
	return 0;
}

static int read_struct(struct reader *reader, const struct trail *trail, const struct node *node,
		       const struct schema *schema, void *target);

static int read_nested(struct reader *reader, const struct trail *trail, const struct node *node,
		       const struct field *field, void *target)
{
	return read_struct(reader, trail, node, field->schema, target);
}

/* `target` is the pointer to the elements; the count lies at the same distance as in the table. */
static int read_structs(struct reader *reader, const struct trail *trail, const struct node *node,
			const struct field *field, void *target)
{
	char *owner = (char *)target - field->offset, *items;

	if (node->kind != NODE_LIST)
		return type_error(reader, trail, node, "a list of mappings");
	if (node->count > STRUCTS_MAX)
		return fail(reader, trail, node, "%zu elements; at most %u are allowed", node->count,
			    STRUCTS_MAX);
	items = arena_array(reader->arena, node->count, field->schema->size);
	*(void **)target = items;
	*(size_t *)(void *)(owner + field->count) = node->count;
	if (field->set != FIELD_NOWHERE)
		*(bool *)(owner + field->set) = true;
	for (size_t i = 0; i < node->count; i++) {
		struct trail item = { .up = trail, .index = i };

		if (read_struct(reader, &item, node->items[i], field->schema,
				items + i * field->schema->size) < 0)
			return -1;
	}
	return 0;
}

static int read_nothing(struct reader *reader, const struct trail *trail, const struct node *node,
			const struct field *field, void *target)
{
	(void)reader, (void)trail, (void)node, (void)field, (void)target;
	return 0;
}

static int (*const readers[])(struct reader *, const struct trail *, const struct node *,
			      const struct field *, void *) = {
	[FIELD_STRING] = read_string,   [FIELD_TEXT] = read_text,       [FIELD_BOOL] = read_bool,
	[FIELD_FLAG] = read_flag,       [FIELD_INT] = read_int,         [FIELD_ID] = read_id,
	[FIELD_STRINGS] = read_strings, [FIELD_PAIRS] = read_pairs,     [FIELD_STRUCT] = read_nested,
	[FIELD_STRUCTS] = read_structs, [FIELD_IGNORED] = read_nothing,
};

static const struct field *find_field(const struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->count; i++)
		if (strcmp(schema->fields[i].name, name) == 0)
			return &schema->fields[i];
	return NULL;
}

static int unknown_field(struct reader *reader, const struct trail *trail, const struct node *key,
			 const struct schema *schema)
{
	const char *known[KEYS_MAX + 1] = { NULL };

	if (reader->unknown == SCHEMA_PASS_OVER) {
		log_debug("%s: unknown key '%s' is passed over", key->at.file,
			  text_shown(key->value, reader->arena));
		return 0;
	}
	for (size_t i = 0; i < schema->count && i < KEYS_MAX; i++)
		known[i] = schema->fields[i].name;
	return unknown_key(reader, trail, key, known);
}

static void tell_note(struct reader *reader, const struct trail *trail, const struct node *key,
		      const struct field *field)
{
	const char *where;

	if (!field->note)
		return;
	where = trail_text(trail, reader->arena);
	if (key->at.line)
		log_warning("%s:%u:%u: %s has no effect: %s", key->at.file, key->at.line, key->at.column,
			    where, field->note);
	else
		log_debug("%s: %s has no effect: %s", key->at.file, where, field->note);
}

static int check_required(struct reader *reader, const struct trail *trail, const struct node *node,
			  const struct schema *schema)
{
	for (size_t i = 0; i < schema->count; i++) {
		const char *name = schema->fields[i].name;

		if (schema->fields[i].required && !node_find(node, name))
			return fail(reader, trail, node, "'%s' is missing; add '%s:'", name, name);
	}
	return 0;
}

static int read_struct(struct reader *reader, const struct trail *trail, const struct node *node,
		       const struct schema *schema, void *target)
{
	if (node->kind != NODE_MAP && !(schema->word && is_text(node)))
		return type_error(reader, trail, node, schema->word ? "a string or a mapping" : "a mapping");
	if (schema->at != FIELD_NOWHERE)
		*(struct place *)(void *)((char *)target + schema->at) = node->at;
	if (schema->set != FIELD_NOWHERE)
		*(bool *)((char *)target + schema->set) = true;
	if (node->kind != NODE_MAP)
		return read_string(reader, trail, node, schema->word, (char *)target + schema->word->offset);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key, *value = node->pairs[i].value;
		const struct field *field = find_field(schema, key->value);
		struct trail item = { .up = trail, .key = key->value };

		if (!field) {
			if (unknown_field(reader, trail, key, schema) < 0)
				return -1;
			continue;
		}
		if (field->mapping && value->kind == NODE_MAP)
			field = field->mapping;
		if (readers[field->kind](reader, &item, value, field, (char *)target + field->offset) < 0)
			return -1;
		tell_note(reader, &item, key, field);
	}
	return check_required(reader, trail, node, schema);
}

int schema_read(const struct schema *schema, const struct node *node, enum schema_unknown unknown,
		struct arena *arena, void *result, struct error *err)
{
	struct reader reader = { .arena = arena, .err = err, .unknown = unknown };

	return read_struct(&reader, NULL, node, schema, result);
}
