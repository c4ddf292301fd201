/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of keys are sound, refuse what they should at every level, and stand in the manual page. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "tools/mkimage/manifest/schema.h"

static struct arena arena;
static struct error err;
static struct manifest m;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

#define NESTING 8

/* The way to a field: the fields above it, the document that holds a value there, and its name in messages. */
struct way {
	const struct field *fields[NESTING];
	unsigned int depth;
};

static bool is_mapping(const struct field *field)
{
	return field->kind == FIELD_STRUCT || field->kind == FIELD_STRUCTS;
}

static void way_document(const struct way *way, const char *value, char *text, size_t size, char *name)
{
	char tail[64] = "";
	size_t n = 0;

	*name = '\0';
	for (unsigned int i = 0; i < way->depth; i++) {
		bool list = way->fields[i]->kind == FIELD_STRUCTS && i + 1 < way->depth;

		n += (size_t)snprintf(text + n, size - n, "{\"%s\": %s", way->fields[i]->name,
				      list ? "[" : "");
		memmove(tail + 1 + list, tail, strlen(tail) + 1);
		memcpy(tail, list ? "]}" : "}", 1u + list);
		sprintf(name + strlen(name), "%s%s%s", i ? "." : "", way->fields[i]->name, list ? "[0]" : "");
	}
	(void)snprintf(text + n, size - n, "%s%s", value, tail);
}

static void each_field(const struct schema *schema, struct way *way, unsigned int *seen,
		       void (*visit)(const struct way *way))
{
	assert_true(way->depth < NESTING);
	for (size_t i = 0; i < schema->count; i++) {
		way->fields[way->depth++] = &schema->fields[i];
		visit(way);
		(*seen)++;
		if (is_mapping(&schema->fields[i]))
			each_field(schema->fields[i].schema, way, seen, visit);
		way->depth--;
	}
}

static void visit_wrong_type(const struct way *way)
{
	const struct field *field = way->fields[way->depth - 1];
	bool takes_text = field->kind <= FIELD_ID || (field->kind == FIELD_STRUCT && field->schema->word);
	char text[1024], name[256], expected[300];

	if (field->kind == FIELD_IGNORED)
		return;
	way_document(way, takes_text ? "[]" : "\"x\"", text, sizeof(text), name);
	assert_int_equal(manifest_parse("f", text, strlen(text), &arena, &m, &err), -1);
	(void)snprintf(expected, sizeof(expected), ": %s: expected ", name);
	assert_non_null(strstr(err.message, expected));
	way_document(way, "null", text, sizeof(text), name);
	assert_int_equal(manifest_parse("f", text, strlen(text), &arena, &m, &err), -1);
	assert_non_null(strstr(err.message, ", got nothing; give a value or remove the key"));
	arena_release(&arena);
}

static void every_key_refuses_the_wrong_type(void **state)
{
	struct way way = { .depth = 0 };
	unsigned int seen = 0;

	(void)state;
	each_field(&schema_manifest, &way, &seen, visit_wrong_type);
	assert_true(seen > 200);
}

static void visit_unknown(const struct way *way)
{
	const struct field *field = way->fields[way->depth - 1];
	char text[1024], name[256];

	if (!is_mapping(field))
		return;
	way_document(way, field->kind == FIELD_STRUCT ? "{\"nosuchkey\": 1}" : "[{\"nosuchkey\": 1}]", text,
		     sizeof(text), name);
	assert_int_equal(manifest_parse("f", text, strlen(text), &arena, &m, &err), -1);
	assert_non_null(strstr(err.message, "unknown key 'nosuchkey'"));
	assert_non_null(strstr(err.message, name));
	arena_release(&arena);
}

static void every_mapping_refuses_unknown_keys(void **state)
{
	struct way way = { .depth = 0 };
	unsigned int seen = 0;

	(void)state;
	each_field(&schema_manifest, &way, &seen, visit_unknown);
}

static size_t size_of(const struct field *field)
{
	static const size_t sizes[] = {
		[FIELD_STRING] = sizeof(struct manifest_string),
		[FIELD_TEXT] = sizeof(const char *),
		[FIELD_BOOL] = sizeof(struct manifest_bool),
		[FIELD_FLAG] = sizeof(bool),
		[FIELD_INT] = sizeof(struct manifest_int),
		[FIELD_ID] = sizeof(struct manifest_id),
		[FIELD_STRINGS] = sizeof(struct manifest_strings),
		[FIELD_PAIRS] = sizeof(struct manifest_pairs),
		[FIELD_STRUCTS] = sizeof(void *),
	};

	return field->kind == FIELD_STRUCT ? field->schema->size : sizes[field->kind];
}

