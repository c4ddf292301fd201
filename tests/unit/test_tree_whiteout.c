/* SPDX-License-Identifier: Apache-2.0 */
/* Whiteouts: image-spec layer.md, "Whiteouts" and "Opaque Whiteout". */
#include "tests/unit/tar_maker.h"

#include <time.h>

/* A lower layer with a little of everything. */
static struct tree *lower(void)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	tar_add(&tar, .name = "a", .data = "lower");
	tar_add(&tar, .type = '5', .name = "d/", .mode = 0700, .uid = 7);
	tar_add(&tar, .name = "d/1", .data = "lower");
	tar_add(&tar, .name = "d/2", .data = "lower");
	tar_add(&tar, .name = "d/e/3", .data = "lower");
	tar_add(&tar, .type = '2', .name = "l", .link = "d");
	tar_apply(tree, &tar);
	return tree;
}

static void a_whiteout_hides_what_is_below(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = ".wh.a");
	tar_add(&tar, .name = "d/.wh.2");
	tar_add(&tar, .name = "d/.wh.not-there");
	tar_apply(tree, &tar);
	assert_paths(tree, "d d/1 d/e d/e/3 l");
	tar_add(&tar, .type = '5', .name = ".wh.d/"); /* of whatever type */
	tar_apply(tree, &tar);
	assert_paths(tree, "l");
	tree_close(tree);
}

static void a_whiteout_of_a_symlink_hides_the_symlink(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "l/.wh.1"); /* on the way, it is followed */
	tar_add(&tar, .name = ".wh.l");
	tar_apply(tree, &tar);
	assert_paths(tree, "a d d/2 d/e d/e/3");
	tree_close(tree);
}

static void a_whiteout_never_hides_its_own_layer(void **state)
{
	(void)state;
	for (int whiteout_first = 0; whiteout_first < 2; whiteout_first++) {
		struct tree *tree = lower();
		struct buffer tar = { 0 };

		if (whiteout_first)
			tar_add(&tar, .name = ".wh.a");
		tar_add(&tar, .name = "a", .data = "upper");
		if (!whiteout_first)
			tar_add(&tar, .name = ".wh.a");
		tar_apply(tree, &tar);
		assert_contents(tree, "a", "upper");
		/* The next layer's does. */
		tar_add(&tar, .name = ".wh.a");
		tar_apply(tree, &tar);
		assert_null(tree_find(tree, "a"));
		tree_close(tree);
	}
}

