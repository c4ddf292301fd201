/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the writers share: a zstd stream and a libsquashfs file, both on a descriptor, the files of other formats, and the number of
 * threads. Private to this directory.
 */
#ifndef MKIMAGE_IMAGE_WRITERS_H
#define MKIMAGE_IMAGE_WRITERS_H

#include <stddef.h>
#include <stdint.h>

#include <sqfs/compressor.h>

#include "base/error.h"

/* How much is read from a tree at once; also the block size of squashfs. */
#define WRITER_CHUNK (128u * 1024)

/* What the formats have under this suffix, which is one of theirs. */
struct image_input;
int image_file_write(const char *suffix, const struct image_input *input, int fd, struct error *err);

/* A document of this type, and a line end. */
struct json_type;
int image_write_json(const struct json_type *type, const void *value, int fd, struct error *err);

/*
 * CPUs this process may run on, 1 to 16. Only for speed: no writer's bytes may
 * depend on it.
 */
unsigned int writer_threads(void);

/*
 * A zstd frame going to a descriptor, which is borrowed. `level` 1 to 22. The frame's window is 2 MiB: it is what the kernel has
 * to allocate to unpack an initrd. What `cache`, a directory or NULL, has of a build before is not compressed again;
 * the bytes are the same.
 */
struct zstd_output;

int zstd_output_open(int fd, int level, const char *cache, struct zstd_output **output, struct error *err);
int zstd_output_add(struct zstd_output *output, const void *data, size_t length, struct error *err);

/*
 * What is called `name` comes next and has `follows` bytes. Here the stream may be cut in pieces that are kept: a change of
 * what comes before leaves those behind as they are.
 */
int zstd_output_may_cut(struct zstd_output *output, const char *name, uint64_t follows, struct error *err);

/* Ends the frame; all is written afterwards. */
int zstd_output_end(struct zstd_output *output, struct error *err);

/* NULL is fine. */
void zstd_output_close(struct zstd_output *output);

/* A compressor of the library's, for sqfs_destroy(); `level` is that of zstd. Gives an error code of the library, or 0. */
int squashfs_compressor_create(SQFS_COMPRESSOR id, unsigned int level, sqfs_u16 flags, sqfs_compressor_t **compressor);

/* The one that images are written with; `cache`, which may be NULL, is borrowed. */
struct block_cache;
int squashfs_compressor_open(SQFS_COMPRESSOR id, unsigned int level, struct block_cache *cache, sqfs_compressor_t **compressor);

/* The sqfs_file_t of an empty regular file, for sqfs_destroy(); `fd` is borrowed. NULL when memory is out. */
sqfs_file_t *squashfs_file_open(int fd);

/* errno of the first call that failed, which the library is not told of; 0 where none did. */
int squashfs_file_errno(const sqfs_file_t *file);

#endif
