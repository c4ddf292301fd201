/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and SHA-512 through libcrypto, as digests of the OCI image-spec. */
#ifndef MKIMAGE_SOURCE_HASH_H
#define MKIMAGE_SOURCE_HASH_H

#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"

struct hash;

/* `algorithm` is "sha256" or "sha512". Ends through arena_out_of_memory when memory is out. */
struct hash *hash_new(const char *algorithm);
void hash_add(struct hash *hash, const void *data, size_t length);

/* All of a regular file, from its beginning; its offset stays. Where that fails the cause is in errno. */
int hash_add_file(struct hash *hash, int fd);

/* Gives the digest and frees the hash. */
void hash_finish(struct hash *hash, struct digest *digest);

/* The same for sha256, as the bytes themselves. */
#define HASH_SUM_BYTES 32
void hash_finish_sum(struct hash *hash, unsigned char sum[HASH_SUM_BYTES]);

/* Frees one that was not finished; NULL is fine. */
void hash_free(struct hash *hash);

/* The sha256 of bytes at hand. */
void hash_bytes(const void *data, size_t length, struct digest *digest);

/* The same, likewise. */
void hash_sum(const void *data, size_t length, unsigned char sum[HASH_SUM_BYTES]);

#endif
