/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libzstd compresses a long input in jobs (ZSTD_c_nbWorkers), each of which refers to nothing before it but the overlap:
 * neither to its offsets nor to its tables. Such a job is what is wanted here. So the bytes before a piece are flushed as a job of
 * their own, whose blocks are thrown away, and the piece is the next one.
 */
#include "tools/mkimage/image/zstd_piece.h"

#include <string.h>

#include <zstd.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define MAGIC           0xfd2fb528u
#define WITH_CHECKSUM   0x04
#define BLOCK_HEADER    3
#define OVERLAP_LOG     7 /* a quarter of the window, which is ZSTD_BEFORE_BYTES_MAX */
/* The levels around 9 have tables of 24 MB for each thread: to save 0.6 %, and for a quarter of the time more. */
#define HASH_LOG        19
#define HASH_LEVEL_MAX  12

enum block_type { RAW, RLE, COMPRESSED, RESERVED };

size_t zstd_piece_room(size_t length)
{
	return ZSTD_compressBound(ZSTD_BEFORE_BYTES_MAX) + ZSTD_compressBound(length);
}

static int set_parameters(ZSTD_CCtx *context, int level, struct error *err)
{
	const struct {
		const char *name;
		ZSTD_cParameter parameter;
		int value;
	} parameters[] = {
		{ "level", ZSTD_c_compressionLevel, level },
		{ "window", ZSTD_c_windowLog, ZSTD_WINDOW_LOG },
		{ "hash table", ZSTD_c_hashLog, level <= HASH_LEVEL_MAX ? HASH_LOG : 0 },
		{ "content size", ZSTD_c_contentSizeFlag, 0 },
		{ "workers", ZSTD_c_nbWorkers, 1 },
		{ "job size", ZSTD_c_jobSize, ZSTD_PIECE_BYTES_MAX },
		{ "overlap", ZSTD_c_overlapLog, OVERLAP_LOG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		size_t r = ZSTD_CCtx_setParameter(context, parameters[i].parameter, parameters[i].value);

		if (ZSTD_isError(r))
			return error_set(err, "zstd: cannot set the %s to %d: %s", parameters[i].name,
					 parameters[i].value, ZSTD_getErrorName(r));
	}
	return 0;
}

int zstd_piece_context(int level, ZSTD_CCtx **context, struct error *err)
{
	*context = ZSTD_createCCtx();
	if (!*context)
		arena_out_of_memory();
	if (set_parameters(*context, level, err) == 0)
		return 0;
	(void)ZSTD_freeCCtx(*context);
	*context = NULL;
	return -1;
}

/* Compresses all of `data` to the end of what is in `out`, as a job of its own. */
static int run_job(ZSTD_CCtx *context, ZSTD_outBuffer *out, const unsigned char *data, size_t length,
		   ZSTD_EndDirective directive, struct error *err)
{
	ZSTD_inBuffer in = { data, length, 0 };
	size_t left;

	do {
		left = ZSTD_compressStream2(context, out, &in, directive);
		if (ZSTD_isError(left))
			return error_set(err, "zstd: %s", ZSTD_getErrorName(left));
		if (left > 0 && out->pos == out->size)
			return error_set(err, "zstd: more bytes than it said there would be at most");
	} while (left > 0);
	return 0;
}

static enum block_type block_type(uint32_t header)
{
	return (header >> 1) & 3;
}

static size_t block_bytes(uint32_t header)
{
	return BLOCK_HEADER + (block_type(header) == RLE ? 1 : header >> 3);
}

/* None of the blocks is the last one any more: more pieces may follow. */
static int join_blocks(unsigned char *blocks, size_t length, struct error *err)
{
	size_t at = 0, n;

	for (; length - at >= BLOCK_HEADER; at += n) {
		uint32_t header = blocks[at] | (uint32_t)blocks[at + 1] << 8 | (uint32_t)blocks[at + 2] << 16;

		n = block_bytes(header);
		if (n > length - at || block_type(header) == RESERVED)
			break;
		blocks[at] &= 0xfe;
	}
	return at == length ? 0 : error_set(err, "zstd: what it wrote does not end where a block does");
}

int zstd_piece_compress(ZSTD_CCtx *context, const unsigned char *data, size_t before, size_t length, unsigned char *out,
			size_t *written, struct error *err)
{
	ZSTD_outBuffer all = { out, zstd_piece_room(length), 0 };
	size_t begin = ZSTD_FRAME_BEGIN_BYTES;

	if (ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_only)))
		return error_set(err, "zstd: cannot begin anew");
	if (before > 0) {
		if (run_job(context, &all, data, before, ZSTD_e_flush, err) < 0)
			return -1;
		begin = all.pos;
	}
	if (run_job(context, &all, data + before, length, ZSTD_e_end, err) < 0)
		return -1;
	*written = all.pos - begin;
	memmove(out, out + begin, *written);
	return join_blocks(out, *written, err);
}

void zstd_frame_begin(unsigned char out[ZSTD_FRAME_BEGIN_BYTES])
{
	for (unsigned int i = 0; i < 4; i++)
		out[i] = (unsigned char)(MAGIC >> 8 * i);
	out[4] = WITH_CHECKSUM;
	out[5] = (ZSTD_WINDOW_LOG - 10) << 3;
}

void zstd_frame_end(uint64_t checksum, unsigned char out[ZSTD_FRAME_END_BYTES])
{
	memset(out, 0, ZSTD_FRAME_END_BYTES);
	out[0] = 1 | RAW << 1; /* the last block, of no bytes */
	for (unsigned int i = 0; i < 4; i++)
		out[BLOCK_HEADER + i] = (unsigned char)(checksum >> 8 * i);
}
