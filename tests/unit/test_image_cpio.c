/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zstd.h>

#include "tests/unit/image_sample.h"

/* What the kernel reads of an entry: init/initramfs.c, parse_header(). */
struct entry {
	unsigned long ino, mode, uid, gid, nlink, mtime, size, rdev_major, rdev_minor;
	const char *name;
	const char *body;
};

struct archive_bytes {
	char *data;
	size_t length;
};

static struct archive_bytes unpacked(int fd)
{
	struct archive_bytes out = { 0 };
	struct stat st;
	ZSTD_DCtx *context = ZSTD_createDCtx();
	size_t capacity = 64u << 20;
	char *packed;

	assert_int_equal(fstat(fd, &st), 0);
	packed = malloc((size_t)st.st_size);
	out.data = malloc(capacity);
	assert_int_equal(pread(fd, packed, (size_t)st.st_size, 0), st.st_size);
	/* A frame without its size: streamed. The window is what the kernel must allocate. */
	assert_false(ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 21)));
	ZSTD_inBuffer in = { packed, (size_t)st.st_size, 0 };
	ZSTD_outBuffer o = { out.data, capacity, 0 };
	assert_int_equal(ZSTD_decompressStream(context, &o, &in), 0);
	assert_int_equal(in.pos, in.size);
	out.length = o.pos;
	ZSTD_freeDCtx(context);
	free(packed);
	return out;
}

static unsigned long hex(const char *p)
{
	char text[9] = { 0 };

	memcpy(text, p, 8);
	return strtoul(text, NULL, 16);
}

/* The entry at `*at`, which moves to the next; false at the trailer. */
static bool next_entry(const struct archive_bytes *bytes, size_t *at, struct entry *e)
{
	const char *h = bytes->data + *at;
	size_t name_length;

	assert_true(*at + 110 <= bytes->length);
	assert_int_equal(*at % 4, 0);
	assert_memory_equal(h, "070701", 6);
	*e = (struct entry){ .ino = hex(h + 6),
			     .mode = hex(h + 14),
			     .uid = hex(h + 22),
			     .gid = hex(h + 30),
			     .nlink = hex(h + 38),
			     .mtime = hex(h + 46),
			     .size = hex(h + 54),
			     .rdev_major = hex(h + 78),
			     .rdev_minor = hex(h + 86),
			     .name = h + 110 };
	name_length = hex(h + 94);
	assert_int_equal(strlen(e->name) + 1, name_length);
	*at += (110 + name_length + 3) / 4 * 4;
	e->body = bytes->data + *at;
	*at += (e->size + 3) / 4 * 4;
	return strcmp(e->name, "TRAILER!!!") != 0;
}

static struct entry find_entry(const struct archive_bytes *bytes, const char *name)
{
	struct entry e;
	size_t at = 0;

	while (next_entry(bytes, &at, &e))
		if (strcmp(e.name, name) == 0)
			return e;
	fail_msg("no entry '%s'", name);
	return e;
}

static int write_uncached(struct tree *tree, int fd, int level, struct error *err)
{
	return cpio_write(tree, fd, level, NULL, err);
}

static struct archive_bytes sample_archive(void)
{
	struct tree *tree = sample_tree();
	int fd = sample_output();
	struct archive_bytes bytes;
	struct error err;

	assert_ok(write_uncached(tree, fd, 0, &err));
	bytes = unpacked(fd);
	close(fd);
	tree_close(tree);
	return bytes;
}

static void attributes_of_every_type_are_kept(void **state)
{
	struct archive_bytes bytes = sample_archive();
	struct entry e;

	(void)state;
	e = find_entry(&bytes, "tmp");
	assert_int_equal(e.mode, S_IFDIR | 01777);
	assert_int_equal(e.uid, 3);
	assert_int_equal(e.gid, 4);
	assert_int_equal(e.mtime, 12345);
	e = find_entry(&bytes, "sbin");
	assert_int_equal(e.mode & S_IFMT, S_IFLNK);
	assert_int_equal(e.size, 3);
	assert_memory_equal(e.body, "bin", 3);
	assert_int_equal(e.gid, 70000);
	assert_int_equal(e.mtime, 0xffffffff);
	e = find_entry(&bytes, "dev/vda");
	assert_int_equal(e.mode, S_IFBLK | 0640);
	assert_int_equal(e.rdev_major, 259);
	assert_int_equal(e.rdev_minor, 70000);
	assert_int_equal(find_entry(&bytes, "run/pipe").mode, S_IFIFO | 0640);
	assert_int_equal(find_entry(&bytes, "run/socket").mode, S_IFSOCK | 0640);
	assert_int_equal(find_entry(&bytes, "etc/na\xc3\xafve").size, 1);
	assert_int_equal(find_entry(&bytes, "etc/empty").size, 0);
	free(bytes.data);
}

static void contents_come_out(void **state)
{
	struct archive_bytes bytes = sample_archive();
	struct entry e = find_entry(&bytes, "data/again");
	char *text = sample_text(SAMPLE_LARGE_BYTES, 1);

	(void)state;
	assert_int_equal(e.size, SAMPLE_LARGE_BYTES);
	assert_memory_equal(e.body, text, SAMPLE_LARGE_BYTES);
	free(text);
	free(bytes.data);
}

