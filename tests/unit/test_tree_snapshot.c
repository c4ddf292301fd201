/* SPDX-License-Identifier: Apache-2.0 */
/* Trees kept and taken up again: the same in everything, and never a damaged one. */
#include "tools/mkimage/tree/snapshot.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/unit/image_sample.h"
#include "tools/mkimage/tree/layer.h"

#define ORIGIN 7

static char cache[] = "/tmp/slipway-snapshots.XXXXXX";
static const char *stamp = "as it was";

static int collect(void *context, const void *data, size_t length, struct error *err)
{
	(void)err;
	buffer_add(context, data, length);
	return 0;
}

/* All that a layer says of a tree: names, attributes, xattrs, links and contents. */
static void layer_of(struct tree *tree, struct buffer *out)
{
	struct error err;

	(void)tree_remove(tree, "run/socket"); /* which no layer can say */
	assert_ok(layer_write_tree(tree, collect, out, &err));
}

static struct tree *kept(const char *key, struct buffer *layer)
{
	struct tree *sample = sample_tree(), *tree;
	struct snapshot *snapshot;
	struct error err;

	assert_ok(tree_open(NULL, &tree, &err));
	tree_set_origin(tree, ORIGIN);
	snapshot = snapshot_begin(tree, &(struct snapshot_name){ cache, key, stamp });
	assert_non_null(snapshot);
	assert_ok(tree_graft(tree, "", sample, &err));
	assert_ok(tree_add_file(tree, "overwritten", "abc", 3, &(struct tree_attributes){ 0 }, NULL, &err));
	assert_ok(tree_add_file(tree, "overwritten", "defg", 4, &(struct tree_attributes){ 0 }, NULL, &err));
	tree_find(tree, "overwritten")->origin = ORIGIN + 2;
	snapshot_end(snapshot, true);
	tree_close(sample);
	/* What comes after is not in it, and does not disturb it. */
	assert_ok(tree_add_file(tree, "later", "hij", 3, &(struct tree_attributes){ 0 }, NULL, &err));
	assert_true(tree_remove(tree, "later"));
	if (layer)
		layer_of(tree, layer);
	return tree;
}

static struct tree *taken_up(const char *key, uint16_t origin)
{
	struct tree *tree;
	struct error err;

	assert_ok(tree_open(NULL, &tree, &err));
	tree_set_origin(tree, origin);
	if (snapshot_load(tree, &(struct snapshot_name){ cache, key, stamp }))
		return tree;
	assert_int_equal(tree_inodes(tree), 1); /* nothing but the root */
	tree_close(tree);
	return NULL;
}

static void all_is_the_same(void **state)
{
	struct buffer before = { 0 }, after = { 0 };
	struct tree *tree;

	(void)state;
	tree_close(kept("same", &before));
	tree = taken_up("same", 100);
	assert_non_null(tree);
	assert_true(S_ISSOCK(tree_find(tree, "run/socket")->inode->mode));
	assert_int_equal(tree_find(tree, "overwritten")->origin, 102);
	assert_int_equal(tree_find(tree, "bin/sh")->inode->links, 3);
	layer_of(tree, &after);
	assert_int_equal(before.length, after.length);
	assert_memory_equal(before.data, after.data, before.length);
	tree_close(tree);
	buffer_release(&before);
	buffer_release(&after);
}

static void other_keys_are_others(void **state)
{
	struct tree *tree;

	(void)state;
	tree_close(kept("a", NULL));
	assert_null(taken_up("b", ORIGIN));
	assert_null(taken_up("a", 0)); /* without origins it is another */
	tree = taken_up("a", ORIGIN);
	assert_non_null(tree);
	assert_false(snapshot_load(tree, &(struct snapshot_name){ NULL, "a", stamp }));
	tree_close(tree);
}

static void one_of_something_written_to_since_is_made_anew(void **state)
{
	struct tree *tree;

	(void)state;
	tree_close(kept("stamped", NULL));
	stamp = "as it is now";
	assert_null(taken_up("stamped", ORIGIN));
	tree_close(kept("stamped", NULL));
	tree = taken_up("stamped", ORIGIN);
	assert_non_null(tree);
	tree_close(tree);
	stamp = "as it was";
	assert_null(taken_up("stamped", ORIGIN));
}

static void a_failed_one_is_not_kept(void **state)
{
	struct tree *tree;
	struct error err;
	char *text;

	(void)state;
	assert_ok(tree_open(NULL, &tree, &err));
	{
		struct snapshot *snapshot = snapshot_begin(tree, &(struct snapshot_name){ cache, "failed", stamp });

		assert_ok(tree_add_file(tree, "f", "abc", 3, &(struct tree_attributes){ 0 }, NULL, &err));
		snapshot_end(snapshot, false);
	}
	/* The tree is as good as without. */
	assert_ok(tree_read_whole(tree, tree_find(tree, "f")->inode, 10, tree_arena(tree), &text, NULL, &err));
	assert_string_equal(text, "abc");
	tree_close(tree);
	assert_null(taken_up("failed", 0));
	snapshot_end(NULL, true);
}

