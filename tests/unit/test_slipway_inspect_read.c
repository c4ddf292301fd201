/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of images wrote comes back, and what nobody wrote is refused in one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/image_sample.h"
#include "tools/mkimage/image/image.h"
#include "tools/mkimage/inspect/diff.h"
#include "tools/mkimage/inspect/read.h"

struct bytes {
	const char *data;
	size_t left;
};

static long read_bytes(void *context, void *data, size_t length, struct error *err)
{
	struct bytes *b = context;

	(void)err;
	/* Small pieces: an entry goes over several of them. */
	if (length > 1000)
		length = 1000;
	if (length > b->left)
		length = b->left;
	memcpy(data, b->data, length);
	b->data += length;
	b->left -= length;
	return (long)length;
}

static long read_descriptor(void *context, void *data, size_t length, struct error *err)
{
	const int *fd = context;
	ssize_t n = read(*fd, data, length);

	(void)err;
	return n;
}

static void assert_same_trees(struct tree *a, struct tree *b, const char *but)
{
	struct arena arena = { 0 };
	struct diff diff = { 0 };
	struct error err;

	assert_ok(diff_trees(a, b, &arena, &diff, &err));
	for (size_t i = 0; i < diff.files_count; i++) {
		const struct diff_file *f = &diff.files[i];

		if (!but || f->fields.count != 1 || strcmp(f->fields.items[0], but) != 0)
			fail_msg("%s %s %s", f->path, f->change, f->fields.count ? f->fields.items[0] : "");
	}
	arena_release(&arena);
}

