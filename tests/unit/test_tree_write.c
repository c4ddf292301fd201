/* SPDX-License-Identifier: Apache-2.0 */
/* A tree written as a layer, and images applied from a store. */
#include "tests/unit/tar_maker.h"

#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <unistd.h>

#include "tools/mkimage/source/hash.h"

static const struct tree_attributes plain = { .mode = 0644, .uid = 1, .gid = 2, .mtime = 3 };

static int sink(void *context, const void *data, size_t length, struct error *err)
{
	(void)err;
	buffer_add(context, data, length);
	return 0;
}

static void write_tree(struct tree *tree, struct buffer *out)
{
	struct error err = { 0 };

	if (layer_write_tree(tree, sink, out, &err) < 0)
		fail_msg("%s", err.message);
}

static void file(struct tree *tree, const char *path, const char *data)
{
	struct error err = { 0 };

	assert_int_equal(tree_add_file(tree, path, data, strlen(data), &plain, NULL, &err), 0);
}

/* Everything that a node says, in one line. */
static int describe(struct tree_node *node, const char *path, void *context, struct error *err)
{
	const struct tree_inode *i = node->inode;

	(void)err;
	buffer_printf(context, "%s %o %u:%u %lld %u %llu %llu %u:%u %s", path, i->mode, i->uid, i->gid,
		      (long long)i->mtime, i->links, (unsigned long long)i->size,
		      (unsigned long long)i->spool_offset, i->rdev_major, i->rdev_minor,
		      i->target ? i->target : "");
	for (size_t k = 0; k < i->xattrs_count; k++) {
		buffer_printf(context, " %s=", i->xattrs[k].name);
		buffer_add(context, i->xattrs[k].value, i->xattrs[k].length);
	}
	buffer_add_string(context, "\n");
	assert_null(i->user);
	return 0;
}

static void assert_same(struct tree *a, struct tree *b)
{
	autobuffer struct buffer x = { 0 }, y = { 0 };

	assert_int_equal(tree_walk(a, describe, &x, NULL), 0);
	assert_int_equal(tree_walk(b, describe, &y, NULL), 0);
	assert_int_equal(x.length, y.length);
	assert_memory_equal(x.data, y.data, x.length);
}

static struct tree *everything(void)
{
	struct tree_attributes odd = {
		.mode = 07777, .uid = 3000000000u, .gid = 4294967294u, .mtime = UINT32_MAX
	};
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;
	char name[256];

	assert_int_equal(tree_add_directory(tree, "", &odd, &node, &err), 0);
	assert_int_equal(tree_set_xattr(tree, node, "user.root", "\0\n=", 3, &err), 0);
	file(tree, "z/first", "linked");
	assert_int_equal(tree_add_link(tree, "a/second", "z/first", NULL, &err), 0);
	assert_int_equal(tree_add_special(tree, "dev/c", S_IFCHR, 4095, 1048575, &plain, NULL, &err), 0);
	assert_int_equal(tree_add_special(tree, "dev/b", S_IFBLK, 8, 1, &odd, NULL, &err), 0);
	assert_int_equal(tree_add_link(tree, "dev/b2", "dev/b", NULL, &err), 0);
	assert_int_equal(tree_add_special(tree, "p", S_IFIFO, 0, 0, &plain, NULL, &err), 0);
	memset(name, 'n', 255);
	name[255] = '\0';
	assert_int_equal(tree_add_symlink(tree, "l", name, &plain, NULL, &err), 0);
	assert_int_equal(tree_add_link(tree, "l2", "l", NULL, &err), 0);
	file(tree, name, "");
	for (int i = 0; i < 12; i++) {
		memmove(name + 2, name, 200);
		memcpy(name, "d/", 2);
		name[200] = '\0';
		file(tree, name, "deep");
	}
	file(tree, "caf\xe9", "latin 1");
	file(tree, "caf\xc3\xa9", "composed");
	file(tree, "cafe\xcc\x81", "decomposed");
	file(tree, "x\ny", "newline");
	assert_int_equal(tree_add_symlink(tree, "s", "\xff/\xc3\xa9", &plain, NULL, &err), 0);
	assert_int_equal(tree_set_xattr(tree, tree_find(tree, "z/first"), "security.capability",
					"\1\0\0\2\0\4", 20 - 14, &err),
			 0);
	return tree;
}

