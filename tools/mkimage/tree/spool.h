/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the tree: the contents of regular files, each distinct one once, in an
 * unlinked temporary file that several trees may share.
 *
 * Parts of it may be in other files: those of a snapshot (snapshot.h), read or just being written. Offsets go over all of them.
 */
#ifndef MKIMAGE_TREE_SPOOL_H
#define MKIMAGE_TREE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct spool;
struct tree_spool;

/* `directory` as in tree_open. Begins with one holder. */
int spool_open(const char *directory, struct spool **spool, struct error *err);
struct spool *spool_share(struct spool *spool);
void spool_close(struct spool *spool);	/* the last holder frees it */

/* A content: its sha256, how many bytes, where. */
#define SPOOL_SUM_BYTES 32
struct spool_content {
	unsigned char sum[SPOOL_SUM_BYTES];
	uint64_t size, offset;
};

/*
 * Until spool_divert_end() what is new goes into `fd`, an empty regular file, which the spool closes at its end; no more once
 * there are `max` bytes in it. Gives the offset that its first byte has. One at a time, and not while a content is on its way.
 */
uint64_t spool_divert(struct spool *spool, int fd, const char *directory, uint64_t max);
uint64_t spool_divert_end(struct spool *spool); /* how many bytes of contents are in it */

/*
 * Contents of a file, whose offsets there are in order: gives each the offset it has in the spool from now on, which is that of
 * an older one where there is one. They are checked when they are first read; when one is damaged, that is an error, and the file,
 * at `path`, is removed. The spool closes `fd` in any case.
 */
void spool_attach(struct spool *spool, int fd, const char *path, struct spool_content *contents, size_t count);

/* All contents, in no order; valid until the next one comes. */
const struct spool_content *spool_contents(const struct spool *spool, size_t *count);

/* Bytes read at an offset of the spool; fewer than asked for is an error. */
int spool_read(const struct spool *spool, uint64_t offset, void *data, size_t length, struct error *err);

/* Ends a writer (tree_spool_begin) whether or not it fails; gives where its contents are. */
int spool_finish(struct tree_spool *writer, uint64_t *offset, struct error *err);

#endif
