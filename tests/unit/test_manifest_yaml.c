/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as a tree: places, scalars, anchors, merge keys, and what is done about text that is meant to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "tools/mkimage/manifest/node.h"
#include "tools/mkimage/manifest/utf8.h"

static struct arena arena;
static struct error err;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const struct node *parse_bytes(const char *text, size_t length)
{
	struct node *root = NULL;

	if (node_parse("f", true, text, length, &arena, &root, &err) < 0)
		fail_msg("%s", err.message);
	return root;
}

static const struct node *parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void refuse(const char *text, const char *message)
{
	struct node *root;

	assert_int_equal(node_parse("f", true, text, strlen(text), &arena, &root, &err), -1);
	assert_string_equal(err.message, message);
}

static const struct node *get(const struct node *map, const char *key)
{
	assert_int_equal(map->kind, NODE_MAP);
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->pairs[i].key->value, key) == 0)
			return map->pairs[i].value;
	fail_msg("no key '%s'", key);
	return NULL;
}

static void assert_place(const struct node *node, unsigned int line, unsigned int column)
{
	assert_string_equal(node->at.file, "f");
	assert_int_equal(node->at.line, line);
	assert_int_equal(node->at.column, column);
}

static void places_are_lines_and_columns_from_one(void **state)
{
	const struct node *root = parse("a: 1\nlist:\n  - x\n  - {k: v}\n");

	(void)state;
	assert_place(root, 1, 1);
	assert_place(get(root, "a"), 1, 4);
	assert_place(get(root, "list")->items[0], 3, 5);
	assert_place(get(get(root, "list")->items[1], "k"), 4, 9);
}

static void columns_count_characters_not_bytes(void **state)
{
	(void)state;
	assert_place(get(parse("\xc3\xa9\xe2\x82\xac: x\n"), "\xc3\xa9\xe2\x82\xac"), 1, 5);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
	const struct node *root = parse("\xef\xbb\xbf"
					"a: x\n");

	(void)state;
	assert_place(root, 1, 1);
	assert_place(get(root, "a"), 1, 4);
	refuse("\xef\xbb\xbf"
	       "a: \x01\n",
	       "f:1:4: a control character; remove it, or write it as an escape in double quotes");
}

static void windows_and_old_mac_line_ends_count_as_lines(void **state)
{
	(void)state;
	assert_place(get(parse("a: 1\r\nb: 2\r\n"), "b"), 2, 4);
	assert_place(get(parse("a: 1\rb: 2\r"), "b"), 2, 4);
	refuse("a: 1\r\nb: \x02\r\n",
	       "f:2:4: a control character; remove it, or write it as an escape in double quotes");
}

static void plain_scalars_have_the_types_of_yaml_1_2(void **state)
{
	static const struct {
		const char *text;
		enum node_kind kind;
	} cases[] = {
		{ "true", NODE_BOOL },       { "False", NODE_BOOL },     { "yes", NODE_STRING },
		{ "on", NODE_STRING },       { "tRue", NODE_STRING },    { "12", NODE_INT },
		{ "-12", NODE_INT },         { "+1", NODE_INT },         { "0x1F", NODE_INT },
		{ "0x", NODE_STRING },       { "1.5", NODE_STRING },     { "1e3", NODE_STRING },
		{ "~", NODE_NULL },          { "null", NODE_NULL },      { "", NODE_NULL },
		{ "-x", NODE_STRING },       { "'12'", NODE_STRING },    { "\"true\"", NODE_STRING },
		{ "!!str 12", NODE_STRING }, { "!!int '12'", NODE_INT }, { "! 12", NODE_STRING },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "a: %s", cases[i].text);
		assert_int_equal(get(parse(text), "a")->kind, cases[i].kind);
	}
}

static void the_text_of_a_number_is_kept_as_written(void **state)
{
	(void)state;
	assert_string_equal(get(parse("mode: 0600\n"), "mode")->value, "0600");
	assert_string_equal(get(parse("tag: 1.10\n"), "tag")->value, "1.10");
}

