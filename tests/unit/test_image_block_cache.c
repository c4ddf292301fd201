/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compressed blocks: what is in it is found, and what is damaged is not there. */
#include "tools/mkimage/image/block_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/unit/image_sample.h"
#include "tools/mkimage/image/image.h"

static char directory[] = "/tmp/slipway-blocks.XXXXXX";

static const char *path_of(const char *suffix)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/cache/name.%s", directory, suffix);
	return path;
}

static struct block_cache *open_cache(void)
{
	char cache[64];

	(void)snprintf(cache, sizeof(cache), "%s/cache", directory);
	return block_cache_open(cache, "name");
}

static void forget_all(void)
{
	(void)unlink(path_of("index"));
	(void)unlink(path_of("data"));
}

/* Block I of a hundred, and what it is compressed to. */
static void add(struct block_cache *cache, int i)
{
	char block[32], compressed[32];
	struct block_sum sum;

	block_sum(block, (size_t)sprintf(block, "the block %d", i), &sum);
	block_cache_add(cache, &sum, compressed, (size_t)sprintf(compressed, "%d", i));
}

static bool has(struct block_cache *cache, int i, size_t max)
{
	char block[32], compressed[32] = "", expected[32];
	struct block_sum sum;
	long n;

	block_sum(block, (size_t)sprintf(block, "the block %d", i), &sum);
	n = block_cache_find(cache, &sum, compressed, max);
	if (n < 0)
		return false;
	assert_int_equal(n, sprintf(expected, "%d", i));
	assert_memory_equal(compressed, expected, (size_t)n);
	return true;
}

static unsigned int count(void)
{
	struct block_cache *cache = open_cache();
	unsigned int n = 0;

	for (int i = 0; i < 100; i++)
		n += has(cache, i, 32);
	block_cache_close(cache);
	return n;
}

static void fill(void)
{
	struct block_cache *cache;

	forget_all();
	cache = open_cache();
	for (int i = 0; i < 100; i++)
		add(cache, i);
	block_cache_close(cache);
}

static void what_is_added_is_found(void **state)
{
	struct block_cache *cache;

	(void)state;
	fill();
	assert_int_equal(count(), 100);
	cache = open_cache();
	assert_true(has(cache, 10, 2));
	assert_false(has(cache, 10, 1)); /* no room */
	assert_false(has(cache, 100, 32));
	block_cache_close(cache);
}

static void a_block_that_gets_no_smaller_is_known(void **state)
{
	struct block_cache *cache;
	struct block_sum sum;
	char data[8];

	(void)state;
	forget_all();
	cache = open_cache();
	block_sum("random", 6, &sum);
	block_cache_add(cache, &sum, "", 0);
	block_cache_close(cache);
	cache = open_cache();
	assert_int_equal(block_cache_find(cache, &sum, data, sizeof(data)), 0);
	block_cache_close(cache);
}

static void damaged_blocks_are_not_there(void **state)
{
	int fd;

	(void)state;
	fill();
	fd = open(path_of("data"), O_WRONLY);
	assert_int_equal(pwrite(fd, "xx", 2, 100), 2); /* two digits of one number, or one each of two */
	close(fd);
	assert_in_range(count(), 98, 99);
	assert_int_equal(truncate(path_of("data"), 50), 0);
	assert_in_range(count(), 29, 30);
}

/* A writer that died in the middle of a record: later ones are in step again. */
static void a_record_cut_off_is_passed_over(void **state)
{
	struct block_cache *cache;
	struct stat st;

	(void)state;
	fill();
	assert_int_equal(stat(path_of("index"), &st), 0);
	assert_int_equal(truncate(path_of("index"), st.st_size - 5), 0);
	assert_int_equal(count(), 99);
	cache = open_cache();
	add(cache, 99);
	block_cache_close(cache);
	assert_int_equal(count(), 100);
}

static void without_a_place_nothing_is_kept(void **state)
{
	struct block_cache *cache = block_cache_open(NULL, "name");

	(void)state;
	add(cache, 1);
	assert_false(has(cache, 1, 32));
	block_cache_close(cache);
	cache = block_cache_open("/proc/self/nowhere", "name");
	add(cache, 1);
	assert_false(has(cache, 1, 32));
	block_cache_close(cache);
	block_cache_close(NULL);
}

/* Sparse: no room is used for it. */
static void one_too_large_starts_over(void **state)
{
	struct stat st;

	(void)state;
	fill();
	assert_int_equal(truncate(path_of("data"), (off_t)BLOCK_CACHE_BYTES_MAX + 1), 0);
	assert_int_equal(count(), 0);
	assert_int_equal(stat(path_of("data"), &st), 0);
	assert_int_equal(st.st_size, 0);
	fill();
	assert_int_equal(count(), 100);
}

static int write_zstd(struct tree *tree, int fd, int level, const char *cache, struct error *err)
{
	return squashfs_write(tree, fd, IMAGE_COMPRESSION_ZSTD, level, cache, err);
}

static int write_lz4(struct tree *tree, int fd, int level, const char *cache, struct error *err)
{
	return squashfs_write(tree, fd, IMAGE_COMPRESSION_LZ4, level, cache, err);
}

typedef int image_writer(struct tree *tree, int fd, int level, const char *cache, struct error *err);

static int image(image_writer *write_tree, const char *cache)
{
	struct tree *tree = sample_tree();
	int fd = sample_output();
	struct error err;

	assert_ok(write_tree(tree, fd, 0, cache, &err));
	tree_close(tree);
	return fd;
}

static void same_with_and_without(image_writer *write_tree)
{
	char cache[64];
	int plain, first, second;

	(void)snprintf(cache, sizeof(cache), "%s/image", directory);
	plain = image(write_tree, NULL);
	first = image(write_tree, cache);
	second = image(write_tree, cache);
	assert_same_bytes(plain, first);
	assert_same_bytes(plain, second);
	close(plain);
	close(first);
	close(second);
}

static void an_image_is_the_same_with_and_without(void **state)
{
	(void)state;
	same_with_and_without(write_zstd);
	same_with_and_without(write_lz4);
	same_with_and_without(cpio_write);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return file_remove_tree(AT_FDCWD, directory, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_found),
		cmocka_unit_test(a_block_that_gets_no_smaller_is_known),
		cmocka_unit_test(damaged_blocks_are_not_there),
		cmocka_unit_test(a_record_cut_off_is_passed_over),
		cmocka_unit_test(without_a_place_nothing_is_kept),
		cmocka_unit_test(one_too_large_starts_over),
		cmocka_unit_test(an_image_is_the_same_with_and_without),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