/* The order of entries inside a layer has no meaning: each gives the same tree. */
static void a_directory_replaced_in_any_order(void **state)
{
	enum { WHITEOUT, OPAQUE, DIRECTORY, FILE_IN_IT, STEPS };
	static const int orders[][3] = {
		{ WHITEOUT, DIRECTORY, FILE_IN_IT }, { DIRECTORY, FILE_IN_IT, WHITEOUT },
		{ DIRECTORY, WHITEOUT, FILE_IN_IT }, { FILE_IN_IT, WHITEOUT, DIRECTORY },
		{ OPAQUE, DIRECTORY, FILE_IN_IT },   { DIRECTORY, OPAQUE, FILE_IN_IT },
		{ DIRECTORY, FILE_IN_IT, OPAQUE },   { FILE_IN_IT, DIRECTORY, OPAQUE },
		{ FILE_IN_IT, OPAQUE, DIRECTORY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct tree *tree = lower();
		struct buffer tar = { 0 };

		for (size_t k = 0; k < 3; k++) {
			if (orders[i][k] == WHITEOUT)
				tar_add(&tar, .name = ".wh.d");
			if (orders[i][k] == OPAQUE)
				tar_add(&tar, .name = "d/.wh..wh..opq");
			if (orders[i][k] == DIRECTORY)
				tar_add(&tar, .type = '5', .name = "d/", .mode = 0750, .uid = 3);
			if (orders[i][k] == FILE_IN_IT)
				tar_add(&tar, .name = "d/e/new", .data = "upper");
		}
		tar_apply(tree, &tar);
		assert_paths(tree, "a d d/e d/e/new l");
		assert_int_equal(tree_find(tree, "d")->inode->mode, S_IFDIR | 0750);
		assert_int_equal(tree_find(tree, "d")->inode->uid, 3);
		assert_int_equal(tree_find(tree, "d/e")->inode->mode, S_IFDIR | 0755);
		tree_close(tree);
	}
}

static void a_hidden_directory_that_comes_back_unnamed_is_a_plain_one(void **state)
{
	(void)state;
	for (int whiteout_first = 0; whiteout_first < 2; whiteout_first++) {
		struct tree *tree = lower();
		struct buffer tar = { 0 };
		struct error err = { 0 };

		assert_int_equal(tree_set_xattr(tree, tree_find(tree, "d"), "user.x", "1", 1, &err), 0);
		if (whiteout_first)
			tar_add(&tar, .name = ".wh.d");
		tar_add(&tar, .name = "d/new", .data = "upper");
		if (!whiteout_first)
			tar_add(&tar, .name = ".wh.d");
		tar_apply(tree, &tar);
		assert_paths(tree, "a d d/new l");
		assert_int_equal(tree_find(tree, "d")->inode->mode, S_IFDIR | 0755);
		assert_int_equal(tree_find(tree, "d")->inode->uid, 0);
		assert_int_equal(tree_find(tree, "d")->inode->xattrs_count, 0);
		tree_close(tree);
	}
}

static void an_opaque_directory_keeps_its_attributes(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "d/1", .data = "upper");
	tar_add(&tar, .name = "d/.wh..wh..opq");
	tar_apply(tree, &tar);
	assert_paths(tree, "a d d/1 l");
	assert_contents(tree, "d/1", "upper");
	assert_int_equal(tree_find(tree, "d")->inode->mode, S_IFDIR | 0700);
	assert_int_equal(tree_find(tree, "d")->inode->uid, 7);
	tree_close(tree);
}

static void an_opaque_root_hides_all_that_is_below(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "d/e/new", .data = "upper");
	tar_add(&tar, .name = ".wh..wh..opq");
	tar_add(&tar, .name = "z", .data = "upper");
	tar_add(&tar, .name = ".wh..wh..opq");
	tar_apply(tree, &tar);
	assert_paths(tree, "d d/e d/e/new z");
	tree_close(tree);
}

static void a_replaced_name_may_be_hidden_and_come_again(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "d/.wh.1");
	tar_add(&tar, .name = "d/0", .data = "0"); /* out of order beside one that is gone */
	tar_add(&tar, .name = "d/1", .data = "again");
	tar_add(&tar, .name = "d/.wh.1");
	tar_add(&tar, .name = "d/.wh.2");
	tar_add(&tar, .type = '5', .name = "d/2/");
	tar_add(&tar, .name = "d/2/x", .data = "x");
	tar_add(&tar, .type = '2', .name = "d/2", .link = "x");
	tar_apply(tree, &tar);
	assert_paths(tree, "a d d/0 d/1 d/2 d/e d/e/3 l");
	assert_contents(tree, "d/1", "again");
	tree_close(tree);
}

static void a_hard_link_outlives_the_name_it_was_made_from(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .type = '1', .name = "b", .link = "a");
	tar_add(&tar, .name = ".wh.a");
	tar_apply(tree, &tar);
	assert_contents(tree, "b", "lower");
	assert_int_equal(tree_find(tree, "b")->inode->links, 1);
	tar_add(&tar, .name = ".wh.b");
	tar_add(&tar, .type = '1', .name = "c", .link = "b");
	tar_refused(tree, &tar, "the hard link's target 'b' is not there");
	tree_close(tree);
}