static void an_alias_is_the_node_of_its_anchor(void **state)
{
	const struct node *root = parse("a: &x {k: v}\nb: *x\n");

	(void)state;
	assert_ptr_equal(get(root, "a"), get(root, "b"));
}

static void an_anchor_can_be_set_again(void **state)
{
	const struct node *root = parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");

	(void)state;
	assert_string_equal(get(root, "b")->value, "1");
	assert_string_equal(get(root, "d")->value, "2");
}

static void an_anchor_set_again_inside_its_own_node_is_no_cycle(void **state)
{
	(void)state;
	assert_string_equal(get(get(parse("a: &x {b: &x 1, c: *x}\n"), "a"), "c")->value, "1");
}

static void merged_keys_come_behind_own_ones(void **state)
{
	const struct node *map = get(parse("base: &b {x: 1, y: 2}\nm:\n  <<: *b\n  y: 3\n  z: 4\n"), "m");

	(void)state;
	assert_int_equal(map->count, 3);
	assert_string_equal(map->pairs[0].key->value, "y");
	assert_string_equal(get(map, "y")->value, "3");
	assert_string_equal(get(map, "x")->value, "1");
	assert_string_equal(get(map, "z")->value, "4");
}

static void the_first_of_several_merged_mappings_wins(void **state)
{
	const struct node *map = get(parse("m:\n  <<: [{a: 1}, {a: 2, b: 2}]\n"), "m");

	(void)state;
	assert_string_equal(get(map, "a")->value, "1");
	assert_string_equal(get(map, "b")->value, "2");
	assert_int_equal(map->count, 2);
}

static void merges_follow_merges(void **state)
{
	const struct node *root = parse("a: &a {k: 1}\nb: &b {<<: *a, l: 2}\nc: {<<: *b, m: 3}\n");

	(void)state;
	assert_int_equal(get(root, "c")->count, 3);
	assert_string_equal(get(get(root, "c"), "k")->value, "1");
}

static void an_empty_merge_is_fine(void **state)
{
	(void)state;
	assert_int_equal(get(parse("m: {<<: {}}\n"), "m")->count, 0);
	assert_int_equal(get(parse("m: {<<: [], a: 1}\n"), "m")->count, 1);
}

static void the_first_duplicate_in_the_text_is_told(void **state)
{
	(void)state;
	refuse("b: 1\na: 1\nb: 2\na: 2\n", "f:3:1: duplicate key 'b', first on line 1; remove one of them");
	refuse("<<: {a: 1}\n<<: {b: 1}\n", "f:2:1: duplicate key '<<', first on line 1; remove one of them");
}

static void a_document_may_have_markers_and_a_directive(void **state)
{
	(void)state;
	assert_int_equal(parse("%YAML 1.1\n---\na: 1\n...\n")->count, 1);
	assert_int_equal(parse("--- # one\na: 1\n")->count, 1);
}

static void json_is_yaml(void **state)
{
	const struct node *root = parse("{\"a\":[1,\"x\\/y\",true,null],\t\"b\":{}}");

	(void)state;
	assert_int_equal(get(root, "a")->count, 4);
	assert_string_equal(get(root, "a")->items[1]->value, "x/y");
	assert_int_equal(get(root, "a")->items[3]->kind, NODE_NULL);
}

static void without_places_the_file_stands_alone(void **state)
{
	struct node *root;

	(void)state;
	assert_int_equal(node_parse("image", false, "{a: 1, a: 2}", 12, &arena, &root, &err), -1);
	assert_string_equal(err.message, "image: duplicate key 'a'; remove one of them");
	assert_int_equal(node_parse("image", false, "[", 1, &arena, &root, &err), -1);
	assert_string_equal(err.message, "image: not valid YAML: did not find expected node content; "
					 "check the indentation and the quotes before it");
}