/* The root comes first, as ".", so that its mode and owner are set too. */
static void directories_stand_before_what_is_in_them(void **state)
{
	struct archive_bytes bytes = sample_archive();
	struct entry e;
	char last[4096] = "", parent[4096];
	size_t at = 0;

	(void)state;
	assert_true(next_entry(&bytes, &at, &e));
	assert_string_equal(e.name, ".");
	assert_int_equal(e.mode, S_IFDIR | 0755);
	while (next_entry(&bytes, &at, &e)) {
		const char *slash = strrchr(e.name, '/');

		if (S_ISDIR(e.mode))
			(void)snprintf(last, sizeof(last), "%s", e.name);
		(void)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - e.name) : 0, e.name);
		if (*parent)
			assert_string_equal(parent, last);
	}
	free(bytes.data);
}

/* maybe_link() of the kernel: the same number, a count above 1; contents with the last name. */
static void names_of_one_inode_are_linked_and_the_last_has_the_contents(void **state)
{
	struct archive_bytes bytes = sample_archive();
	struct entry first = find_entry(&bytes, "a-link"), second = find_entry(&bytes, "bin/busybox"),
		     last = find_entry(&bytes, "bin/sh");
	struct entry null = find_entry(&bytes, "dev/null"), zilch = find_entry(&bytes, "dev/zilch");

	(void)state;
	assert_int_equal(first.ino, last.ino);
	assert_int_equal(second.ino, last.ino);
	assert_int_equal(first.nlink, 3);
	assert_int_equal(last.nlink, 3);
	assert_int_equal(first.size, 0);
	assert_int_equal(second.size, 0);
	assert_int_equal(last.size, 7);
	assert_memory_equal(last.body, "program", 7);
	assert_int_equal(last.mode, S_IFREG | 04755);
	assert_int_equal(null.ino, zilch.ino);
	assert_int_equal(zilch.nlink, 2);
	assert_int_equal(find_entry(&bytes, "etc/empty").nlink, 1);
	free(bytes.data);
}

/* A number that counted all inodes would change with any file that is added, and all that is compressed with it. */
static void inodes_have_a_number_where_they_have_several_names(void **state)
{
	struct archive_bytes bytes = sample_archive();
	struct entry e;
	size_t at = 0, seen[1024] = { 0 }, linked = 0;

	(void)state;
	while (next_entry(&bytes, &at, &e)) {
		assert_in_range(e.ino, 0, 1023);
		assert_int_equal(e.ino > 0, e.nlink > 1);
		if (e.ino > 0)
			linked = seen[e.ino]++ == 0 ? linked + e.nlink - 1 : linked - 1;
	}
	/* As many names of each number as it says. */
	assert_int_equal(linked, 0);
	free(bytes.data);
}

static void bytes_are_the_same_each_time_and_on_any_number_of_cpus(void **state)
{
	(void)state;
	same_bytes_each_time_and_on_any_number_of_cpus(write_uncached);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	full_disk_is_told(write_uncached);
}

static void refused(struct tree *tree, const char *message)
{
	int fd = sample_output();
	struct error err;

	assert_int_equal(write_uncached(tree, fd, 0, &err), -1);
	if (!strstr(err.message, message))
		fail_msg("'%s' is not in '%s'", message, err.message);
	close(fd);
	tree_close(tree);
}

static void what_the_kernel_would_drop_is_refused(void **state)
{
	const struct tree_attributes attributes = { .mode = 0644 };
	char *target = malloc(4097);
	struct tree_node *node;
	struct tree *tree;
	struct error err;

	(void)state;
	assert_ok(tree_open(NULL, &tree, &err));
	assert_ok(tree_add_file(tree, "TRAILER!!!", "x", 1, &attributes, NULL, &err));
	refused(tree, "'TRAILER!!!': this name ends an initramfs");

	memset(target, 'x', 4096);
	target[4096] = '\0';
	assert_ok(tree_open(NULL, &tree, &err));
	if (tree_add_symlink(tree, "long", target, &attributes, NULL, &err) == 0)
		refused(tree, "'long': the symlink is longer");
	else
		tree_close(tree); /* the tree is stricter */
	free(target);

	assert_ok(tree_open(NULL, &tree, &err));
	assert_ok(tree_add_file(tree, "huge", "x", 1, &attributes, &node, &err));
	node->inode->size = 1ull << 32;
	refused(tree, "'huge': the file is larger than the 4 GiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_of_every_type_are_kept),
		cmocka_unit_test(contents_come_out),
		cmocka_unit_test(directories_stand_before_what_is_in_them),
		cmocka_unit_test(names_of_one_inode_are_linked_and_the_last_has_the_contents),
		cmocka_unit_test(inodes_have_a_number_where_they_have_several_names),
		cmocka_unit_test(bytes_are_the_same_each_time_and_on_any_number_of_cpus),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(what_the_kernel_would_drop_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
