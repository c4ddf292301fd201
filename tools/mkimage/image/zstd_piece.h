/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One piece of a long zstd frame, compressed by itself: the blocks (RFC 8878, 3.1.1.2) that stand for it wherever the bytes
 * before it are the same. A frame is zstd_frame_begin(), the blocks of all its pieces, and zstd_frame_end(). So pieces can be
 * compressed at the same time, and kept from one build to the next.
 */
#ifndef MKIMAGE_IMAGE_ZSTD_PIECE_H
#define MKIMAGE_IMAGE_ZSTD_PIECE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The window is what the kernel has to allocate to unpack an initrd: 2 MiB. */
#define ZSTD_WINDOW_LOG 21

#define ZSTD_PIECE_BYTES_MAX (5u << 19)
/* So much of what comes before is looked at for what repeats. */
#define ZSTD_BEFORE_BYTES_MAX (512u << 10)

/* A ZSTD_CCtx, for ZSTD_freeCCtx(). `level` 1 to 22. */
struct ZSTD_CCtx_s;
int zstd_piece_context(int level, struct ZSTD_CCtx_s **context, struct error *err);

/* What a piece of `length` bytes needs as room for its blocks, and for what is thrown away meanwhile. */
size_t zstd_piece_room(size_t length);

/*
 * `data` has `before` bytes that come before the piece, and its `length` own. The blocks go to `out`, which has
 * zstd_piece_room(length); `*written` says how many bytes they are. The same input gives the same blocks, on any machine.
 */
int zstd_piece_compress(struct ZSTD_CCtx_s *context, const unsigned char *data, size_t before, size_t length,
			unsigned char *out, size_t *written, struct error *err);

#define ZSTD_FRAME_BEGIN_BYTES 6
#define ZSTD_FRAME_END_BYTES   7

void zstd_frame_begin(unsigned char out[ZSTD_FRAME_BEGIN_BYTES]);
/* `checksum`: XXH64 with seed 0 of all that the frame holds. */
void zstd_frame_end(uint64_t checksum, unsigned char out[ZSTD_FRAME_END_BYTES]);

#endif
