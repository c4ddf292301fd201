/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the tree: the contents of regular files, each distinct one once, in an
 * unlinked temporary file that several trees may share.
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

/* Bytes read at an offset of the spool; fewer than asked for is an error. */
int spool_read(const struct spool *spool, uint64_t offset, void *data, size_t length, struct error *err);

/* Ends a writer (tree_spool_begin) whether or not it fails; gives where its contents are. */
int spool_finish(struct tree_spool *writer, uint64_t *offset, struct error *err);

#endif