static void what_is_written_is_read_again(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8" };
	struct tree *tree = everything(), *again = tree_fresh();
	struct buffer first = { 0 };
	struct error err = { 0 };

	(void)state;
	write_tree(tree, &first);
	assert_non_null(memmem(first.data, first.length, "SCHILY.xattr.", 13));
	assert_null(memmem(first.data, first.length, "LIBARCHIVE", 10));
	assert_int_equal(tar_apply_bytes(again, first.data, first.length, &err), 0);
	/* Contents are numbered in the order that they came: compare a tree that was read with one read from that. */
	for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
		autobuffer struct buffer second = { 0 };
		struct tree *third = tree_fresh();

		assert_non_null(setlocale(LC_ALL, locales[i]));
		write_tree(again, &second);
		assert_int_equal(first.length, second.length);
		assert_memory_equal(first.data, second.data, first.length);
		assert_int_equal(tar_apply_bytes(third, second.data, second.length, &err), 0);
		assert_same(again, third);
		tree_close(third);
		setlocale(LC_ALL, "C");
	}
	assert_contents(again, "caf\xe9", "latin 1");
	assert_contents(again, "cafe\xcc\x81", "decomposed");
	assert_string_equal(tree_find(again, "s")->inode->target, "\xff/\xc3\xa9");
	assert_int_equal(tree_find(again, "dev/b")->inode->uid, 3000000000u);
	assert_int_equal(tree_root(again)->inode->mtime, UINT32_MAX);
	assert_int_equal(tree_root(again)->inode->xattrs_count, 1);
	assert_int_equal(tree_find(again, "z/first")->inode->xattrs_count, 1);
	buffer_release(&first);
	tree_close(tree);
	tree_close(again);
}

/* The bytes are a promise: images are named by their digest. */
static void plain_entries_are_plain_ustar_in_order(void **state)
{
	static const struct {
		const char *name, *link;
		char type;
	} expected[] = {
		{ "./", "", '5' },    { "a", "", '0' },       { "d/", "", '5' },
		{ "d/dev", "", '3' }, { "d/l", "../a", '2' }, { "e", "a", '1' },
	};
	struct tree *tree = tree_fresh();
	struct buffer out = { 0 };
	struct error err = { 0 };
	size_t at = 0;

	(void)state;
	file(tree, "a", "contents");
	assert_int_equal(tree_add_link(tree, "e", "a", NULL, &err), 0);
	assert_int_equal(tree_add_symlink(tree, "d/l", "../a", &plain, NULL, &err), 0);
	assert_int_equal(tree_add_special(tree, "d/dev", S_IFCHR, 5, 1, &plain, NULL, &err), 0);
	write_tree(tree, &out);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct tar_header *h = (const void *)(out.data + at);

		assert_string_equal(h->name, expected[i].name);
		assert_string_equal(h->linkname, expected[i].link);
		assert_int_equal(h->type, expected[i].type);
		assert_string_equal(h->uname, "");
		assert_string_equal(h->gname, "");
		assert_memory_equal(h->magic, "ustar\00000", 8);
		at += sizeof(*h) + (i == 1 ? 512 : 0);
	}
	/* The end: two blocks of zeros and no more. */
	assert_int_equal(out.length, at + 1024);
	buffer_release(&out);
	tree_close(tree);
}

static void an_empty_tree_is_a_root(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer out = { 0 };

	(void)state;
	write_tree(tree, &out);
	assert_int_equal(out.length, 512 + 1024);
	buffer_release(&out);
	tree_close(tree);
}