/* Exactly so many bytes on the heap: a read behind them is seen by the sanitizer. */
static void text_needs_no_nul_at_its_end(void **state)
{
	static const char *const texts[] = { "a: b",         "a: \"b", "a: '", "a: |\n x",
					     "\xef\xbb\xbf", "# c",    "a: &", "\xe2\x82" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t n = strlen(texts[i]);
		char *copy = malloc(n);
		struct node *root;

		assert_non_null(copy);
		memcpy(copy, texts[i], n);
		(void)node_parse("f", true, copy, n, &arena, &root, &err);
		free(copy);
	}
}

static void nothing_is_not_a_document(void **state)
{
	struct node *root;

	(void)state;
	assert_int_equal(node_parse("f", true, NULL, 0, &arena, &root, &err), -1);
	assert_non_null(strstr(err.message, "f:1:1: the document is empty"));
}

/* What takes longer than a second takes far too long: these are inputs that quadratic code chokes on. */
static void assert_quick(const struct buffer *text)
{
	struct node *root;
	clock_t begin = clock();

	(void)node_parse("f", true, text->data, text->length, &arena, &root, &err);
	assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
}

static void hostile_text_is_refused_quickly(void **state)
{
	autobuffer struct buffer brackets = { 0 }, keys = { 0 }, dashes = { 0 }, aliases = { 0 },
				 question = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		buffer_add_string(&brackets, "[");
		buffer_add_string(&dashes, "- ");
		buffer_add_string(&question, "? ");
	}
	for (unsigned int i = 0; i < 60000; i++)
		buffer_printf(&keys, "k%u: &a%u x\n", i, i % 1000);
	buffer_add_string(&aliases, "a: &a [x]\nb: [");
	for (unsigned int i = 0; i < 90000; i++)
		buffer_add_string(&aliases, "*a,");
	buffer_add_string(&aliases, "]\n");
	assert_quick(&brackets);
	assert_quick(&keys);
	assert_quick(&dashes);
	assert_quick(&aliases);
	assert_quick(&question);
}

static void more_nodes_than_the_limit_are_refused(void **state)
{
	autobuffer struct buffer text = { 0 };
	struct node *root;

	(void)state;
	for (unsigned int i = 0; i <= MANIFEST_NODES_MAX; i++)
		buffer_add_string(&text, "- x\n");
	assert_int_equal(node_parse("f", true, text.data, text.length, &arena, &root, &err), -1);
	assert_string_equal(err.message, "f:100000:3: more than 100000 values once aliases are followed; "
					 "use fewer aliases or split the manifest");
}

static void a_merge_counts_what_it_brings(void **state)
{
	autobuffer struct buffer text = { 0 };
	struct node *root;

	(void)state;
	buffer_add_string(&text, "a: &a {");
	for (unsigned int i = 0; i < 900; i++)
		buffer_printf(&text, "k%u: x, ", i);
	buffer_add_string(&text, "}\nb:\n");
	for (unsigned int i = 0; i < 60; i++)
		buffer_add_string(&text, "  - {<<: *a}\n");
	assert_int_equal(node_parse("f", true, text.data, text.length, &arena, &root, &err), -1);
	assert_non_null(strstr(err.message, "more than 100000 values"));
}