/* Members of `resources:` share one struct, so that only siblings are compared. */
static void check_table(const struct schema *schema)
{
	assert_true(schema->count > 0 && schema->count <= 128);
	for (size_t i = 0; i < schema->count; i++) {
		const struct field *a = &schema->fields[i];

		assert_true(a->kind == FIELD_IGNORED ? a->note != NULL
						     : a->offset + size_of(a) <= schema->size);
		for (size_t j = 0; j < i; j++) {
			const struct field *b = &schema->fields[j];

			assert_string_not_equal(a->name, b->name);
			if (a->kind != FIELD_IGNORED && b->kind != FIELD_IGNORED && a->kind != FIELD_STRUCT &&
			    b->kind != FIELD_STRUCT)
				assert_true(a->offset + size_of(a) <= b->offset ||
					    b->offset + size_of(b) <= a->offset);
		}
		if (is_mapping(a))
			check_table(a->schema);
	}
}

static void no_two_keys_share_a_member(void **state)
{
	(void)state;
	check_table(&schema_manifest);
}

static void a_list_of_too_many_mappings_is_refused(void **state)
{
	autobuffer struct buffer text = { 0 };

	(void)state;
	buffer_add_string(&text, "services:\n");
	for (unsigned int i = 0; i < 4097; i++)
		buffer_add_string(&text, "- {}\n");
	assert_int_equal(manifest_parse("f", text.data, text.length, &arena, &m, &err), -1);
	assert_string_equal(err.message, "f:2:1: services: 4097 elements; at most 4096 are allowed");
}

/* --- the manual page ----------------------------------------------------------------------------- */

static char manual[1 << 16];

static void read_manual(void)
{
	const char *top = getenv("TOP");
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, arena_printf(&arena, "%s/tools/slipway/slipway-manifest.5", top ? top : "."),
		      sizeof(manual) - 1, &text, &err) < 0)
		fail_msg("%s", err.message);
	memcpy(manual, buffer_string(&text), text.length + 1);
}

/* In a line of `.Cm` or `.It Cm`, as a word. */
static void visit_documented(const struct way *way)
{
	const char *name = way->fields[way->depth - 1]->name, *line = manual;
	size_t length = strlen(name);

	for (; line; line = strchr(line, '\n')) {
		const char *end = strchr(line += *line == '\n', '\n'), *at = line, *cm;

		for (cm = strstr(line, "Cm "); cm && cm < end && (at = strstr(at, name)) && at < end; at++)
			if (at > cm && at[-1] == ' ' && strchr(" \n,", at[length]))
				return;
	}
	fail_msg("the key '%s' is not in the manual page", name);
}

static void every_key_is_in_the_manual_page(void **state)
{
	struct way way = { .depth = 0 };
	unsigned int seen = 0;

	(void)state;
	read_manual();
	each_field(&schema_manifest, &way, &seen, visit_documented);
}

static void the_example_of_the_manual_page_is_a_manifest(void **state)
{
	static const char begin[] = ".Sh EXAMPLES\n.Bd -literal -offset indent\n";
	char *start, *end, *escape;

	(void)state;
	read_manual();
	start = strstr(manual, begin);
	end = start ? strstr(start, "\n.Ed") : NULL;
	assert_non_null(end);
	end[1] = '\0';
	for (start += sizeof(begin) - 1; (escape = strstr(start, "\\e"));)
		memmove(escape + 1, escape + 2, strlen(escape + 1));
	if (manifest_parse("f", start, strlen(start), &arena, &m, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(m.services.count, 1);
	assert_string_equal(m.files[0].contents.value, "hello\n");
}

static int quiet(void **state)
{
	(void)state;
	/* The notes about keys without effect are for people. */
	log_open("test", 2, LOG_LEVEL_ERROR, false);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_key_refuses_the_wrong_type, release),
		cmocka_unit_test_teardown(every_mapping_refuses_unknown_keys, release),
		cmocka_unit_test_teardown(no_two_keys_share_a_member, release),
		cmocka_unit_test_teardown(a_list_of_too_many_mappings_is_refused, release),
		cmocka_unit_test_teardown(every_key_is_in_the_manual_page, release),
		cmocka_unit_test_teardown(the_example_of_the_manual_page_is_a_manifest, release),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