static void an_initrd_comes_back_but_for_xattrs(void **state)
{
	struct tree *tree = sample_tree(), *back;
	int fd = sample_output();
	struct error err;

	(void)state;
	assert_ok(cpio_write(tree, fd, 1, NULL, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(tree_open_shared(tree, &back, &err));
	assert_ok(read_cpio(back, read_descriptor, &fd, &read_limits, &err));
	assert_same_trees(tree, back, "xattrs");
	assert_int_equal(tree_find(back, "bin/sh")->inode->links, 3);
	assert_ptr_equal(tree_find(back, "bin/sh")->inode, tree_find(back, "a-link")->inode);
	close(fd);
	tree_close(back);
	tree_close(tree);
}

static void a_squashfs_comes_back_whole(void **state)
{
	struct tree *tree = sample_tree(), *back;
	int fd = sample_output();
	struct error err;
	char path[64];

	(void)state;
	assert_ok(squashfs_write(tree, fd, IMAGE_COMPRESSION_ZSTD, 1, NULL, &err));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_ok(tree_open_shared(tree, &back, &err));
	assert_ok(read_squashfs(back, path, &read_limits, &err));
	assert_same_trees(tree, back, NULL);
	assert_ptr_equal(tree_find(back, "bin/sh")->inode, tree_find(back, "a-link")->inode);
	close(fd);
	tree_close(back);
	tree_close(tree);
}

/* A squashfs with bytes changed or cut off is refused or read: never a crash, and an error is one line. */
static void a_damaged_squashfs_ends_in_a_result_or_an_error(void **state)
{
	struct tree *tree = sample_tree();
	int fd = sample_output();
	struct error err;
	unsigned int refused = 0;
	struct stat st;
	char path[64];

	(void)state;
	tree_remove(tree, "data");
	assert_ok(squashfs_write(tree, fd, IMAGE_COMPRESSION_ZSTD, 1, NULL, &err));
	assert_int_equal(fstat(fd, &st), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (off_t at = 4; at < st.st_size; at += at < 96 ? 1 : st.st_size / 60) {
		unsigned char was, damage;
		struct tree *back;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		damage = (unsigned char)~was;
		assert_int_equal(pwrite(fd, &damage, 1, at), 1);
		assert_ok(tree_open(NULL, &back, &err));
		if (read_squashfs(back, path, &read_limits, &err) < 0) {
			refused++;
			assert_null(strchr(err.message, '\n'));
		}
		tree_close(back);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_true(refused > 60);
	close(fd);
	tree_close(tree);
}

static void limits_are_kept(void **state)
{
	static const struct {
		struct read_limits limits;
		const char *why;
	} rows[] = {
		{ { 20, READ_BYTES_MAX }, "more than the 20 entries allowed" },
		{ { READ_ENTRIES_MAX, 1 << 20 }, "unpacks to more than the 1048576 bytes allowed" },
	};
	struct tree *tree = sample_tree(), *back;
	int cpio = sample_output(), squashfs = sample_output();
	struct error err;
	char path[64];

	(void)state;
	assert_ok(cpio_write(tree, cpio, 1, NULL, &err));
	assert_ok(squashfs_write(tree, squashfs, IMAGE_COMPRESSION_LZ4, 0, NULL, &err));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", squashfs);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(lseek(cpio, 0, SEEK_SET), 0);
		assert_ok(tree_open(NULL, &back, &err));
		assert_int_equal(read_cpio(back, read_descriptor, &cpio, &rows[i].limits, &err), -1);
		assert_non_null(strstr(err.message, rows[i].why));
		tree_close(back);
		assert_ok(tree_open(NULL, &back, &err));
		assert_int_equal(read_squashfs(back, path, &rows[i].limits, &err), -1);
		assert_non_null(strstr(err.message, rows[i].why));
		tree_close(back);
	}
	close(cpio), close(squashfs);
	tree_close(tree);
}

/* --- cpio by hand ------------------------------------------------------------------------------ */

struct entry {
	const char *name;
	unsigned int ino, mode, nlink, name_size; /* 0: that of the name */
	const char *contents;
	unsigned int size;		/* 0: that of the contents */
};

static void add_padding(struct buffer *out)
{
	while (out->length % 4)
		buffer_add(out, "", 1);
}

static void add_entry(struct buffer *out, const struct entry *e)
{
	unsigned int size = e->size ? e->size : e->contents ? (unsigned int)strlen(e->contents) : 0;
	unsigned int name_size = e->name_size ? e->name_size : (unsigned int)strlen(e->name) + 1;

	buffer_printf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", e->ino, e->mode, 0, 0,
		      e->nlink ? e->nlink : 1, 0, size, 0, 0, 0, 0, name_size, 0);
	buffer_add(out, e->name, strlen(e->name) + 1);
	add_padding(out);
	if (e->contents)
		buffer_add_string(out, e->contents);
	add_padding(out);
}

static const struct entry trailer = { .name = "TRAILER!!!" };

static int read_whole(struct tree *tree, const struct buffer *text, struct error *err)
{
	struct bytes bytes = { text->data, text->length };

	return read_cpio(tree, read_bytes, &bytes, &read_limits, err);
}

static void archives_follow_each_other_and_later_ones_win(void **state)
{
	static const struct entry first[] = { { .name = "a", .mode = 0100600, .contents = "one" },
					      { .name = "gone", .ino = 5, .mode = 0100600, .nlink = 2, .contents = "x" } };
	static const struct entry second[] = {
		{ .name = "/a", .mode = 0100644, .contents = "second" },
		/* The number is that of another archive. */
		{ .name = "new", .ino = 5, .mode = 0100600, .nlink = 2, .contents = "y" },
	};
	static const char zeros[512];
	struct buffer text = { 0 };
	struct tree *tree;
	struct error err;
	char data[8];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		add_entry(&text, &first[i]);
	add_entry(&text, &trailer);
	buffer_add(&text, zeros, sizeof(zeros));
	for (size_t i = 0; i < 2; i++)
		add_entry(&text, &second[i]);
	add_entry(&text, &trailer);
	assert_ok(tree_open(NULL, &tree, &err));
	assert_ok(read_whole(tree, &text, &err));
	assert_int_equal(tree_read(tree, tree_find(tree, "a")->inode, 0, data, sizeof(data), &err), 6);
	assert_memory_equal(data, "second", 6);
	assert_ptr_not_equal(tree_find(tree, "gone")->inode, tree_find(tree, "new")->inode);
	tree_close(tree);
	buffer_release(&text);
}

static void hostile_archives_are_refused(void **state)
{
	static char long_name[5000];
	static const struct {
		struct entry entry;
		const char *why;
	} rows[] = {
		{ { .name = "../a", .mode = 0100644 }, "leads outside the root" },
		{ { .name = "a", .mode = 0100644, .size = 4000000000u }, "cut off" },
		{ { .name = "a", .mode = 0100644, .name_size = 1 }, "a name that does not end where it should" },
		{ { .name = "a", .mode = 0100644, .name_size = 5 }, "a name that does not end where it should" },
		{ { .name = "a", .mode = 0100644, .name_size = 0xffffffffu }, "a name of 4294967295 bytes" },
		{ { .name = "a", .mode = 0120777, .size = 5000 }, "the symlink is longer" },
		{ { .name = "a", .mode = 0040755, .contents = "x" }, "contents of something that is no file" },
		{ { .name = "a", .mode = 0010755 | 0020000 }, "is that of no kind of file" },
		{ { .name = "b/c", .mode = 0100644, .contents = "x", .size = 100000 }, "'b/c': cut off at byte" },
		{ { .name = long_name, .mode = 0100644 }, "a name of 5000 bytes" },
	};

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer text = { 0 };
		struct tree *tree;
		struct error err;

		add_entry(&text, &rows[i].entry);
		add_entry(&text, &trailer);
		assert_ok(tree_open(NULL, &tree, &err));
		assert_int_equal(read_whole(tree, &text, &err), -1);
		if (!strstr(err.message, rows[i].why))
			fail_msg("row %zu: %s", i, err.message);
		assert_non_null(strstr(err.message, "byte 0"));
		tree_close(tree);
		buffer_release(&text);
	}
}

static void a_link_to_what_is_gone_is_refused(void **state)
{
	static const struct entry entries[] = {
		{ .name = "a", .ino = 1, .mode = 0100644, .nlink = 2 },
		{ .name = "a", .mode = 0040755 },
		{ .name = "b", .ino = 1, .mode = 0100644, .nlink = 2, .contents = "x" },
	};
	struct buffer text = { 0 };
	struct tree *tree;
	struct error err;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		add_entry(&text, &entries[i]);
	assert_ok(tree_open(NULL, &tree, &err));
	assert_int_equal(read_whole(tree, &text, &err), -1);
	assert_non_null(strstr(err.message, "a link to 'a', which is no file any more"));
	tree_close(tree);
	buffer_release(&text);
}

static void bytes_that_are_no_image_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "nothing is in it" },
		{ "hello", "expected a cpio archive" },
		{ "070701", "cut off at byte 6" },
		{ "070701zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
		  "hexadecimal" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes bytes = { rows[i].text, strlen(rows[i].text) };
		struct tree *tree;
		struct error err;

		assert_ok(tree_open(NULL, &tree, &err));
		assert_int_equal(read_cpio(tree, read_bytes, &bytes, &read_limits, &err), -1);
		if (!strstr(err.message, rows[i].why))
			fail_msg("row %zu: %s", i, err.message);
		tree_close(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initrd_comes_back_but_for_xattrs),
		cmocka_unit_test(a_squashfs_comes_back_whole),
		cmocka_unit_test(a_damaged_squashfs_ends_in_a_result_or_an_error),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(archives_follow_each_other_and_later_ones_win),
		cmocka_unit_test(hostile_archives_are_refused),
		cmocka_unit_test(a_link_to_what_is_gone_is_refused),
		cmocka_unit_test(bytes_that_are_no_image_are_refused),
	};

	return cmocka_run_group_tests_name("slipway_inspect_read", tests, NULL, NULL);
}