/* Two trees on one spool: a content that both have is there once, and in both snapshots. */
static void contents_are_shared(void **state)
{
	const struct tree_attributes plain = { 0 };
	struct tree *one, *two;
	struct snapshot *snapshot;
	struct error err;

	(void)state;
	assert_ok(tree_open(NULL, &one, &err));
	snapshot = snapshot_begin(one, &(struct snapshot_name){ cache, "one", stamp });
	assert_ok(tree_add_file(one, "f", "shared", 6, &plain, NULL, &err));
	snapshot_end(snapshot, true);
	assert_ok(tree_open_shared(one, &two, &err));
	snapshot = snapshot_begin(two, &(struct snapshot_name){ cache, "two", stamp });
	assert_ok(tree_add_file(two, "own", "not shared", 10, &plain, NULL, &err));
	assert_ok(tree_add_file(two, "g", "shared", 6, &plain, NULL, &err));
	snapshot_end(snapshot, true);
	assert_int_equal(tree_find(one, "f")->inode->spool_offset, tree_find(two, "g")->inode->spool_offset);
	tree_close(one);
	tree_close(two);

	two = taken_up("two", 0);
	assert_non_null(two);
	assert_ok(tree_open_shared(two, &one, &err));
	assert_true(snapshot_load(one, &(struct snapshot_name){ cache, "one", stamp }));
	assert_int_equal(tree_find(one, "f")->inode->spool_offset, tree_find(two, "g")->inode->spool_offset);
	tree_close(two);
	{
		char text[8] = "";

		assert_int_equal(tree_read(one, tree_find(one, "f")->inode, 0, text, 6, &err), 6);
		assert_string_equal(text, "shared");
	}
	tree_close(one);
}

/* --- damage ------------------------------------------------------------------------------------ */

/* The only file there. */
static const char *the_file(void)
{
	static char path[512];
	char directory[128];
	unsigned int files = 0;
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(directory, sizeof(directory), "%s/trees", cache);
	dir = opendir(directory);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		files++;
		(void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
	}
	closedir(dir);
	return files == 1 ? path : NULL;
}

static void flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	char c;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

/* Bytes all over it, and each near its ends: never another tree. */
static void damage_is_found(void **state)
{
	struct buffer before = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(file_remove_tree(AT_FDCWD, cache, NULL), 0);
	tree_close(kept("damaged", &before));
	assert_int_equal(stat(the_file(), &st), 0);
	for (off_t at = 0; at < st.st_size; at += at > st.st_size - 2000 ? 97 : st.st_size / 20) {
		struct buffer after = { 0 };
		struct error err = { 0 };
		struct tree *tree;

		flip(the_file(), at);
		tree = taken_up("damaged", ORIGIN);
		if (tree) {
			(void)tree_remove(tree, "run/socket");
			/* A content that nothing refers to any more has not been looked at. */
			if (layer_write_tree(tree, collect, &after, &err) == 0) {
				assert_int_equal(after.length, before.length);
				assert_memory_equal(after.data, before.data, before.length);
				flip(the_file(), at);
			} else {
				assert_non_null(strstr(err.message, "was damaged and is removed; run the command again"));
			}
		}
		tree_close(tree);
		buffer_release(&after);
		if (!the_file())
			tree_close(kept("damaged", NULL));
	}
	buffer_release(&before);
}

static void one_cut_short_is_removed(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(the_file(), &st), 0);
	for (off_t length = 0; length < st.st_size; length += st.st_size / 5) {
		assert_int_equal(truncate(the_file(), length), 0);
		assert_null(taken_up("damaged", ORIGIN));
		assert_null(the_file());
		tree_close(kept("damaged", NULL));
	}
}

static void the_oldest_goes_first(void **state)
{
	char old[128];
	struct stat st;
	int fd;

	(void)state;
	(void)snprintf(old, sizeof(old), "%s/trees/old", cache);
	fd = open(old, O_WRONLY | O_CREAT, 0644);
	assert_int_equal(ftruncate(fd, (off_t)SNAPSHOTS_BYTES_MAX), 0);
	assert_int_equal(futimens(fd, (const struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }), 0);
	close(fd);
	tree_close(kept("new", NULL));
	assert_int_equal(stat(old, &st), -1);
	{
		struct tree *tree = taken_up("new", ORIGIN), *other = taken_up("damaged", ORIGIN);

		assert_non_null(tree);
		assert_non_null(other);
		tree_close(tree);
		tree_close(other);
	}
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(cache) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return file_remove_tree(AT_FDCWD, cache, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_the_same),
		cmocka_unit_test(other_keys_are_others),
		cmocka_unit_test(one_of_something_written_to_since_is_made_anew),
		cmocka_unit_test(a_failed_one_is_not_kept),
		cmocka_unit_test(contents_are_shared),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(one_cut_short_is_removed),
		cmocka_unit_test(the_oldest_goes_first),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
