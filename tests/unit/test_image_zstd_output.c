/* SPDX-License-Identifier: Apache-2.0 */
/* A frame in pieces is one frame, whatever was compressed when, and a change costs the pieces that it is in. */
#include "tools/mkimage/image/writers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zstd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tests/unit/image_sample.h"
#include "tools/mkimage/image/zstd_piece.h"

static char directory[] = "/tmp/slipway-zstd.XXXXXX";

/* Many kinds of bytes: words, one byte again and again, numbers that nothing makes smaller. The same for each seed. */
static void fill(unsigned char *data, size_t length, uint32_t seed)
{
	static const char *words[] = { "service", "070701", "/usr/lib/", "\n", "0000000000000000", "aaaa", "ab" };

	for (size_t at = 0; at < length;) {
		char number[16];
		const char *word;

		seed = seed * 1664525u + 1013904223u;
		word = seed >> 29 ? words[(seed >> 8) % ARRAY_SIZE(words)] : number;
		(void)snprintf(number, sizeof(number), "%08x", seed);
		for (; *word && at < length; word++)
			data[at++] = (unsigned char)*word;
	}
}

static int write_frame(const unsigned char *data, size_t length, const char *cache)
{
	struct zstd_output *output;
	int fd = sample_output();
	struct error err;

	assert_ok(zstd_output_open(fd, 9, cache, &output, &err));
	for (size_t at = 0; at < length;) {
		size_t n = length - at < 10000 ? length - at : 10000;
		char name[24];

		(void)snprintf(name, sizeof(name), "%zu", at);
		assert_ok(zstd_output_may_cut(output, name, n, &err));
		assert_ok(zstd_output_add(output, data + at, n, &err));
		at += n;
	}
	assert_ok(zstd_output_end(output, &err));
	zstd_output_close(output);
	return fd;
}

/* One frame, with its checksum, and no more memory for it than the kernel has to have. */
static void assert_holds(int fd, const unsigned char *data, size_t length)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	struct stat st;
	unsigned char *packed, *out = malloc(length + 1);

	assert_int_equal(fstat(fd, &st), 0);
	packed = malloc((size_t)st.st_size);
	assert_int_equal(pread(fd, packed, (size_t)st.st_size, 0), st.st_size);
	assert_false(ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)));
	ZSTD_inBuffer in = { packed, (size_t)st.st_size, 0 };
	ZSTD_outBuffer to = { out, length + 1, 0 };
	assert_int_equal(ZSTD_decompressStream(context, &to, &in), 0);
	assert_int_equal(in.pos, in.size);
	assert_int_equal(to.pos, length);
	assert_memory_equal(out, data, length);
	/* The checksum is one: with a bit changed it is refused. */
	packed[st.st_size - 1] ^= 1;
	ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
	in.pos = to.pos = 0;
	assert_true(ZSTD_isError(ZSTD_decompressStream(context, &to, &in)));
	ZSTD_freeDCtx(context);
	free(packed);
	free(out);
}

static void any_length_is_one_frame(void **state)
{
	static const size_t lengths[] = { 0, 1, 4095, 100000, (512u << 10) + 1, ZSTD_PIECE_BYTES_MAX - 1, ZSTD_PIECE_BYTES_MAX,
					  ZSTD_PIECE_BYTES_MAX + 1, 3 * ZSTD_PIECE_BYTES_MAX + 12345, 20u << 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned char *data = malloc(lengths[i] + 1);
		int fd;

		fill(data, lengths[i], (uint32_t)i);
		fd = write_frame(data, lengths[i], NULL);
		assert_holds(fd, data, lengths[i]);
		close(fd);
		free(data);
	}
}

/* Pieces must refer to nothing that the decoder knows from the one before: here each begins as others end. */
static void pieces_of_one_byte_are_one_frame(void **state)
{
	size_t length = 3 * ZSTD_PIECE_BYTES_MAX;
	unsigned char *data = malloc(length);

	(void)state;
	for (size_t period = 1; period <= 16; period++) {
		int fd;

		for (size_t at = 0; at < length; at++)
			data[at] = (unsigned char)((at + at / ZSTD_PIECE_BYTES_MAX) % period);
		fd = write_frame(data, length, NULL);
		assert_holds(fd, data, length);
		close(fd);
	}
	free(data);
}

static size_t records(const char *cache)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/initrd-zstd-%s-9.index", cache, ZSTD_versionString());
	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size / 64;
}

static void a_change_costs_the_pieces_it_is_in(void **state)
{
	size_t length = 40u << 20, all, after;
	unsigned char *data = malloc(length);
	char cache[64];
	int plain, first, changed, again;

	(void)state;
	(void)snprintf(cache, sizeof(cache), "%s/cache", directory);
	fill(data, length, 7);
	plain = write_frame(data, length, NULL);
	first = write_frame(data, length, cache);
	assert_same_bytes(plain, first);
	all = records(cache);
	assert_in_range(all, length / ZSTD_PIECE_BYTES_MAX, 40);
	data[100] ^= 1;
	changed = write_frame(data, length, cache);
	assert_holds(changed, data, length);
	after = records(cache);
	assert_in_range(after, all + 1, all + 2);
	again = write_frame(data, length, cache);
	assert_int_equal(records(cache), after);
	assert_same_bytes(changed, again);
	close(plain), close(first), close(changed), close(again);
	free(data);
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
		cmocka_unit_test(any_length_is_one_frame),
		cmocka_unit_test(pieces_of_one_byte_are_one_frame),
		cmocka_unit_test(a_change_costs_the_pieces_it_is_in),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
