/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks in their compressed form, kept from one build to the next: what has not changed is not compressed again.
 *
 * A cache is two files of a directory, NAME.index and NAME.data. Each record of the index has the sha256 of the block, where
 * its compressed form is, and a check of that, so that whatever a crash, a full disk or another process leaves there is a block
 * that is not found and not a wrong one. Beyond BLOCK_CACHE_BYTES_MAX it starts over. Nothing here fails: without the files
 * there is nothing in the cache, and nothing is kept.
 *
 * Several threads may use a cache, and several processes its files.
 */
#ifndef MKIMAGE_IMAGE_BLOCK_CACHE_H
#define MKIMAGE_IMAGE_BLOCK_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/mkimage/source/hash.h"

#define BLOCK_CACHE_BYTES_MAX (1ull << 30)

struct block_cache;

/* `directory` is made where it is missing; NULL: there is no cache. `name` stands for the algorithm, its version and its level. */
struct block_cache *block_cache_open(const char *directory, const char *name);
void block_cache_close(struct block_cache *cache);

/* The key of a block: its sha256. */
struct block_sum {
	unsigned char bytes[HASH_SUM_BYTES];
};

void block_sum(const void *block, size_t length, struct block_sum *sum);

/*
 * Gives the compressed form of a block: its length, 0 for one that gets no smaller, -1 when it is not there or has more
 * than `max` bytes.
 */
long block_cache_find(struct block_cache *cache, const struct block_sum *sum, void *data, size_t max);

/* Keeps it; `length` 0 for one that gets no smaller. */
void block_cache_add(struct block_cache *cache, const struct block_sum *sum, const void *data, size_t length);

#endif