static void what_a_layer_cannot_say_is_refused(void **state)
{
	static const char *const names[] = { "user.%", "user.=", "user.\xc3\xa9", "user. ", "user.\x7f" };
	struct tree *tree = tree_fresh();
	struct buffer out = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(tree_add_special(tree, "run/s", S_IFSOCK, 0, 0, &plain, NULL, &err), 0);
	assert_int_equal(layer_write_tree(tree, sink, &out, &err), -1);
	assert_non_null(strstr(err.message, "run/s"));
	assert_true(tree_remove(tree, "run"));
	file(tree, "d/.wh.x", "");
	assert_int_equal(layer_write_tree(tree, sink, &out, &err), -1);
	assert_non_null(strstr(err.message, "d/.wh.x"));
	assert_true(tree_remove(tree, "d"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		file(tree, "f", "");
		assert_int_equal(tree_set_xattr(tree, tree_find(tree, "f"), names[i], "x", 1, &err), 0);
		assert_int_equal(layer_write_tree(tree, sink, &out, &err), -1);
		assert_non_null(strstr(err.message, "user."));
	}
	buffer_release(&out);
	tree_close(tree);
}

static int full_sink(void *context, const void *data, size_t length, struct error *err)
{
	size_t *room = context;

	(void)data;
	if (length > *room)
		return error_set(err, "no room left");
	*room -= length;
	return 0;
}

static void an_error_of_the_sink_is_the_error(void **state)
{
	struct tree *tree = everything();
	static const size_t rooms[] = { 0, 512, 10240, 12000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		struct error err = { 0 };
		size_t room = rooms[i];

		assert_int_equal(layer_write_tree(tree, full_sink, &room, &err), -1);
		assert_string_equal(err.message, "no room left");
	}
	tree_close(tree);
}

static void a_tar_comes_from_a_descriptor(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	struct error err = { 0 };
	int fds[2];

	(void)state;
	tar_add(&tar, .name = "f", .data = "x");
	tar_end(&tar);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], tar.data, tar.length), (ssize_t)tar.length);
	(void)close(fds[1]);
	assert_int_equal(layer_apply_fd(tree, fds[0], "kernel.tar", &err), 0);
	assert_contents(tree, "f", "x");
	assert_int_equal(layer_apply_fd(tree, fds[0], "kernel.tar", &err), -1);
	assert_string_equal(err.message, "kernel.tar: empty: expected a tar, compressed or not");
	(void)close(fds[0]);
	assert_int_equal(layer_apply_fd(tree, fds[0], "kernel.tar", &err), -1);
	assert_non_null(strstr(err.message, "kernel.tar: cannot read: "));
	buffer_release(&tar);
	tree_close(tree);
}

/* --- images ---------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void put_layer(struct store *store, struct buffer *tar, struct oci_descriptor *descriptor,
		      struct digest *diff_id)
{
	struct error err = { 0 };

	tar_end(tar);
	*descriptor = (struct oci_descriptor){ .media_type = MEDIA_TYPE_LAYER, .size = tar->length };
	if (store_put(store, tar->data, tar->length, &descriptor->digest, &err) < 0)
		fail_msg("%s", err.message);
	*diff_id = descriptor->digest;
	buffer_release(tar);
}

static void layers_of_an_image_are_applied_base_first(void **state)
{
	char directory[] = "/tmp/slipway-test-XXXXXX";
	struct oci_descriptor layers[2];
	struct digest diff_ids[2], right;
	struct oci_image image = { .name = "docker.io/library/x:latest" };
	struct buffer tar = { 0 };
	struct error err = { 0 };
	struct store *store;
	struct tree *tree = tree_fresh();

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(store_open(directory, &store, &err), 0);
	tar_add(&tar, .name = "a", .data = "base");
	tar_add(&tar, .name = "b", .data = "base");
	put_layer(store, &tar, &layers[0], &diff_ids[0]);
	tar_add(&tar, .name = ".wh.a");
	tar_add(&tar, .name = "b", .data = "top");
	put_layer(store, &tar, &layers[1], &diff_ids[1]);
	image.manifest.layers = layers;
	image.config.diff_ids = diff_ids;
	image.manifest.layers_count = image.config.diff_ids_count = 2;
	if (layer_apply_image(tree, store, &image, &err) < 0)
		fail_msg("%s", err.message);
	assert_paths(tree, "b");
	assert_contents(tree, "b", "top");

	right = diff_ids[1];
	diff_ids[1] = diff_ids[0];
	assert_int_equal(layer_apply_image(tree, store, &image, &err), -1);
	assert_non_null(strstr(err.message, "docker.io/library/x:latest"));
	assert_non_null(strstr(err.message, "layer 2"));
	assert_non_null(strstr(err.message, "diff_id"));
	diff_ids[1] = right;
	layers[1].size--;
	assert_int_equal(layer_apply_image(tree, store, &image, &err), -1);
	image.config.diff_ids_count = 1;
	assert_int_equal(layer_apply_image(tree, store, &image, &err), -1);
	tree_close(tree);
	store_close(store);
	assert_int_equal(nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(plain_entries_are_plain_ustar_in_order),
		cmocka_unit_test(an_empty_tree_is_a_root),
		cmocka_unit_test(what_a_layer_cannot_say_is_refused),
		cmocka_unit_test(an_error_of_the_sink_is_the_error),
		cmocka_unit_test(a_tar_comes_from_a_descriptor),
		cmocka_unit_test(layers_of_an_image_are_applied_base_first),
	};

	return cmocka_run_group_tests_name("tree: writing", tests, NULL, NULL);
}