static void utf8_is_checked_byte_by_byte(void **state)
{
	static const struct {
		const char *text;
		size_t bad; /* SIZE_MAX: it is good */
	} cases[] = {
		{ "a\xc3\xa9z", SIZE_MAX },
		{ "a\xf0\x9f\x98\x80z", SIZE_MAX },
		{ "a\xc2\x85z", SIZE_MAX },
		{ "ab\xc3", 2 },
		{ "ab\xc3z", 2 },
		{ "ab\x80", 2 },
		{ "ab\xc1\xbf", 2 },
		{ "ab\xe0\x9f\xbf", 2 },
		{ "ab\xed\xa0\x80", 2 },
		{ "ab\xf0\x8f\xbf\xbf", 2 },
		{ "ab\xf4\x90\x80\x80", 2 },
		{ "ab\xf5\x80\x80\x80", 2 },
		{ "ab\xff", 2 },
		{ "ab\xc2\x80", 2 },
		{ "ab\xef\xbf\xbe", 2 },
		{ "ab\x7f", 2 },
		{ "ab\xef\xbb\xbf", 2 },
		{ "\xff\xfe"
		  "a",
		  0 },
	};
	const char *problem;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text), at = utf8_check(cases[i].text, n, &problem);

		assert_int_equal(at, cases[i].bad == SIZE_MAX ? n : cases[i].bad);
		assert_int_equal(problem == NULL, cases[i].bad == SIZE_MAX);
	}
}

static void shown_text_stays_on_one_line_and_is_cut(void **state)
{
	char longest[200];

	(void)state;
	assert_string_equal(text_shown("a\n\t\x1b[0m\x7f", &arena), "a\\n\\t\\x1b[0m\\x7f");
	assert_string_equal(text_shown("\xc2\x9b"
				       "2J",
				       &arena),
			    "\\x9b2J");
	assert_string_equal(text_shown("caf\xc3\xa9", &arena), "caf\xc3\xa9");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(strlen(text_shown(longest, &arena)), 60 + 3);
	/* A character of two bytes that begins at the last place is kept whole. */
	memcpy(longest + 59, "\xc3\xa9", 2);
	assert_int_equal(strlen(text_shown(longest, &arena)), 61 + 3);
	/* Bytes that continue without end are no UTF-8, and are cut nevertheless. */
	memset(longest, 0x80, sizeof(longest) - 1);
	assert_true(strlen(text_shown(longest, &arena)) < 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(places_are_lines_and_columns_from_one, release),
		cmocka_unit_test_teardown(columns_count_characters_not_bytes, release),
		cmocka_unit_test_teardown(a_byte_order_mark_is_passed_over, release),
		cmocka_unit_test_teardown(windows_and_old_mac_line_ends_count_as_lines, release),
		cmocka_unit_test_teardown(plain_scalars_have_the_types_of_yaml_1_2, release),
		cmocka_unit_test_teardown(the_text_of_a_number_is_kept_as_written, release),
		cmocka_unit_test_teardown(an_alias_is_the_node_of_its_anchor, release),
		cmocka_unit_test_teardown(an_anchor_can_be_set_again, release),
		cmocka_unit_test_teardown(an_anchor_set_again_inside_its_own_node_is_no_cycle, release),
		cmocka_unit_test_teardown(merged_keys_come_behind_own_ones, release),
		cmocka_unit_test_teardown(the_first_of_several_merged_mappings_wins, release),
		cmocka_unit_test_teardown(merges_follow_merges, release),
		cmocka_unit_test_teardown(an_empty_merge_is_fine, release),
		cmocka_unit_test_teardown(the_first_duplicate_in_the_text_is_told, release),
		cmocka_unit_test_teardown(a_document_may_have_markers_and_a_directive, release),
		cmocka_unit_test_teardown(json_is_yaml, release),
		cmocka_unit_test_teardown(without_places_the_file_stands_alone, release),
		cmocka_unit_test_teardown(text_needs_no_nul_at_its_end, release),
		cmocka_unit_test_teardown(nothing_is_not_a_document, release),
		cmocka_unit_test_teardown(hostile_text_is_refused_quickly, release),
		cmocka_unit_test_teardown(more_nodes_than_the_limit_are_refused, release),
		cmocka_unit_test_teardown(a_merge_counts_what_it_brings, release),
		cmocka_unit_test_teardown(utf8_is_checked_byte_by_byte, release),
		cmocka_unit_test_teardown(shown_text_stays_on_one_line_and_is_cut, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
