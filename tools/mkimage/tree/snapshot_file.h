/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the snapshots: what is in the file, in the order of this machine. Contents from its beginning; then the list: the
 * stamp with a NUL, how many contents, a struct spool_content for each (offsets in the file, ascending), how many nodes, and the nodes as tree_walk()
 * has them; then the trailer. A node is its path with a NUL, a struct snapshot_node, what that says follows, and each xattr: its
 * name with a NUL, its length as uint64_t, its value.
 */
#ifndef MKIMAGE_TREE_SNAPSHOT_FILE_H
#define MKIMAGE_TREE_SNAPSHOT_FILE_H

#include <stdint.h>

#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/tree/tree.h"

struct snapshot_node {
	uint32_t mode, uid, gid, rdev_major, rdev_minor, xattrs;
	uint16_t origin;		/* 1: that of the tree; 0: none */
	uint16_t is_link;		/* to a node before, whose path follows */
	uint32_t content;		/* of regular files: which; for those with a size */
	int64_t mtime;
	uint64_t size;
	/* Symlinks: the target follows. */
};

struct snapshot_trailer {
	uint64_t list_offset, list_length;
	unsigned char list_sum[HASH_SUM_BYTES];
};

#define SNAPSHOT_LIST_BYTES_MAX (512u << 20)

/* The directory of a cache they are in, and the path of the one for a key and a tree with or without origins; both to be freed. */
char *snapshot_directory(const char *cache);
char *snapshot_path(const char *directory, const char *key, const struct tree *tree);

#endif
