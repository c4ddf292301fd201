/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything in an image came from, as the image tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tools/mkimage/provenance/provenance.h"

static const struct tree_attributes plain = { .mode = 0644 };

static void put(struct tree *tree, uint16_t origin, const char *path)
{
	struct error err;

	tree_set_origin(tree, origin);
	assert_int_equal(tree_add_file(tree, path, path, strlen(path), &plain, NULL, &err), 0);
}

/* The root and a, a/1: the build's own; a/2, b/3: of layer 1; b and c: of layer 2. */
static struct tree *sample(void)
{
	struct error err;
	struct tree *tree;

	assert_int_equal(tree_open(NULL, &tree, &err), 0);
	put(tree, 0, "a/1");
	put(tree, 2, "b/gone");
	put(tree, 2, "c");
	put(tree, 1, "a/2");
	put(tree, 1, "b/3");
	tree_remove(tree, "b/gone");
	return tree;
}

static void origins_are_runs_in_the_order_of_the_tree(void **state)
{
	struct arena arena = { 0 };
	struct tree *tree = sample();

	(void)state;
	assert_string_equal(provenance_origins(tree, &arena), "3x0 1x1 1x2 1x1 1x2");
	tree_close(tree);
	arena_release(&arena);
}

static void a_graft_keeps_them_whatever_the_target_says(void **state)
{
	struct arena arena = { 0 };
	struct tree *from = sample(), *to;
	struct error err;

	(void)state;
	assert_int_equal(tree_open_shared(from, &to, &err), 0);
	tree_set_origin(to, 9);
	assert_int_equal(tree_graft(to, "x/y", from, &err), 0);
	assert_int_equal(tree_copy(to, "z", from, "b", &err), 0);
	/* The root; x and y, made for it; then as above. Of a copied directory the top is the target's. */
	assert_string_equal(provenance_origins(to, &arena), "1x0 2x9 2x0 1x1 1x2 1x1 1x2 1x9 1x1");
	tree_close(to);
	tree_close(from);
	arena_release(&arena);
}

static void what_was_written_is_read_and_put_back(void **state)
{
	struct provenance_layer layers[] = { { .media_type = MEDIA_TYPE_LAYER, .size = 10 }, { .size = 20 } };
	struct provenance_image images[] = {
		{ .reference = "a", .name = "docker.io/library/a:latest", .layers = layers, .layers_count = 1 },
		{ .reference = "b", .name = "docker.io/library/b:latest", .layers = layers, .layers_count = 2 },
	};
	struct provenance_use uses[] = { { "/containers/services/x/rootfs", "b" } };
	struct provenance written = {
		.slipway = "1", .images = images, .images_count = 2, .uses = uses, .uses_count = 1,
	}, read;
	const struct provenance_image *image;
	const struct provenance_layer *layer;
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };
	struct tree *tree = sample();
	struct tree_node *node = tree_find(tree, "b/3");
	struct error err;

	(void)state;
	memset(layers[0].digest.text, 0, sizeof(layers[0].digest.text));
	assert_int_equal(digest_parse("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", &layers[0].digest, &err), 0);
	layers[0].diff_id = layers[1].digest = layers[1].diff_id = images[0].digest = images[1].digest = layers[0].digest;
	written.origins = provenance_origins(tree, &arena);
	assert_int_equal(provenance_write(&written, &text, &err), 0);
	assert_int_equal(provenance_parse(text.data, text.length, &arena, &read, &err), 0);
	node->origin = 7;
	assert_int_equal(provenance_apply_origins(&read, tree, &err), 0);
	assert_int_equal(node->origin, 1);
	assert_string_equal(provenance_used_at(&read, "/containers/services/x/rootfs")->name, "docker.io/library/b:latest");
	assert_null(provenance_used_at(&read, "/containers/services/y/rootfs"));
	assert_false(provenance_layer_of(&read, 0, &image, &layer));
	assert_true(provenance_layer_of(&read, 1, &image, &layer));
	assert_string_equal(image->reference, "a");
	assert_true(provenance_layer_of(&read, 3, &image, &layer));
	assert_ptr_equal(layer, &read.images[1].layers[1]);
	assert_false(provenance_layer_of(&read, 4, &image, &layer));
	tree_close(tree);
	arena_release(&arena);
}

static void runs_of_another_tree_are_refused(void **state)
{
	static const struct {
		const char *origins, *why;
	} rows[] = {
		{ "6x0", "more files than it tells of" },
		{ "", "more files than it tells of" },
		{ "8x0", "more files than there are" },
		{ "7x0 1x1", "more files than there are" },
		{ "7", "expected runs" },
		{ "7x", "expected runs" },
		{ "-7x0", "expected runs" },
		{ "0x0 7x0", "expected runs" },
		{ "7x65536", "expected runs" },
		{ "99999999999999999999x0", "expected runs" },
		{ "7x0,", "expected runs" },
	};
	struct tree *tree = sample();
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct provenance p = { .origins = rows[i].origins };

		assert_int_equal(provenance_apply_origins(&p, tree, &err), -1);
		assert_non_null(strstr(err.message, rows[i].why));
	}
	tree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_are_runs_in_the_order_of_the_tree),
		cmocka_unit_test(a_graft_keeps_them_whatever_the_target_says),
		cmocka_unit_test(what_was_written_is_read_and_put_back),
		cmocka_unit_test(runs_of_another_tree_are_refused),
	};

	return cmocka_run_group_tests_name("provenance_origins", tests, NULL, NULL);
}
