/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes behind a root are what the kernel's verity.rst says, computed here a second time; and each format says where they are. */
#include "tools/mkimage/image/verity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tests/unit/elf_sample.h"
#include "tests/unit/image_sample.h"
#include "tools/mkimage/image/image.h"
#include "tools/mkimage/source/hash.h"

#define BLOCK 4096u
#define PER_BLOCK (BLOCK / VERITY_ROOT_BYTES)

static void hash_block(const char *block, char *out)
{
	struct digest digest;
	const char *hex;
	unsigned int byte;

	hash_bytes(block, BLOCK, &digest);
	hex = digest_hex(&digest);
	for (size_t i = 0; i < VERITY_ROOT_BYTES; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (char)byte;
	}
}

/* The blocks of hashes of `count` blocks, filled up with zeros; their number. */
static char *level_above(const char *blocks, size_t count, size_t *above)
{
	char *level;

	*above = (count + PER_BLOCK - 1) / PER_BLOCK;
	level = calloc(*above, BLOCK);
	assert_non_null(level);
	for (size_t i = 0; i < count; i++)
		hash_block(blocks + i * BLOCK, level + i * VERITY_ROOT_BYTES);
	return level;
}

/* The file is the data, a superblock, and the levels, the smallest first. */
static void assert_tree(const struct buffer *file, const char *data, size_t blocks, const unsigned char root[VERITY_ROOT_BYTES])
{
	char top[VERITY_ROOT_BYTES], *below = NULL;
	size_t count = blocks, end = file->length;

	assert_memory_equal(file->data, data, blocks * BLOCK);
	assert_string_equal(file->data + blocks * BLOCK, "verity");
	hash_block(data, top);
	while (count > 1) {
		char *level = level_above(below ? below : data, count, &count);

		end -= count * BLOCK;
		assert_memory_equal(file->data + end, level, count * BLOCK);
		free(below);
		below = level;
	}
	if (below)
		hash_block(below, top);
	free(below);
	assert_int_equal(end, (blocks + 1) * BLOCK);
	assert_memory_equal(root, top, sizeof(top));
}

static void check_length(size_t length)
{
	size_t blocks = (length + BLOCK - 1) / BLOCK;
	char *data = calloc(blocks, BLOCK);
	struct image_verity verity = { "error", "/dev/vda", 0, { 0 } };
	autobuffer struct buffer file = { 0 };
	autoclose int fd = memfd_create("root", MFD_CLOEXEC);
	struct error err;
	char path[32];

	assert_non_null(data);
	for (size_t i = 0; i < length; i++)
		data[i] = (char)(i * 2654435761u >> 13);
	assert_ok(file_write_all(fd, data, length, "data", &err));
	assert_ok(verity_append(fd, &verity, &err));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_ok(file_read(AT_FDCWD, path, SIZE_MAX / 2, &file, &err));
	assert_int_equal(verity.blocks, blocks);
	assert_tree(&file, data, blocks, verity.root);
	free(data);
}

static void the_tree_is_that_of_the_kernel(void **state)
{
	/* One block, whose hash is the root; one level; two, the last of them not full; three. */
	static const size_t lengths[] = { 1, BLOCK, 2 * BLOCK, 128 * BLOCK, 128 * BLOCK + 1, 300 * BLOCK - 5, (128 * 128 + 1) * BLOCK };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		check_length(lengths[i]);
}

static void what_is_no_file_is_refused(void **state)
{
	struct image_verity verity = { "error", "/dev/vda", 0, { 0 } };
	struct error err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(verity_append(ends[1], &verity, &err), -1);
	assert_non_null(strstr(err.message, "regular file"));
	close(ends[0]);
	close(ends[1]);
}

static void the_words_are_those_of_dm_init(void **state)
{
	static const struct {
		const char *on_corruption, *end;
	} rows[] = { { "error", " -\"" }, { "restart", " - 1 restart_on_corruption\"" }, { "panic", " - 1 panic_on_corruption\"" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct image_verity verity = { rows[i].on_corruption, "/dev/vdb", 9, { 0xab, 0x01 } };
		autobuffer struct buffer word = { 0 }, expected = { 0 };

		verity_add_word(&verity, &word);
		buffer_printf(&expected, "dm-mod.create=\"root,,,ro,0 72 verity 1 /dev/vdb /dev/vdb 4096 4096 9 10 sha256 ab01%060d%s", 0, rows[i].end);
		assert_string_equal(buffer_string(&word), buffer_string(&expected));
	}
}

/* --- in the formats --- */

/* Each format that has a root for it says the word, in one of its files; the one that has none is as it was. */
static void every_format_says_where_the_hashes_are(void **state)
{
	char directory[] = "/tmp/slipway-test-XXXXXX";
	struct elf_sample elf = elf_sample();
	struct tree *root = sample_tree(), *boot = sample_tree();
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (const struct image_format *const *f = image_formats; *f; f++) {
		struct image_verity verity = { .on_corruption = "panic", .device = "/dev/vda" };
		struct image_input input = { .root = root, .boot = boot, .kernel = "KERNEL", .kernel_length = 6, .elf = &elf,
					     .elf_length = sizeof(elf), .cmdline = "quiet -- last", .verity = &verity };
		char prefix[64];
		size_t said = 0;

		if (!(*f)->root_source)
			continue;
		(void)snprintf(prefix, sizeof(prefix), "%s/app", directory);
		if (image_write(*f, &input, prefix, &err) < 0)
			fail_msg("%s: %s", (*f)->name, err.message);
		for (const char *const *suffix = (*f)->suffixes; *suffix; suffix++) {
			autobuffer struct buffer path = { 0 }, text = { 0 };

			buffer_printf(&path, "%s%s", prefix, *suffix);
			if (!strstr(*suffix, "cmdline") && !strstr(*suffix, "json"))
				continue;
			assert_ok(file_read(AT_FDCWD, buffer_string(&path), 1u << 24, &text, &err));
			assert_non_null(strstr(buffer_string(&text), "verity 1 /dev/vda /dev/vda 4096 4096 "));
			assert_non_null(strstr(buffer_string(&text), "quiet -- last"));
			said++;
			/* Firecracker would put a second `root=` behind it. */
			if (strcmp(*suffix, "-firecracker.json") == 0)
				assert_non_null(strstr(buffer_string(&text), "\"is_root_device\": false"));
		}
		assert_true(said > 0);
		assert_true(verity.blocks > 0);
	}
	(void)file_remove_tree(AT_FDCWD, directory, NULL);
	tree_close(root);
	tree_close(boot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_is_that_of_the_kernel),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(the_words_are_those_of_dm_init),
		cmocka_unit_test(every_format_says_where_the_hashes_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
