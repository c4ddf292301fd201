/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compressor of squashfs blocks: libsquashfs's own, asked only for what a cache does not have. The library has one for
 * each of its threads, by copying.
 */
#include "tools/mkimage/image/writers.h"

#include <stdbool.h>
#include <stdlib.h>

#include <sqfs/compressor.h>

#include "base/arena.h"
#include "tools/mkimage/image/block_cache.h"

/* What looks random is tried at this level first: most often it stays as it is, and that is found out fast. */
#define LEVEL_FAST 1

struct compressor {
	sqfs_compressor_t base;		/* first: what the library sees */
	sqfs_compressor_t *full, *fast;
	struct block_cache *cache;	/* borrowed; NULL: there is none */
};

/*
 * Whether a sample of a block has all bytes about as often as each other. Of N random bytes the squares of how often each value
 * comes add up to N * N / 256 + N; text and programs have many times that.
 */
static bool looks_random(const sqfs_u8 *in, sqfs_u32 size)
{
	enum { SAMPLE = 4096, VALUES = 256 };
	uint32_t often[VALUES] = { 0 }, step = size / SAMPLE;
	uint64_t squares = 0;

	if (size < SAMPLE)
		return false;
	for (uint32_t i = 0; i < SAMPLE; i++)
		often[in[i * step]]++;
	for (size_t i = 0; i < VALUES; i++)
		squares += (uint64_t)often[i] * often[i];
	return squares < SAMPLE / VALUES * SAMPLE + 2 * SAMPLE;
}

/* 0 where it gets no smaller. The library's LZ4 would make 5 bytes of 4, which unsquashfs takes for a broken image. */
static sqfs_s32 compress(struct compressor *c, const sqfs_u8 *in, sqfs_u32 size, sqfs_u8 *out, sqfs_u32 out_size)
{
	sqfs_s32 n;

	if (looks_random(in, size)) {
		n = c->fast->do_block(c->fast, in, size, out, out_size);
		if (n <= 0)
			return n;
	}
	n = c->full->do_block(c->full, in, size, out, out_size);
	return n < 0 || (sqfs_u32)n < size ? n : 0;
}

static sqfs_s32 do_block(sqfs_compressor_t *base, const sqfs_u8 *in, sqfs_u32 size, sqfs_u8 *out, sqfs_u32 out_size)
{
	struct compressor *c = (struct compressor *)base;
	struct block_sum sum;
	sqfs_s32 n;

	if (!c->cache)
		return compress(c, in, size, out, out_size);
	block_sum(in, size, &sum);
	n = (sqfs_s32)block_cache_find(c->cache, &sum, out, out_size);
	if (n >= 0)
		return n;
	n = compress(c, in, size, out, out_size);
	if (n >= 0)
		block_cache_add(c->cache, &sum, out, (size_t)n);
	return n;
}

static void get_configuration(const sqfs_compressor_t *base, sqfs_compressor_config_t *config)
{
	const struct compressor *c = (const struct compressor *)base;

	c->full->get_configuration(c->full, config);
}

static int write_options(sqfs_compressor_t *base, sqfs_file_t *file)
{
	struct compressor *c = (struct compressor *)base;

	return c->full->write_options(c->full, file);
}

static int read_options(sqfs_compressor_t *base, sqfs_file_t *file)
{
	struct compressor *c = (struct compressor *)base;

	return c->full->read_options(c->full, file);
}

static void destroy(sqfs_object_t *object)
{
	struct compressor *c = (struct compressor *)object;

	sqfs_destroy(c->full);
	sqfs_destroy(c->fast);
	free(c);
}

static sqfs_object_t *copy(const sqfs_object_t *object)
{
	const struct compressor *from = (const struct compressor *)object;
	struct compressor *to = malloc(sizeof(*to));

	if (!to)
		arena_out_of_memory();
	*to = *from;
	to->full = sqfs_copy(from->full);
	to->fast = sqfs_copy(from->fast);
	if (!to->full || !to->fast)
		arena_out_of_memory();
	return (sqfs_object_t *)to;
}

int squashfs_compressor_create(SQFS_COMPRESSOR id, unsigned int level, sqfs_u16 flags, sqfs_compressor_t **out)
{
	sqfs_compressor_config_t config;
	int r;

	/* LZ4 has one slow compression, which reads as fast as the quick one. */
	if (id == SQFS_COMP_LZ4 && level != LEVEL_FAST)
		flags |= SQFS_COMP_FLAG_LZ4_HC;
	r = sqfs_compressor_config_init(&config, id, WRITER_CHUNK, flags);
	if (id == SQFS_COMP_ZSTD)
		config.level = (sqfs_u32)level;
	return r < 0 ? r : sqfs_compressor_create(&config, out);
}

int squashfs_compressor_open(SQFS_COMPRESSOR id, unsigned int level, struct block_cache *cache, sqfs_compressor_t **out)
{
	struct compressor *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		arena_out_of_memory();
	*c = (struct compressor){
		.base = { .base = { .destroy = destroy, .copy = copy }, .get_configuration = get_configuration,
			  .write_options = write_options, .read_options = read_options, .do_block = do_block },
		.cache = cache,
	};
	r = squashfs_compressor_create(id, level, 0, &c->full);
	if (r == 0)
		r = squashfs_compressor_create(id, LEVEL_FAST, 0, &c->fast);
	if (r < 0)
		destroy((sqfs_object_t *)c);
	else
		*out = &c->base;
	return r;
}