static void what_aufs_left_is_skipped(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .type = '5', .name = ".wh..wh.plnk/");
	tar_add(&tar, .name = ".wh..wh.plnk/17.4711", .data = "linked");
	tar_add(&tar, .type = '2', .name = ".wh..wh.plnk/x", .link = "/d");
	tar_add(&tar, .name = ".wh..wh.plnk/x/y", .data = "not in d");
	tar_add(&tar, .name = ".wh..wh.aufs");
	tar_add(&tar, .type = '5', .name = ".wh..wh.orph/");
	tar_add(&tar, .name = "d/.wh..wh.whatever");
	tar_add(&tar, .type = '1', .name = "m", .link = ".wh..wh.plnk/17.4711");
	tar_add(&tar, .type = '1', .name = "n", .link = ".wh..wh.plnk/17.4711");
	tar_apply(tree, &tar);
	assert_paths(tree, "a d d/1 d/2 d/e d/e/3 l m n");
	assert_contents(tree, "m", "linked");
	assert_int_equal(tree_find(tree, "n")->inode->links, 2);
	tree_close(tree);
}

static void whiteouts_of_nothing_are_refused(void **state)
{
	static const char *const names[] = { ".wh.",     "d/.wh.",    ".wh..",   "d/.wh..",      ".wh...",
					     "d/.wh...", "d/.wh.x/y", ".wh.x/y", "d/.wh.x/.wh.y" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct tree *tree = lower();
		struct buffer tar = { 0 };

		tar_add(&tar, .name = names[i]);
		tar_refused(tree, &tar, "'.wh.'");
		assert_paths(tree, "a d d/1 d/2 d/e d/e/3 l");
		tree_close(tree);
	}
}

static void slashes_play_no_tricks(void **state)
{
	struct tree *tree = lower();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = ".//d///.wh.1//");
	tar_add(&tar, .name = "/d/./.wh.2/.");
	tar_add(&tar, .name = "d/x/../.wh.e");
	tar_apply(tree, &tar);
	assert_paths(tree, "a d l");
	tar_add(&tar, .name = "a/.wh.x");
	tar_refused(tree, &tar, "not a directory");
	tar_add(&tar, .name = "d/../../.wh.a");
	tar_refused(tree, &tar, "outside the root");
	tree_close(tree);
}

/* Each whiteout of a directory goes over it once, however often it comes. */
static void many_whiteouts_of_a_large_directory(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	const unsigned int count = 100000;
	clock_t before;
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "d/e/%u", i);
		tar_add(&tar, .name = name);
	}
	for (unsigned int i = 0; i < count; i++)
		tar_add(&tar, .name = i % 2 ? ".wh.d" : "d/.wh..wh..opq");
	before = clock();
	tar_apply(tree, &tar);
	/* Once for each would be ten thousand million steps. */
	assert_true((clock() - before) / CLOCKS_PER_SEC < 6);
	assert_int_equal(tree_find(tree, "d/e")->children_count, count);
	tree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whiteout_hides_what_is_below),
		cmocka_unit_test(a_whiteout_of_a_symlink_hides_the_symlink),
		cmocka_unit_test(a_whiteout_never_hides_its_own_layer),
		cmocka_unit_test(a_directory_replaced_in_any_order),
		cmocka_unit_test(a_hidden_directory_that_comes_back_unnamed_is_a_plain_one),
		cmocka_unit_test(an_opaque_directory_keeps_its_attributes),
		cmocka_unit_test(an_opaque_root_hides_all_that_is_below),
		cmocka_unit_test(a_replaced_name_may_be_hidden_and_come_again),
		cmocka_unit_test(a_hard_link_outlives_the_name_it_was_made_from),
		cmocka_unit_test(what_aufs_left_is_skipped),
		cmocka_unit_test(whiteouts_of_nothing_are_refused),
		cmocka_unit_test(slashes_play_no_tricks),
		cmocka_unit_test(many_whiteouts_of_a_large_directory),
	};

	return cmocka_run_group_tests_name("tree: whiteouts", tests, NULL, NULL);
}
